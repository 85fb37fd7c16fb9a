"""Filling absent fields of a typed manifest from nested tables; what the user wrote always wins.

A table is a mapping of attribute names to values; a mapping as value fills the model below, which is made when it is
absent. Pure except that it changes the models it is given: callers work on copies.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel

Table: TypeAlias = Mapping[str, Any]


def fill(model: BaseModel, table: Table) -> None:
    """Set every absent (None) field that the table has a value for; None in the table means no default."""
    for attribute, value in table.items():
        if isinstance(value, Mapping) and (kind := _model_of(type(model), attribute)):
            if not isinstance(getattr(model, attribute), BaseModel):
                setattr(model, attribute, kind.model_construct())
            fill(getattr(model, attribute), value)
        elif value is not None and getattr(model, attribute) is None:
            setattr(model, attribute, _typed(type(model), attribute, value))


def child(model: BaseModel, attribute: str) -> Any:
    """The model below, made when it is absent."""
    fill(model, {attribute: {}})
    return getattr(model, attribute)


@lru_cache(maxsize=4096)
def _classes(model: type[BaseModel], attribute: str) -> tuple[type, ...]:
    """The classes a field's type is made of, without lists, optionals and annotations."""
    return tuple(_flat(model.model_fields[attribute].annotation))


def _flat(annotation: Any) -> list[type]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _flat(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [kind for part in get_args(annotation) for kind in _flat(part)]
    return [annotation] if isinstance(annotation, type) else []


def _model_of(model: type[BaseModel], attribute: str) -> type[BaseModel] | None:
    return next((kind for kind in _classes(model, attribute) if issubclass(kind, BaseModel)), None)


def _typed(model: type[BaseModel], attribute: str, value: Any) -> Any:
    """A plain value as the field's enum, if it has one."""
    kind = next((kind for kind in _classes(model, attribute) if issubclass(kind, Enum)), None)
    return kind(value) if kind and not isinstance(value, kind) else value
