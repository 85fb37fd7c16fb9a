"""Which providers a configuration needs, and their blocks.

Versions are the ones whose names the installed Pulumi providers are bridged from, or the first with what we use.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kops_pulumi.terraform.resources import Body, Writer
from kops_pulumi.terraform.spelling import snake
from kops_pulumi.testing import Registered

TERRAFORM: Final = ">= 1.3.0"
"""`one`, `cidrsubnet`, `base64gzip`, `templatefile`, and required_providers as objects."""

_SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "aws": ("hashicorp/aws", ">= 6.0.0"),
    "external": ("hashicorp/external", ">= 2.3.0"),
    "google": ("hashicorp/google", ">= 7.0.0"),
    "helm": ("hashicorp/helm", ">= 3.0.0"),
    "kubernetes": ("hashicorp/kubernetes", ">= 2.35.0"),
    "openstack": ("terraform-provider-openstack/openstack", ">= 3.0.0"),
    "random": ("hashicorp/random", ">= 3.6.0"),
    "tls": ("hashicorp/tls", ">= 4.0.0"),
    "vsphere": ("vmware/vsphere", ">= 2.10.0"),
}
_NAMES: Final[Mapping[str, str]] = {"gcp": "google"}
_DEFAULTS: Final = {"skipCredentialsValidation": "false", "skipRegionValidation": "true"}
"""What the Pulumi SDK adds by itself."""


@dataclass(frozen=True, slots=True)
class Extra:
    """`spec.target.terraform` of the manifest."""

    provider: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Settings of a second provider block, for files in the object store; empty: they use the first."""


def required(types: Collection[str]) -> Body:
    """The `terraform` block for resources of these types."""
    names = sorted({type_.partition("_")[0] for type_ in types})
    wanted = {name: dict(zip(("source", "version"), _SOURCES[name], strict=True)) for name in names}
    return {"required_version": TERRAFORM, "required_providers": wanted}


def block(resource: Registered, writer: Writer, extra: Extra) -> tuple[str, list[Body]]:
    """A cloud's provider block by the provider's name, and the one for files where the manifest has settings for it."""
    package = resource.type.rpartition(":")[2]
    name = _NAMES.get(package, package)
    inputs = {key: value for key, value in resource.inputs.items() if value != _DEFAULTS.get(key)}
    settings = {
        snake(key): writer.plain(_plain(value), f"provider_{name}_{snake(key)}") for key, value in inputs.items()
    }
    first = dict(sorted({**settings, **extra.provider}.items()))
    if not extra.files:
        return name, [first]
    return name, [first, dict(sorted({"alias": "files", **settings, **extra.files}.items()))]


def _plain(value: Any) -> Any:
    """Pulumi sends a provider's settings as texts, and what is no text as JSON."""
    if not isinstance(value, str) or not (value[:1] in "[{" or value in ("true", "false")):
        return value
    try:
        return _snaked(json.loads(value))
    except ValueError:
        return value


def _snaked(value: Any) -> Any:
    match value:
        case dict():
            return {snake(key): _snaked(item) for key, item in value.items()}
        case list():
            return [_snaked(item) for item in value]
    return value
