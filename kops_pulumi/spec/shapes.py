"""What a field may hold, read from its annotation: a model, a list, a map, a text. Guides the walk over a document."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from kops_pulumi.spec.base import SpecModel


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be; a value that is none of it is left for pydantic to refuse."""

    model: type[SpecModel] | None = None
    items: "Shape | None" = None
    values: "Shape | None" = None
    text: bool = False
    """Only text will do, so a plain `1.30` or `true` means its source text."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """A field by its YAML key."""

    shape: Shape
    replacement: str | None
    """Set on deprecated fields: what takes their place."""


@cache
def fields(model: type[SpecModel]) -> Mapping[str, FieldShape]:
    """A model's fields by YAML key."""
    return {
        info.alias or name: FieldShape(_shape(info.annotation), _replacement(info.json_schema_extra))
        for name, info in model.__pydantic_fields__.items()
    }


@cache
def home_of(model: type[SpecModel], key: str, depth: int = 3) -> tuple[str, ...] | None:
    """The path of the nearest living field named `key` somewhere below a model, breadth first."""
    level: list[tuple[tuple[str, ...], type[SpecModel]]] = [((), model)]
    for _ in range(depth):
        for path, owner in level:
            found = fields(owner).get(key)
            if found is not None and found.replacement is None:
                return (*path, key)
        level = [
            ((*path, name), field.shape.model)
            for path, owner in level
            for name, field in fields(owner).items()
            if field.shape.model is not None and field.replacement is None
        ]
    return None


def _replacement(extra: Any) -> str | None:
    return extra.get("x-kops-replacement") if isinstance(extra, dict) else None


def _shape(annotation: Any) -> Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        return _union([_shape(argument) for argument in arguments if argument is not type(None)], arguments)
    if origin is Literal:
        return Shape(text=all(isinstance(value, str) for value in arguments))
    if origin is not None:
        inner = _shape(arguments[-1] if origin is dict else arguments[0])
        return inner if origin is Annotated else Shape(items=inner) if origin is list else Shape(values=inner)
    if isinstance(annotation, type) and issubclass(annotation, SpecModel):
        return Shape(model=annotation)
    return Shape(text=annotation is str)


def _union(shapes: list[Shape], arguments: tuple[Any, ...]) -> Shape:
    if len(shapes) == 1:
        return shapes[0]
    return Shape(
        model=next((shape.model for shape in shapes if shape.model), None),
        text=any(shape.text for shape in shapes) and not {int, float, bool} & set(arguments),
    )
