"""Edits of a manifest's text that touch nothing else: comments, order, quoting and blank lines stay.

Each change is turned into splices of the text, at the offsets that reading recorded; a mapping set over a mapping
becomes the changes between the two. The result is read again and compared with what was asked for: a splice that did
something else (a value shared by an alias, say) is refused, never written. Editing what is already so gives the same
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from kops_pulumi.errors import KeyPath, KopsError, ManifestError, NotFoundError, errors_in
from kops_pulumi.manifest.dump import dump
from kops_pulumi.manifest.nodes import Entry, Node
from kops_pulumi.manifest.reader import read

_MARKER = re.compile(r"^---(?=\s|$)[^\n]*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Set:
    """Give a path a value; missing mappings on the way are made, an index one past the end appends."""

    document: str
    """`Kind/name`, or `Kind` when there is only one."""
    path: KeyPath
    value: Any


@dataclass(frozen=True, slots=True)
class Unset:
    """Take a key or an item away; nothing happens when it is absent."""

    document: str
    path: KeyPath


@dataclass(frozen=True, slots=True)
class AppendDocument:
    """Add a document at the end of the file."""

    data: dict[str, Any]
    text: str | None = None
    """The document as its author wrote it, comments included; None writes `data` out."""


@dataclass(frozen=True, slots=True)
class RemoveDocument:
    """Take a whole document away."""

    document: str


@dataclass(frozen=True, slots=True)
class ReplaceDocument:
    """Give a document another text, comments included: what somebody wrote in an editor."""

    document: str
    text: str


Edit: TypeAlias = Set | Unset | AppendDocument | RemoveDocument | ReplaceDocument

_Step: TypeAlias = tuple[KeyPath, Sequence[Any]]
"""A path with its new value, or with none to take it away."""


def edit(text: str, changes: Iterable[Edit]) -> str:
    """The text with the changes made, in order.

    Raises ManifestError when the text is not YAML, NotFoundError for a document that is not there, and KopsError for
    a change that cannot be made without touching other values.
    """
    for change in changes:
        text = _change(text, change)
    return text


def split(text: str) -> list[str]:
    """Each document's own text, comments included, without its marker; documents that hold nothing are left out.

    Raises ManifestError when the text is not YAML.
    """
    roots, findings = read(text, "manifest")
    if errors := errors_in(findings):
        raise ManifestError(errors)
    return [text[start:stop].strip("\n") + "\n" for start, stop in (_extent(text, root) for root in roots)]


def _extent(text: str, root: Node) -> tuple[int, int]:
    """Where a document's own text begins and ends, markers left out."""
    markers = list(_MARKER.finditer(text))
    start = max((marker.end() for marker in markers if marker.start() < root.start), default=0)
    return start, min((marker.start() for marker in markers if marker.start() > root.start), default=len(text))


def _change(text: str, change: Edit) -> str:
    match change:
        case AppendDocument(data, written):
            added = dump(data) if written is None else written.strip("\n") + "\n"
            return f"{text.rstrip()}\n---\n{added}" if text.strip() else added
        case RemoveDocument(document):
            return _remove(text, _root(text, document))
        case ReplaceDocument(document, written):
            start, stop = _extent(text, _root(text, document))
            return f"{text[:start]}{written.rstrip()}\n{text[stop:]}"
        case Set(document, path, value):
            return _checked(text, document, path, [value])
        case Unset(document, path):
            return _checked(text, document, path, [])


def _root(text: str, document: str) -> Node:
    roots, findings = read(text, "manifest")
    if errors := errors_in(findings):
        raise ManifestError(errors)
    kind, _, name = document.partition("/")
    for root in roots:
        found = (root.child("metadata") or root).child("name")
        if root.plain().get("kind") == kind and name in {"", (found.text or "") if found else ""}:
            return root
    raise NotFoundError(f"there is no {document} in the manifest")


def _checked(text: str, document: str, path: KeyPath, values: Sequence[Any]) -> str:
    """Set (one value) or unset (none), and prove that nothing else changed."""
    root = _root(text, document)
    wanted = _apply(root.plain(), path, values)
    for step in _steps(root, path, values):
        text = _splice(text, _root(text, document), *step)
    if not _same(_root(text, document).plain(), wanted):
        dotted = ".".join(str(step) for step in path)
        raise KopsError(f"{document}: {dotted} shares its text with other values", hint="edit the file by hand")
    return text


