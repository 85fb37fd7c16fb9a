"""Fixed addresses of a group's machines: lists and ranges, in the order of the machines' ordinals (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

_LONGEST = 4096
"""Addresses in one range: more is a slip of the pen."""


def parse(text: str) -> tuple[str, ...] | None:
    """Addresses of `10.0.0.11, 10.0.0.20-10.0.0.29`, in that order; None when it is no such list.

    >>> parse("10.0.0.9, 10.0.0.20-10.0.0.21")
    ('10.0.0.9', '10.0.0.20', '10.0.0.21')
    """
    try:
        return tuple(address for part in text.split(",") for address in _range(part.strip()))
    except ValueError:
        return None


def _range(part: str) -> Iterator[str]:
    first, dash, last = part.partition("-")
    start = IPv4Address(first.strip())
    end = IPv4Address(last.strip()) if dash else start
    if not 0 <= int(end) - int(start) < _LONGEST:
        raise ValueError(part)
    return (str(IPv4Address(number)) for number in range(int(start), int(end) + 1))
