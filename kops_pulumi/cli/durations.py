"""Durations as kops's users write them, in Go's way: `15m`, `1h30m`, `10s`, `500ms`."""

from __future__ import annotations

import re
from typing import Any

import click

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")


class Duration(click.ParamType):  # type: ignore[type-arg]
    """Seconds, from a text."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """`15m0s` → 900.0; a number alone means seconds."""
        if isinstance(value, int | float):
            return float(value)
        parts = _PART.findall(value)
        if parts and "".join(number + unit for number, unit in parts) == value:
            return sum(float(number) * _SECONDS[unit] for number, unit in parts)
        if not re.fullmatch(r"\d+", value):
            self.fail(f"{value!r} is not a duration like 15m or 30s", param, ctx)
        return float(value)


DURATION = Duration()
