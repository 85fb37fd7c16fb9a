"""What a document says, as plain data: scalars by what their field holds, so that a plain `1.30` stays "1.30".

For whoever shows or compares documents. Nothing is judged and nothing left out: unknown fields and nulls stay.
"""

from __future__ import annotations

from typing import Any

from kops_pulumi.manifest import Document
from kops_pulumi.manifest.nodes import Node
from kops_pulumi.spec import shapes
from kops_pulumi.spec.kinds import MODELS
from kops_pulumi.spec.shapes import Shape


def as_written(document: Document) -> dict[str, Any]:
    """The document's data, in its own order."""
    data: dict[str, Any] = value_of(document.root, Shape(model=MODELS.get(document.kind)))
    return data


def replacement(new: Document, old: Document) -> dict[str, Any]:
    """The data that makes `old` say what `new` says, where both write a scalar alike left as `old` has it."""
    data: dict[str, Any] = _like(as_written(new), new.root, old.root)
    return data


def value_of(node: Node, shape: Shape) -> Any:
    """One value by the shape of its place."""
    match node.value:
        case dict() as entries if shape.model is not None:
            known = shapes.fields(shape.model)
            return {
                key: value_of(child, known[key].shape if key in known else Shape()) for key, child in entries.items()
            }
        case dict() as entries:
            return {key: value_of(child, shape.values or Shape()) for key, child in entries.items()}
        case list() as items:
            return [value_of(item, shape.items or Shape()) for item in items]
        case bool() | int() | float() if shape.text:
            return node.text
    return node.plain()


def _like(value: Any, new: Node, old: Node | None) -> Any:
    """The value, but for scalars that both files spell alike: those as the old file's reader sees them."""
    if old is None:
        return value
    if new.mapping is not None:
        return {key: _like(value[key], child, old.child(key)) for key, child in new.mapping.items()}
    if new.items is not None:
        before = {_name(item): item for item in old.items or () if _name(item)}
        pairs = enumerate(new.items)
        return [_like(value[i], item, before.get(_name(item)) or old.child(i)) for i, item in pairs]
    alike = old.mapping is None and old.items is None and (new.text, _quoted(new)) == (old.text, _quoted(old))
    return old.plain() if alike else value


def _quoted(node: Node) -> bool:
    return bool(node.style)


def _name(item: Node) -> str:
    name = item.child("name")
    return name.text or "" if name is not None else ""
