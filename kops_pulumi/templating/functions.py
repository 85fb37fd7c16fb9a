"""What templates can call besides Jinja's own: filters that Helm's users know, and kops's channel helpers.

Everything works on plain values and gives texts or plain values. docs/cli/template.md has the table from kops's idioms.
"""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from kops_pulumi import clouds, manifest
from kops_pulumi.errors import KopsError
from kops_pulumi.resolve import versions

Function = Callable[..., Any]


class MissingError(KopsError):
    """`required` found nothing."""


def to_yaml(value: Any) -> str:
    """The value as YAML, without the line break at its end."""
    return manifest.dump(_plain(value)).rstrip("\n")


def from_yaml(text: str) -> Any:
    """A YAML text as a value."""
    loaded = manifest.loads(f"value:\n{nindent(text, 2)}\n" if str(text).strip() else "value: null\n", "from_yaml")
    if loaded.findings or not loaded.documents:
        raise KopsError("from_yaml: this is no YAML")
    return loaded.documents[0].data["value"]


def to_json(value: Any) -> str:
    """The value as JSON on one line, keys sorted."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def quote(value: Any) -> str:
    """The value as a text in double quotes, right for YAML."""
    return json.dumps("" if value is None else _text(value), ensure_ascii=False)


def squote(value: Any) -> str:
    """The value as a text in single quotes, right for YAML."""
    return "'" + ("" if value is None else _text(value)).replace("'", "''") + "'"


def nindent(text: Any, width: int = 2) -> str:
    """Every line moved to the right, after a line break: for what stands behind a key."""
    return "\n" + lead(text, width)


def lead(text: Any, width: int = 2) -> str:
    """Every line moved to the right, the first too (sprig's `indent`; Jinja's own leaves the first)."""
    pad = " " * max(0, min(int(width), 200))
    return "\n".join(pad + line if line else line for line in str(text).split("\n"))


def required(value: Any, message: str = "a required value is missing") -> Any:
    """The value itself; an error when it is empty."""
    if value is None or value == "":
        raise MissingError(message)
    return value


def b64encode(text: Any) -> str:
    """Base64 of a text."""
    return base64.b64encode(str(text).encode()).decode()


def b64decode(text: Any) -> str:
    """The text behind a base64."""
    return base64.b64decode(str(text), validate=True).decode()


def ternary(value: Any, yes: Any, no: Any) -> Any:
    """`yes` when the value is true, else `no`."""
    return yes if value else no


def subnet(network: str, bits: int, index: int) -> str:
    """The nth part of a network that is `bits` longer: subnet("10.0.0.0/16", 3, 1) is 10.0.32.0/19."""
    whole = ipaddress.ip_network(str(network))
    longer, place = whole.prefixlen + int(bits), int(index)
    if not whole.prefixlen <= longer <= whole.max_prefixlen or not 0 <= place < 2 ** int(bits):
        raise KopsError(f"subnet: {network} has no part {index} that is {bits} bits longer")
    size = 1 << (whole.max_prefixlen - longer)
    return f"{whole.network_address + place * size}/{longer}"


def recommended_kubernetes_version(current: str = "") -> str:
    """The newest patch that we know of a version's own minor; without one, of the newest minor."""
    if not current:
        return f"1.{versions.newest_minor()}.0"
    version = _version(current)
    return str(version) if version.minor <= versions.newest_minor() else f"1.{versions.newest_minor()}.0"


def recommended_upgrade(current: str) -> str:
    """Where a cluster may go next: the following minor while there is one, else the version itself."""
    version = _version(current)
    following = version.minor + 1
    return f"1.{following}.0" if following <= versions.newest_minor() else str(version)


def recommended_image(cloud: str = "aws", kubernetes_version: str = "", architecture: str = "amd64") -> str:
    """The image that new groups get on a cloud; exact and dated."""
    del kubernetes_version  # images do not depend on it: the machine installs its Kubernetes itself
    image = clouds.get(cloud).defaults(versions.NEWEST_DEFAULTS).image
    return image.replace("amd64", architecture) if architecture in {"amd64", "arm64"} else image


FILTERS: Mapping[str, Function] = {
    "b64decode": b64decode,
    "b64encode": b64encode,
    "from_yaml": from_yaml,
    "lead": lead,
    "nindent": nindent,
    "quote": quote,
    "required": required,
    "squote": squote,
    "subnet": subnet,
    "ternary": ternary,
    "to_json": to_json,
    "to_yaml": to_yaml,
}
FUNCTIONS: Mapping[str, Function] = {
    "ChannelRecommendedImage": recommended_image,
    "ChannelRecommendedKopsKubernetesVersion": recommended_kubernetes_version,
    "ChannelRecommendedKubernetesUpgradeVersion": recommended_upgrade,
    "recommended_image": recommended_image,
    "recommended_kubernetes_version": recommended_kubernetes_version,
    "recommended_upgrade": recommended_upgrade,
    "required": required,
    "subnet": subnet,
}
"""kops's names of the channel helpers, and ours."""


def _version(text: str) -> Any:
    found = versions.parse(str(text))
    if found is None:
        raise KopsError(f"{text!r} is no version of Kubernetes", hint="write it as 1.36.1")
    return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    """Only what YAML and JSON know; KopsError for anything else."""
    try:
        return yaml.safe_load(json.dumps(value))
    except (TypeError, ValueError) as error:
        raise KopsError(f"{type(value).__name__} cannot be written as data") from error
