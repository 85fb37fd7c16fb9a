"""base ⊕ environment: overlays laid over documents, each value keeping the place it came from.

Documents match by kind and name (an overlay's Cluster may leave its name out). Mappings merge key by key; lists of
objects with a `name` merge by name; other lists and scalars are replaced; null deletes a key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from kops_pulumi.errors import Finding
from kops_pulumi.manifest.nodes import Entry, Node

_Identity: TypeAlias = tuple[str, ...]
_OWN_KINDS = frozenset({"Cluster", "InstanceGroup", "Keyset", "SSHCredential"})


def merge_documents(base: list[Node], layer: list[Node]) -> tuple[list[Node], list[Finding]]:
    """The base's documents with the overlay's laid over them; documents that the base lacks are added."""
    merged, findings = list(base), list[Finding]()
    for document in layer:
        index = next((i for i, candidate in enumerate(merged) if _matches(document, candidate)), None)
        if index is not None:
            merged[index] = merge(merged[index], document)
        elif _text(document, "kind") == "Cluster" and base:
            message = f"there is no Cluster named {_name(document)!r} to lay this over"
            findings.append(Finding(("metadata", "name"), message, "leave the name out", location=document.place))
        else:
            merged.append(document)
    return merged, findings


def merge(base: Node, layer: Node) -> Node:
    """One value with another laid over it; neither is changed."""
    if isinstance(base.value, dict) and isinstance(layer.value, dict):
        return _merge_mappings(base, layer, base.value, layer.value)
    if isinstance(base.value, list) and isinstance(layer.value, list) and _named(base.value) and _named(layer.value):
        return _merge_named(base, base.value, layer.value)
    return layer


def _merge_mappings(base: Node, layer: Node, old: dict[str, Node], new: dict[str, Node]) -> Node:
    entries = {
        key: merge(old[key], new[key]) if key in old and key in new else new.get(key) or old[key]
        for key in [*old, *(key for key in new if key not in old)]
        if key not in new or new[key].value is not None
    }
    written = base.entries | layer.entries
    merged: dict[str | int, Entry] = {
        key: base.entries[key] for key, value in entries.items() if key in base.entries and value is not new.get(key)
    }
    return replace(base, value=entries, entries={**written, **merged})


def _merge_named(base: Node, old: list[Node], new: list[Node]) -> Node:
    changes = {_text(item, "name"): item for item in new}
    kept = [merge(item, changes.pop(_text(item, "name"))) if _text(item, "name") in changes else item for item in old]
    return replace(base, value=[*kept, *changes.values()], entries={})


def _named(items: list[Node]) -> bool:
    names = [_text(item, "name") for item in items]
    return bool(names) and all(names) and len(set(names)) == len(names)


def _matches(layer: Node, base: Node) -> bool:
    if _text(layer, "kind") == _text(base, "kind") == "Cluster" and not _name(layer):
        return True
    return _identity(layer) == _identity(base)


def _identity(node: Node) -> _Identity:
    kind = _text(node, "kind")
    if kind in _OWN_KINDS:
        return kind, _name(node)
    metadata = node.child("metadata")
    namespace = _text(metadata, "namespace") if metadata else ""
    return kind, _text(node, "apiVersion"), namespace, _name(node)


def _name(node: Node) -> str:
    metadata = node.child("metadata")
    return _text(metadata, "name") if metadata else ""


def _text(node: Node, key: str) -> str:
    child = node.child(key)
    return child.text or "" if child is not None else ""
