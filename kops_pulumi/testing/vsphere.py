"""What vCenter would answer to a recorded program."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kops_pulumi.testing.answers import Table, fingerprint

if TYPE_CHECKING:
    from kops_pulumi.testing.answers import Answers

_MACHINE = "vsphere:index/virtualMachine:VirtualMachine"


def _resource(_: Answers, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Machines are known by a UUID, disks by their path, all else by a managed object's id."""
    seed = fingerprint(type_, name)
    if type_ == _MACHINE:
        id_ = str(uuid.UUID(seed[:32]))
        return id_, {"uuid": id_, "moid": f"vm-{int(seed[:4], 16)}"}
    return str(inputs.get("vmdkPath") or f"id-{seed[:12]}"), {}


TABLE = Table(
    _resource,
    {
        "vsphere:index/getComputeCluster:getComputeCluster": lambda seed, *_: {
            "resourcePoolId": f"resgroup-{seed[:4]}"
        },
        "vsphere:index/getVirtualMachine:getVirtualMachine": lambda seed, *_: {
            "id": str(uuid.UUID(seed[:32])),
            "guestId": "ubuntu64Guest",
            "firmware": "efi",
        },
    },
)