def _steps(root: Node, path: KeyPath, values: Sequence[Any]) -> list[_Step]:
    """The smallest changes that lead there: mappings are compared key by key, lists of one length item by item."""
    node = _at(root, path)
    if node is None:
        return [(path, values)] if values else []
    if not values:
        return [(path, values)]
    value = values[0]
    if _same(node.plain(), value):
        return []
    if node.mapping and isinstance(value, dict) and value:
        gone: list[_Step] = [((*path, key), ()) for key in node.mapping if key not in value]
        return [step for key in value for step in _steps(root, (*path, key), [value[key]])] + gone
    if node.items and isinstance(value, list):
        return _list_steps(root, path, node.items, value)
    return [(path, values)]


def _list_steps(root: Node, path: KeyPath, old: list[Node], new: list[Any]) -> list[_Step]:
    """Items are the same when they have the same name; gone ones are taken out, new ones go to the end."""
    before, after = [_identity(item.plain()) for item in old], [_identity(item) for item in new]
    kept = [index for index, identity in enumerate(before) if identity in after]
    if not kept or len({*before}) < len(before) or [before[index] for index in kept] != after[: len(kept)]:
        if len(old) != len(new):
            return [(path, [new])]
        return [step for index, item in enumerate(new) for step in _steps(root, (*path, index), [item])]
    changed = [step for at, index in enumerate(kept) for step in _steps(root, (*path, index), [new[at]])]
    gone = [((*path, index), ()) for index in reversed(range(len(old))) if index not in kept]
    added = [((*path, len(kept) + more), [item]) for more, item in enumerate(new[len(kept) :])]
    return [*changed, *gone, *added]


def _identity(item: Any) -> str:
    return f"name {item['name']!r}" if isinstance(item, dict) and "name" in item else f"{type(item)} {item!r}"


def _splice(text: str, root: Node, path: KeyPath, values: Sequence[Any]) -> str:
    """One change of the text."""
    owners = [root]
    for step in path:
        child = owners[-1].child(step)
        if child is None:
            break
        owners.append(child)
    depth = len(owners) - 1
    if depth < len(path):
        return _insert(text, root, path, depth, owners[-1], values[0])
    owner, key = owners[-2], path[-1]
    entry = owner.entries.get(key)
    if entry is None:
        raise KopsError(f"{key} comes from an anchor", hint="edit the file by hand")
    return _replace(text, owner, owners[-1], entry, values[0]) if values else _delete(text, root, path, owner, entry)


def _replace(text: str, owner: Node, node: Node, entry: Entry, value: Any) -> str:
    """Another value in the place of one; a one-line text keeps its quotes."""
    if owner.style:
        return text[: entry.start] + _flow(value) + text[entry.end :]
    one_line = not isinstance(value, (dict, list)) or not value
    rendered = dump(value).rstrip("\n") if one_line else ""
    if one_line and isinstance(value, str) and node.style in {"'", '"'} and rendered[:1] not in {"'", '"', "|"}:
        rendered = node.style + value.replace("'", "''") + node.style if node.style == "'" else f'"{value}"'
        rendered = rendered if _reads_as(rendered, value) else dump(value).rstrip("\n")
    if one_line and "\n" not in rendered:
        gap = "" if text[entry.start - 1 : entry.start] in {" ", "\n"} else " "
        if isinstance(node.value, (dict, list)) and not node.style:
            return text[: _after_colon(text, entry)] + " " + rendered + text[entry.end :]
        return text[: entry.start] + gap + rendered + text[entry.end :]
    start = _after_colon(text, entry)
    indent = _column(text, entry.key_start) if entry.key_end > entry.key_start else _column(text, entry.start) - 2
    block = _block(value, indent, in_list=entry.key_end == entry.key_start)
    return text[:start] + block + text[entry.end :]


def _insert(text: str, root: Node, path: KeyPath, depth: int, owner: Node, value: Any) -> str:
    """A new entry behind the last one of its mapping or list, with whatever mappings lie between."""
    for step in reversed(path[depth + 1 :]):
        value = {step: value} if isinstance(step, str) else [value]
    key = path[depth]
    if not owner.value or isinstance(owner.value, (str, int, float)):
        whole = {key: value} if isinstance(key, str) else [value]
        return _splice(text, root, path[:depth], [whole]) if depth else dump(whole)
    if isinstance(key, str) != isinstance(owner.value, dict) or (isinstance(key, int) and key != len(owner.value)):
        raise KopsError(f"{'.'.join(map(str, path))} does not fit what is there", hint="edit the file by hand")
    last = max(owner.entries.values(), key=lambda entry: entry.end)
    if owner.style:
        added = _flow({key: value})[1:-1] if isinstance(key, str) else _flow(value)
        return f"{text[: last.end]}, {added}{text[last.end :]}"
    if isinstance(key, str):
        indent = _column(text, last.key_start)
        line = _indented(dump({key: value}), indent)
    else:
        indent = _dash(text, last)
        line = _indented(dump([value]), indent)
    end = _line_end(text, last.end)
    return f"{text[:end]}\n{line}{text[end:]}"


