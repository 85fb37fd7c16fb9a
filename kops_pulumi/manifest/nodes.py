"""A document as read: values with their places and their source text. No YAML here, and no meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kops_pulumi.errors import KeyPath, Location

Scalar: TypeAlias = str | int | float | bool | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {
    word: value for value, text in ((True, "true"), (False, "false")) for word in (text, text.title(), text.upper())
}
_INT = re.compile(r"[-+]?[0-9]{1,400}|0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one entry of a collection is written: offsets into its file."""

    place: Location
    """The key's place; for an item of a list, the item's."""
    key_start: int
    key_end: int
    start: int
    """First character of the value (an anchor or alias included)."""
    end: int
    """Behind the last character of its contents: comments and blank lines after it do not count."""
    alias: bool = False


@dataclass(slots=True)
class Node:
    """One value: a scalar, a mapping or a list. Aliases share nodes, so keys are kept by the mapping, not the value."""

    value: Scalar | dict[str, Node] | list[Node]
    place: Location | None = None
    """Where the value begins; None for data that came from no file."""
    text: str | None = None
    """A scalar's source text: `1.30` although the value is 1.3."""
    start: int = 0
    """Offset of the value's first character in its file."""
    end: int = 0
    """Offset behind its last one; meaningless for block collections."""
    style: str = ""
    """`'`, `"`, `|` or `>` of a scalar, `{` or `[` of a flow collection; empty for plain and block ones."""
    entries: dict[str | int, Entry] = field(default_factory=dict)
    """Where a collection's own entries are written. Those merged in with `<<` are not here."""

    @property
    def mapping(self) -> dict[str, Node] | None:
        """The entries of a mapping, else None."""
        return self.value if isinstance(self.value, dict) else None

    @property
    def items(self) -> list[Node] | None:
        """The items of a list, else None."""
        return self.value if isinstance(self.value, list) else None

    def plain(self) -> Any:
        """The value as plain Python data; shares nothing with the tree."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def child(self, key: str | int) -> Node | None:
        """The entry or item of that key, if there is one."""
        if isinstance(self.value, dict):
            return self.value.get(key) if isinstance(key, str) else None
        if isinstance(self.value, list) and isinstance(key, int):
            return self.value[key] if 0 <= key < len(self.value) else None
        return None

    def locate(self, path: KeyPath, *, key: bool = False) -> Location | None:
        """Where the value of `path` stands: a scalar itself, a collection's key; the nearest
        ancestor when it is absent.

        `key=True` asks for the key even of a scalar.
        """
        node, place = self, self.place
        for step in path:
            child = node.child(step)
            if child is None:
                return place
            entry = node.entries.get(step)
            wants_key = key or isinstance(child.value, (dict, list))
            place = entry.place if entry and isinstance(step, str) and wants_key else child.place
            node = child
        return place


def resolve(text: str) -> Scalar:
    """The value of a plain scalar by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if text in _NULL:
        return None
    if text[0] not in "-+.0123456789":
        return _BOOL.get(text, text)
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if _FLOAT.fullmatch(text) or _SPECIAL.fullmatch(text):
        return float(text if text[-1].isdigit() or text[-1] == "." else text.replace(".", ""))
    return text


def of_data(data: Any) -> Node:
    """Plain Python data as a tree without places."""
    if isinstance(data, dict):
        return Node({str(key): of_data(value) for key, value in data.items()})
    if isinstance(data, (list, tuple)):
        return Node([of_data(value) for value in data])
    if data is None or isinstance(data, (str, bool, int, float)):
        return Node(data, text=scalar_text(data))
    return Node(str(data), text=str(data))


def scalar_text(value: Scalar) -> str:
    """How a scalar would stand in a file."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
