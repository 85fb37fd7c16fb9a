"""`PATH=VALUE` of `set`, `--set` and `unset`: kops's paths, understood by the models' fields.

    spec.kubelet.maxPods=200              a field; what is missing on the way is made
    spec.sshAccess=192.0.2.0/24,…         texts join a list, as in kops; those that are in it already do not again
    spec.sshAccess=[192.0.2.0/24]         YAML in brackets is the whole value
    spec.etcdClusters[*].version=3.6.7    every item; [0] is one by place, [main] by name; `.*.` is the same as `[*]`
    spec.nodeLabels["example.com/x"]=y    a key with dots

A path may begin with `cluster.` or `instancegroup.`. Everything unknown is a finding with what was probably meant. This
module only says which values go where: who writes them is the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kops_pulumi import manifest
from kops_pulumi.errors import Finding, KeyPath, ManifestError, errors_in
from kops_pulumi.manifest.nodes import resolve
from kops_pulumi.spec import shapes
from kops_pulumi.spec.base import SpecModel
from kops_pulumi.spec.kinds import MODELS
from kops_pulumi.spec.messages import did_you_mean
from kops_pulumi.spec.shapes import Shape

_PREFIXES = {"Cluster": ("cluster.",), "InstanceGroup": ("instancegroup.", "instanceGroup.", "ig.")}
_STEP = re.compile(r"""\.?([^.\[\]=\s"']+)|\[\s*(?:"([^"]*)"|'([^']*)'|([^\]\s"'=]+))\s*\]""")
_ALL = "*"
_FIXED = (("apiVersion",), ("kind",), ("metadata", "name"))
"""What says which document it is: another value would be another document."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One value and its place."""

    path: KeyPath
    value: Any


@dataclass(frozen=True, slots=True)
class _Place:
    path: KeyPath
    value: Any
    """What is there; None when nothing is."""
    shape: Shape


def assignments(text: str, kind: str, data: Mapping[str, Any]) -> list[Assignment]:
    """What `PATH=VALUE` sets in a document that says `data`; ManifestError when it cannot be."""
    written, equals, value = _parts(text)
    if not equals:
        raise _wrong((), f"{text!r} has no value", "write it as spec.field=value")
    path = _steps(written, kind)
    return [Assignment(place.path, _value(value, place)) for place in _places(path, kind, data)]


def removals(text: str, kind: str, data: Mapping[str, Any]) -> list[KeyPath]:
    """The paths that `PATH` takes away, those of later items first; none when they are absent."""
    written, equals, _ = _parts(text)
    if equals:
        raise _wrong((), f"{text!r} has a value", "name only the field that is to go")
    path = _steps(written, kind)
    found = [place.path for place in _places(path, kind, data) if place.value is not None]
    return sorted(found, key=lambda steps: [step if isinstance(step, int) else -1 for step in steps], reverse=True)


def assigned(data: dict[str, Any], assignment: Assignment) -> dict[str, Any]:
    """The data with one value in its place, for documents that are no text yet."""
    changed: dict[str, Any] = _with(data, assignment.path, assignment.value)
    return changed