def _delete(text: str, root: Node, path: KeyPath, owner: Node, entry: Entry) -> str:
    """An entry taken away with its line; the last one leaves an empty collection."""
    if len(owner.entries) == 1:
        return _splice(text, root, path[:-1], [{} if isinstance(owner.value, dict) else []]) if path[:-1] else "{}\n"
    order = sorted(owner.entries.values(), key=lambda other: other.key_start)
    index = order.index(entry)
    following = order[index + 1] if index + 1 < len(order) else None
    if owner.style:
        if following:
            return text[: entry.key_start] + text[following.key_start :]
        return text[: order[index - 1].end] + text[entry.end :]
    start = entry.key_start if entry.key_end > entry.key_start else text.rindex("-", 0, entry.start)
    line = text.rfind("\n", 0, start) + 1
    if not text[line:start].strip():
        return text[:line] + text[_line_end(text, entry.end) + 1 :]
    if following is None:
        raise KopsError("this entry shares its line with another", hint="edit the file by hand")
    stop = following.key_start if entry.key_end > entry.key_start else text.rindex("-", 0, following.start)
    return text[:start] + text[stop:]


def _remove(text: str, root: Node) -> str:
    """A document taken away with its marker."""
    markers = list(_MARKER.finditer(text))
    before = [marker for marker in markers if marker.start() < root.start]
    after = next((marker for marker in markers if marker.start() > root.start), None)
    start = before[-1].start() if before else 0
    if after is None:
        return text[:start].rstrip() + "\n" if start else ""
    return text[:start] + text[after.start() if before else after.end() :]


def _apply(data: Any, path: KeyPath, values: Sequence[Any]) -> Any:
    """What the document shall be afterwards, as plain data."""
    if not path:
        return values[0]
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        items = list(data) if isinstance(data, list) else []
        inner = _apply(items[key] if key < len(items) else None, rest, values) if rest or values else None
        return [*items[:key], *([inner] if rest or values else []), *items[key + 1 :]]
    entries = dict(data) if isinstance(data, dict) else {}
    if not values and key not in entries:
        return data
    if rest or values:
        return {**entries, key: _apply(entries.get(key), rest, values)}
    return {name: value for name, value in entries.items() if name != key}


def _same(one: Any, other: Any) -> bool:
    """Equal in value and in type: 1, True and "1" differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))  # noqa: PLR0124 - NaN


def _at(root: Node, path: KeyPath) -> Node | None:
    node: Node | None = root
    for step in path:
        node = node.child(step) if node is not None else None
    return node


def _reads_as(rendered: str, value: str) -> bool:
    roots, findings = read(f"x: {rendered}\n", "")
    return not findings and len(roots) == 1 and roots[0].plain() == {"x": value}


def _flow(value: Any) -> str:
    return dump([value], flow=True).strip()[1:-1]


def _block(value: Any, indent: int, *, in_list: bool) -> str:
    """A collection (or a long text) behind its key or dash."""
    if isinstance(value, str):
        lines = dump({"x": value}).removeprefix("x: ").rstrip("\n").split("\n")
        return " " + "\n".join([lines[0], *(" " * indent + line if line else line for line in lines[1:])])
    if in_list:
        return " " + _indented(dump(value), indent + 2).lstrip(" ")
    return "\n" + _indented(dump(value), indent + (2 if isinstance(value, dict) else 0))


def _indented(block: str, indent: int) -> str:
    return "\n".join(" " * indent + line if line else line for line in block.rstrip("\n").split("\n"))


def _after_colon(text: str, entry: Entry) -> int:
    """Behind the colon of a key, or behind the dash of an item."""
    if entry.key_end > entry.key_start:
        return text.index(":", entry.key_end) + 1
    return text.rindex("-", 0, entry.start) + 1


def _dash(text: str, entry: Entry) -> int:
    return _column(text, text.rindex("-", 0, entry.start))


def _column(text: str, offset: int) -> int:
    return offset - (text.rfind("\n", 0, offset) + 1)


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end
