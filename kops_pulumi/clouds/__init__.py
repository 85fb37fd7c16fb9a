"""The clouds: an explicit registry, imported on demand.

A cloud is a package here with one pure instance, `CLOUD` (`plugins.Cloud`), and Pulumi leaf components beside it. `get`
imports the pure side only; `leaf` imports one Pulumi module, and with it the cloud's SDK: it is for `components/` alone.
This module must not import pulumi or any cloud when it is itself imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from kops_pulumi.errors import NotFoundError

if TYPE_CHECKING:
    from types import ModuleType

    from kops_pulumi.plugins import Cloud

REGISTRY: tuple[str, ...] = ("aws", "gce", "openstack", "vsphere")
"""Values of the manifest's `spec.cloudProvider` that we build."""

Leaf: TypeAlias = Literal["network", "firewall", "identity", "endpoints", "instances", "fleet"]


def get(name: str) -> Cloud:
    """The pure side of a cloud; `NotFoundError` when there is no such cloud."""
    return cast("Cloud", import_module(f"{__name__}.{_known(name)}").CLOUD)


def leaf(name: str, part: Leaf) -> ModuleType:
    """The module of a cloud that makes one part of a cluster; this imports pulumi and the cloud's SDK."""
    return import_module(f"{__name__}.{_known(name)}.{part}")


def _known(name: str) -> str:
    if name not in REGISTRY:
        raise NotFoundError(f"there is no cloud {name!r}", hint=f"clouds: {', '.join(REGISTRY)}")
    return name
