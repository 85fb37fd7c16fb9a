"""What changed between old and new inputs, and what of it makes a new object.

Pure: two property bags in, a `Diff` of property paths out. Unknown new values count as changed, as they do for the real
providers. This module must not know the wire format of the engine's answer (that is `provider.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Change(StrEnum):
    """What became of a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed property path, in the engine's syntax: `tags.Name`, `ingress[0].fromPort`, `tags["a.b/c"]`."""

    path: str
    change: Change
    replaces: bool


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences between two sets of inputs."""

    differences: tuple[Difference, ...]

    @property
    def changed(self) -> tuple[str, ...]:
        """Changed top-level properties."""
        return tuple(dict.fromkeys(_top(d.path) for d in self.differences))

    @property
    def replaces(self) -> tuple[str, ...]:
        """Top-level properties that make a new object."""
        return tuple(dict.fromkeys(_top(d.path) for d in self.differences if d.replaces))


def diff(old: Mapping[str, Any], new: Mapping[str, Any], replaces: frozenset[str]) -> Diff:
    """Compare old and new inputs; `replaces` names top-level properties (or dotted paths) that force a new object."""
    return Diff(
        tuple(
            Difference(path, change, _forces(path, replaces))
            for path, change in _compare("", old, new)
            if not path.startswith("__")
        )
    )


def _compare(path: str, old: Any, new: Any) -> Iterator[tuple[str, Change]]:
    match old, new:
        case Mapping(), Mapping():
            for key in sorted({*old, *new}):
                yield from _compare_item(_join(path, key), old.get(key), new.get(key))
        case list(), list():
            for index in range(max(len(old), len(new))):
                before, after = (side[index] if index < len(side) else None for side in (old, new))
                yield from _compare_item(f"{path}[{index}]", before, after)
        case _:
            if type(old) is not type(new) or old != new:
                yield path, Change.UPDATE


def _compare_item(path: str, old: Any, new: Any) -> Iterator[tuple[str, Change]]:
    if old is None and new is None:
        return
    if old is None:
        yield path, Change.ADD
    elif new is None:
        yield path, Change.DELETE
    else:
        yield from _compare(path, old, new)


def _join(path: str, key: str) -> str:
    part = key if re.fullmatch(r"[A-Za-z_$][\w$]*", key) else f'["{key}"]'
    return f"{path}{part}" if part.startswith("[") or not path else f"{path}.{part}"


def _top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _forces(path: str, replaces: frozenset[str]) -> bool:
    plain = re.sub(r"\[\d+\]", "", path)
    return any(plain == name or plain.startswith((f"{name}.", f"{name}[")) for name in replaces)
