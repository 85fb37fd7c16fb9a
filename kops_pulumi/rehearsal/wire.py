"""Property bags on the wire: protobuf structs ⇄ plain Python values, with unknowns and secrets.

The engine marks unknown (computed) values with a well-known string and secrets with a signed object
(https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties.go). Whole numbers become `int`, so that
`8080` stays `8080`. This module must not know any provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark, not a password
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_MARKS: Final = frozenset(
    {
        _UNKNOWN_STRING,  # also what the Python SDK sends for everything
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown:
    """The type of `UNKNOWN`: a value that is known only once something else is deployed."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value the engine is to encrypt in its state."""

    value: Any


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A property bag as plain values; secrets are unwrapped, absent (null) properties are left out."""
    return {key: value for key, item in struct.fields.items() if (value := _decode(item)) is not None}


def _decode(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWN_MARKS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            return _decode_object(decode(value.struct_value))
        case _:
            return None


def _decode_object(plain: dict[str, Any]) -> Any:
    match plain.get(SIGNATURE):
        case mark if mark == SECRET_SIGNATURE:
            return plain.get("value")
        case mark if mark == OUTPUT_SIGNATURE:
            return plain.get("value", UNKNOWN)
        case _:
            return plain


def encode(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Plain values as a property bag; `None` is left out."""
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in values.items() if value is not None})


def _encode(value: Any) -> struct_pb2.Value:  # noqa: PLR0911 - one line a type
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case Unknown():
            return struct_pb2.Value(string_value=_UNKNOWN_STRING)
        case Secret():
            return struct_pb2.Value(struct_value=encode({SIGNATURE: SECRET_SIGNATURE, "value": value.value}))
        case Mapping():
            return struct_pb2.Value(struct_value=encode(value))
        case list() | tuple():
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encode(item) for item in value]))
        case _:
            raise TypeError(f"{type(value).__name__} cannot travel in a property bag")


def has_unknown(value: Any) -> bool:
    """Whether any part of the value is not yet known."""
    match value:
        case Unknown():
            return True
        case Mapping():
            return any(has_unknown(item) for item in value.values())
        case list() | tuple():
            return any(has_unknown(item) for item in value)
        case _:
            return False


def at(value: Any, path: str) -> Iterator[Any]:
    """Every value at a dotted path; `[]` after a key means each item: `networkInterfaces[].securityGroups[]`."""
    head, _, rest = path.partition(".")
    key, each = (head[:-2], True) if head.endswith("[]") else (head, False)
    found = value.get(key) if isinstance(value, Mapping) else None
    for item in found if each and isinstance(found, list) else [] if each else [found]:
        if item is not None:
            yield from at(item, rest) if rest else [item]
