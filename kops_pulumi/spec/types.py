"""Scalar types of the API: text with a checked syntax, and whole numbers with bounds.

Values stay as written (a quantity is kept as "100Mi"), so that a manifest round-trips. Each check raises one
sentence that ends a line `path: …` and never names a Python type.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, Strict
from pydantic_core import PydanticCustomError

NUMBER_LIKE = "x-kops-number-like"
"""Marks text that may stand unquoted as a number, such as a quantity of 1."""

Bool = Annotated[bool, Strict()]
Int = Annotated[int, Strict()]
Count = Annotated[int, Strict(), Field(ge=0)]
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
Percent = Annotated[int, Strict(), Field(ge=0, le=100)]

_QUANTITY = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?")
_DURATION = re.compile(r"0|-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+")
_VERSION = re.compile(r"v?\d+\.\d+(\.\d+)?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_PREFIX_LIST = re.compile(r"pl-[0-9a-f]+")
_IPV6_SLICE = re.compile(r"/(\d{1,3})#[0-9a-f]+")
_PORT_RANGE = re.compile(r"(\d{1,5})-(\d{1,5})")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ARN = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]*:[a-z0-9-]*:[0-9a-z]*:.+")


def bad(message: str, hint: str = "") -> PydanticCustomError:
    """A failed check: our own words, with an optional way out."""
    return PydanticCustomError("kops", "{message}", {"message": message, "hint": hint})


def _matching(pattern: re.Pattern[str], message: str, hint: str) -> AfterValidator:
    def check(value: str) -> str:
        if pattern.fullmatch(value):
            return value
        raise bad(message.format(value), hint)

    return AfterValidator(check)


def _schema(pattern: re.Pattern[str], *, number_like: bool = False) -> Any:
    """What the JSON Schema says about the syntax."""
    return Field(
        json_schema_extra={"pattern": f"^({pattern.pattern})$", **({NUMBER_LIKE: True} if number_like else {})}
    )


def _cidr(value: str) -> str:
    """A network in CIDR notation with no host bits (https://www.rfc-editor.org/rfc/rfc4632)."""
    if "/" not in value:
        raise bad(f"must be a CIDR such as 172.20.0.0/16, not {value!r}", "add the prefix length")
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError as error:
        raise bad(f"must be a CIDR such as 172.20.0.0/16, not {value!r}") from error
    if ipaddress.ip_interface(value).ip != network.network_address:
        raise bad(f"{value!r} has address bits beyond its prefix", f"did you mean {network}?")
    return value


def _ipv6_block(value: str) -> str:
    slice_of_block = _IPV6_SLICE.fullmatch(value)
    if slice_of_block and int(slice_of_block[1]) <= 128:
        return value
    if ":" not in value:
        raise bad(f"must be an IPv6 CIDR, or a slice of the network's block such as /64#1, not {value!r}")
    return _cidr(value)


def _source(value: str) -> str:
    if _PREFIX_LIST.fullmatch(value):
        return value
    if "/" not in value:
        raise bad(
            f"must be a CIDR such as 203.0.113.0/24 or a prefix list pl-…, not {value!r}", "add the prefix length"
        )
    return _cidr(value)


def _address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError as error:
        raise bad(f"must be an IP address, not {value!r}") from error
    return value


def _release(value: str) -> str:
    if "://" in value or value.startswith("/") or _VERSION.fullmatch(value):
        return value
    raise bad(f"must be a version such as 1.36.2, or the URL of a build, not {value!r}")


def _port_range(value: str) -> str:
    ports = _PORT_RANGE.fullmatch(value)
    if not ports or not 0 < int(ports[1]) <= int(ports[2]) <= 65535:
        raise bad(f"must be a range of ports such as 30000-32767, not {value!r}")
    return value


def _plain(*kinds: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)):
            return value
        raise bad("must be a single value, not a list or a mapping")

    return check


def _int_or_percent(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d+%?", value):
        return value
    raise bad(f"must be a number of machines or a percentage such as 25%, not {value!r}")


Cidr = Annotated[str, AfterValidator(_cidr)]
"""IPv4 or IPv6 network without host bits."""
Ipv6Block = Annotated[str, AfterValidator(_ipv6_block)]
"""IPv6 network, or `/64#1`: the second /64 of the network's own block."""
Source = Annotated[str, AfterValidator(_source)]
"""Where traffic may come from: a CIDR or an AWS prefix list."""
Address = Annotated[str, AfterValidator(_address)]
Quantity = Annotated[
    str,
    _matching(_QUANTITY, "must be a quantity such as 100m or 512Mi, not {!r}", "Kubernetes units: m, k, M, Gi …"),
    _schema(_QUANTITY, number_like=True),
]
"""Kubernetes quantity, as written."""
Duration = Annotated[
    str,
    _matching(_DURATION, "must be a duration such as 90s or 1h30m, not {!r}", "add the unit"),
    _schema(_DURATION),
]
"""Go duration, as written."""
Version = Annotated[
    str,
    _matching(_VERSION, "must be a version such as 1.36.2, not {!r}", ""),
    _schema(_VERSION, number_like=True),
]
Release = Annotated[str, AfterValidator(_release), Field(json_schema_extra={NUMBER_LIKE: True})]
"""Version with or without `v`, or the address of a build."""
PortRange = Annotated[str, AfterValidator(_port_range), _schema(_PORT_RANGE)]
Sha256 = Annotated[
    str, _matching(_SHA256, "must be a SHA-256 digest, 64 hexadecimal digits, not {!r}", ""), _schema(_SHA256)
]
Arn = Annotated[
    str, _matching(_ARN, "must be an ARN (arn:partition:service:region:account:resource), not {!r}", ""), _schema(_ARN)
]
IntOrPercent = Annotated[int | str, PlainValidator(_int_or_percent, json_schema_input_type=int | str)]
"""A number of machines, or a share of the group: 2 or "25%"."""
Scalar = Annotated[
    str | int | float | bool,
    PlainValidator(_plain(str, int, float, bool), json_schema_input_type=str | int | float | bool),
]
Labels = dict[str, str]
"""Free keys and text values (labels, annotations, tags, feature gates)."""