def removed(data: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    """The data without the value at a path, which is there."""
    changed: dict[str, Any] = _without(data, path)
    return changed


def _without(data: Any, path: KeyPath) -> Any:
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        inner = [_without(data[key], rest)] if rest else []
        return [*data[:key], *inner, *data[key + 1 :]]
    if rest:
        return {**data, key: _without(data[key], rest)}
    return {name: value for name, value in data.items() if name != key}


def holds(data: Mapping[str, Any], assignment: Assignment) -> bool:
    """Whether the data has that value there already."""
    place: Any = data
    for step in assignment.path:
        if isinstance(step, int):
            place = place[step] if isinstance(place, list) and step < len(place) else None
        else:
            place = _get(place, step)
    return type(place) is type(assignment.value) and bool(place == assignment.value)


def _with(data: Any, path: KeyPath, value: Any) -> Any:
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        items = list(data or ())
        items[key : key + 1] = [_with(items[key] if key < len(items) else None, rest, value)]
        return items
    entries = dict(data or {})
    return {**entries, key: _with(entries.get(key), rest, value)}


def _parts(text: str) -> tuple[str, str, str]:
    """Path, `=` and value; an `=` in brackets belongs to a key."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == "=" and depth <= 0:
            return text[:at].strip(), "=", text[at + 1 :].strip()
    return text.strip(), "", ""


def _steps(text: str, kind: str) -> list[str]:
    bare = next((text.removeprefix(p) for p in _PREFIXES.get(kind, ()) if text.startswith(p)), text)
    steps, at = list[str](), 0
    while at < len(bare):
        match = _STEP.match(bare, at)
        if match is None or (match[1] and bool(steps) != bare.startswith(".", at)):
            break
        steps.append(next(group for group in match.groups() if group is not None))
        at = match.end()
    if at < len(bare) or not steps:
        raise _wrong((), f"{text!r} is no path", "write it as spec.field, spec.list[0].field or spec.map[key]")
    return steps


def _places(steps: list[str], kind: str, data: Mapping[str, Any]) -> list[_Place]:
    """Where a path leads; several places when it has a `*`."""
    found = [_Place((), data, Shape(model=MODELS[kind]))]
    for step in steps:
        found = [below for place in found for below in _below(place, step, kind)]
    if not found:
        raise _wrong((), f"{'.'.join(steps)} leads nowhere: the list has no items", "name an item with [0]")
    for place in found:
        if place.path in _FIXED:
            raise _wrong(place.path, "says which document this is, and cannot be changed", None)
    return found


def _below(place: _Place, step: str, kind: str) -> Iterator[_Place]:
    shape, path = place.shape, place.path
    if shape.items is not None or isinstance(place.value, list):
        yield from _items(place, step)
    elif shape.model is not None:
        field = shapes.fields(shape.model).get(step)
        if field is None:
            raise _unknown(shape.model, path, step, kind)
        yield _Place((*path, step), _get(place.value, step), field.shape)
    elif shape.values is not None or shape == Shape():
        yield _Place((*path, step), _get(place.value, step), shape.values or Shape())
    else:
        raise _wrong((*path, step), f"{Finding(path, '').dotted} is a value and has no fields", None)


def _items(place: _Place, step: str) -> Iterator[_Place]:
    items = place.value if isinstance(place.value, list) else []
    inner = place.shape.items or Shape()
    if step == _ALL:
        yield from (_Place((*place.path, index), item, inner) for index, item in enumerate(items))
        return
    named = [index for index, item in enumerate(items) if isinstance(item, dict) and item.get("name") == step]
    index = named[0] if named else int(step) if step.isascii() and step.isdigit() and len(step) < 9 else None
    if index is None or index > len(items):
        names = [str(item["name"]) for item in items if isinstance(item, dict) and "name" in item]
        there = f"names: {', '.join(names)}" if names else f"it has {len(items)} items, counted from 0"
        raise _wrong(place.path, f"there is no item {step}", there)
    yield _Place((*place.path, index), items[index] if index < len(items) else None, inner)


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _unknown(model: type[SpecModel], path: KeyPath, step: str, kind: str) -> ManifestError:
    living = [name for name, field in shapes.fields(model).items() if not field.replacement]
    guess = did_you_mean(step, living)
    home = shapes.home_of(MODELS[kind], step, depth=4)
    if guess is None and home is not None:
        return _wrong((*path, step), "unknown field", f"it is {Finding(home, '').dotted}")
    return _wrong((*path, step), f"unknown field{f'; did you mean {guess!r}?' if guess else ''}", None)


def _value(text: str, place: _Place) -> Any:
    """The text as a value that its place may hold; what is wrong with it is for the checks that follow."""
    shape = place.shape
    if text[:1] in {"[", "{"} and (shape.model or shape.items or shape.values or shape == Shape()):
        given = _yaml(text, place)
        joins = shape.items is not None and isinstance(given, dict)
        return [*_list(place.value), given] if joins else given
    if shape.items is not None:
        present = _list(place.value)
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return [*present, *(item for part in parts if (item := _scalar(part, shape.items)) not in present)]
    if shape.model is not None and not shape.text:
        if text:
            hint = (
                f"name a field of it, or give all of it in brackets: {Finding(place.path, '').dotted}={{field: value}}"
            )
            raise _wrong(place.path, "is a mapping", hint)
        return place.value if isinstance(place.value, Mapping) else {}
    if shape.values is not None:
        hint = f"{Finding(place.path, '').dotted}[KEY]=VALUE sets one of its entries"
        if text:
            raise _wrong(place.path, "is a mapping", hint)
        return place.value or {}
    return _scalar(text, shape)


def _scalar(text: str, shape: Shape) -> Any:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text if shape.text or not text else resolve(text)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _yaml(text: str, place: _Place) -> Any:
    from kops_pulumi.manifest import Document
    from kops_pulumi.spec.written import value_of

    loaded = manifest.loads(f"value: {text}\n", "value")
    documents: tuple[Document, ...] = loaded.documents
    node = documents[0].root.child("value") if documents else None
    if errors_in(loaded.findings) or node is None:
        raise _wrong(place.path, f"{text!r} is not YAML", "quote it for the shell: 'spec.field=[a, b]'")
    return value_of(node, place.shape)


def _wrong(path: KeyPath, message: str, hint: str | None) -> ManifestError:
    return ManifestError([Finding(path, message, hint)])
