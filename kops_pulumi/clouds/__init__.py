"""The clouds: an explicit registry, imported on demand.

A cloud is a package here with one pure instance, `CLOUD` (`plugins.Cloud`), and Pulumi leaf components beside it. `get`
imports the pure side only; `starter` the part of a first manifest that only this cloud has; `leaf` one Pulumi module,
and with it the cloud's SDK: it is for `components/` alone. This module must not import pulumi or any cloud when it is
itself imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from kops_pulumi.errors import NotFoundError, ToolError

if TYPE_CHECKING:
    from types import ModuleType

    from kops_pulumi.plugins import Cloud

REGISTRY: tuple[str, ...] = ("aws", "gce", "openstack", "vsphere")
"""Values of the manifest's `spec.cloudProvider` that we build."""

Leaf: TypeAlias = Literal[
    "provider", "network", "firewall", "identity", "endpoints", "store", "instances", "fleet", "leftovers", "finder"
]


def get(name: str) -> Cloud:
    """The pure side of a cloud; `NotFoundError` when there is no such cloud."""
    return cast("Cloud", import_module(f"{__name__}.{_known(name)}").CLOUD)


def starter(name: str) -> ModuleType | None:
    """The module that turns a cloud's own flags of `create cluster` into manifest; None where there are none. Pure.

    It has `cluster(wishes)`, further parts of the cluster's spec, and may have `notes(wishes, groups)`: annotations.
    """
    module = f"{__name__}.{_known(name)}.starter"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None


def leaf(name: str, part: Leaf) -> ModuleType:
    """The module of a cloud that makes one part of a cluster; this imports pulumi and the cloud's SDK.

    Raises ToolError when the SDK is not installed, NotFoundError when the cloud does not have that part.
    """
    module = f"{__name__}.{_known(name)}.{part}"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module:
            raise NotFoundError(f"clusters on {name} can be planned, but not deployed: there is no {part}") from error
        hint = f"pip install 'kops-pulumi[{name}]'"
        raise ToolError(f"clusters on {name} need the Python package {error.name}", hint=hint) from error


def _known(name: str) -> str:
    if name not in REGISTRY:
        raise NotFoundError(f"there is no cloud {name!r}", hint=f"clouds: {', '.join(REGISTRY)}")
    return name
