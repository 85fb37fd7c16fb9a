"""TOML texts of nested mappings: keys sorted, the same bytes for the same data. The standard library only reads TOML.

The format: https://toml.io/en/v1.0.0. Strings, whole numbers, truth values, lists of these, and tables; nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_KEY_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^."']+))\s*(?:\.|$)""")


def dumps(data: Mapping[str, Any]) -> str:
    """The text of a mapping.

    >>> print(dumps({"version": 3, "plugins": {"io.x": {"on": True}}}), end="")
    version = 3
    <BLANKLINE>
    [plugins."io.x"]
    on = true
    """
    return "\n".join(_lines(data, ())).strip("\n") + "\n"


def path(dotted: str) -> tuple[str, ...]:
    """The parts of a dotted key, quoted ones whole.

    >>> path('plugins."io.containerd.x".registry')
    ('plugins', 'io.containerd.x', 'registry')
    """
    return tuple(next(filter(None, match.groups()), "").strip() for match in _KEY_PART.finditer(dotted))


def put(data: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Set a value deep in nested mappings, making the tables on the way."""
    *parents, last = keys
    for key in parents:
        found = data.get(key)
        if not isinstance(found, dict):
            found = data[key] = {}
        data = found
    data[last] = value


def _lines(data: Mapping[str, Any], prefix: tuple[str, ...]) -> Iterator[str]:
    plain = {key: value for key, value in data.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in data.items() if isinstance(value, Mapping)}
    if prefix and (plain or not tables):
        yield ""
        yield f"[{'.'.join(map(_key, prefix))}]"
    for key in sorted(plain):
        yield f"{_key(key)} = {_value(plain[key])}"
    for key in sorted(tables):
        yield from _lines(tables[key], (*prefix, key))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but TOML wants DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
