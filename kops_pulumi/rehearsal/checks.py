"""Inputs against an SDK's typed arguments: unknown property, wrong type, missing requirement.

`check(schema, inputs)` returns every failure at once, as (property path, reason) pairs in the engine's own form.
Values that are not known yet pass. This module must not know any resource type; rules of single types are in the
packages' tables.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kops_pulumi.rehearsal.sdk import Property, ResourceSchema, TypeExpr
from kops_pulumi.rehearsal.wire import SIGNATURE, Unknown

_SCALARS: Mapping[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
_NAMES: Mapping[str, str] = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "a boolean",
    "list": "a list",
    "map": "a map",
    "object": "an object",
}

Failure = tuple[str, str]
"""Property path and reason."""


def check(schema: ResourceSchema, inputs: Mapping[str, Any]) -> list[Failure]:
    """Every way in which the inputs do not fit the schema."""
    return list(_check_object("", schema.inputs, inputs, schema))


def _check_object(
    path: str, properties: Mapping[str, Property], value: Mapping[str, Any], schema: ResourceSchema
) -> Iterator[Failure]:
    for key, item in value.items():
        where = f"{path}.{key}" if path else key
        if key in properties:
            yield from _check_value(where, properties[key].type, item, schema)
        elif not key.startswith("__"):
            yield where, f"there is no property '{key}'{_closest(key, properties)}"
    for key, declared in properties.items():
        if declared.required and value.get(key) is None:
            yield (f"{path}.{key}" if path else key), "required property is missing"


def _check_value(  # noqa: C901 - one case a kind of type
    path: str, expected: TypeExpr, value: Any, schema: ResourceSchema
) -> Iterator[Failure]:
    if value is None or isinstance(value, Unknown) or expected == "any" or _is_special(value):
        return
    match expected:
        case ["list", inner] if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _check_value(f"{path}[{index}]", inner, item, schema)
        case ["map", inner] if isinstance(value, Mapping):
            for key, item in value.items():
                yield from _check_value(f"{path}.{key}", inner, item, schema)
        case ["object", name] if isinstance(value, Mapping):
            yield from _check_object(path, schema.objects[name], value, schema)
        case ["enum", *values] if value not in values:
            yield path, f"'{value}' is not one of the values that the SDK knows{_closest(str(value), values)}"
        case ["union", *members]:
            failures = [list(_check_value(path, member, value, schema)) for member in members]
            yield from min(failures, key=len)
        case [("list" | "map" | "object") as shape, *_]:
            yield path, f"expected {_NAMES[shape]}, got {_describe(value)}"
        case str(scalar) if not _is_scalar(scalar, value):
            yield path, f"expected {_NAMES[scalar]}, got {_describe(value)}"


def _is_scalar(scalar: str, value: Any) -> bool:
    """Strict: a number is no string and a boolean is no number, whatever a bridge might coerce."""
    if isinstance(value, bool):
        return scalar == "bool"
    return isinstance(value, _SCALARS[scalar])


def _is_special(value: Any) -> bool:
    """Assets, archives and resource references carry a signature."""
    return isinstance(value, Mapping) and SIGNATURE in value


def _describe(value: Any) -> str:
    match value:
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def _closest(key: str, known: Iterable[Any]) -> str:
    matches = difflib.get_close_matches(key, [str(item) for item in known], n=1, cutoff=0.6)
    return f"; did you mean '{matches[0]}'?" if matches else ""
