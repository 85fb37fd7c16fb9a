"""Walking typed manifests by path: every set value with the path its user wrote, and findings put in their places.

Rules become tables of dotted attribute paths this way. Pure; used by validation and by the clouds' own rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from kops_pulumi.errors import KeyPath


def values(model: Any, dotted: str) -> Iterator[tuple[KeyPath, Any]]:
    """Every set value at a path of attribute names (`spec.subnets[].cidr`); `[]` is each item of a list or mapping."""
    yield from _walk(model, _steps(dotted), ())


@lru_cache(maxsize=2048)
def _steps(dotted: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\[\]|\w+", dotted))


def _walk(value: Any, steps: Sequence[str], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if value is None:
        return
    if not steps:
        yield path, value
    elif steps[0] == "[]":
        if isinstance(value, Mapping):
            for key in sorted(value, key=str):
                yield from _walk(value[key], steps[1:], (*path, key))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for index, item in enumerate(value):
                yield from _walk(item, steps[1:], (*path, index))
    elif isinstance(value, BaseModel) and steps[0] in type(value).model_fields:
        yield from _walk(getattr(value, steps[0]), steps[1:], (*path, key_of(type(value), steps[0])))


def key_of(model: type[BaseModel], attribute: str) -> str:
    """The manifest's key of an attribute: `network_cidr` → `networkCIDR`."""
    return model.model_fields[attribute].alias or attribute
