"""Machines, disks, folders, pools, tags and roles of the simulated vCenter.

Facts of replacement: https://github.com/pulumi/pulumi-vsphere (schema, `willReplaceOnChanges`); rules of machines:
https://www.pulumi.com/registry/packages/vsphere/api-docs/virtualmachine/.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, OnDelete, Values
from kops_pulumi.rehearsal.vsphere.facts import (
    APART,
    CATEGORY,
    COMPUTE_CLUSTER,
    DATACENTER,
    DATASTORE,
    DATASTORE_CLUSTER,
    DISK,
    FOLDER,
    LIBRARY_ITEM,
    MACHINE,
    NETWORK,
    POLICY,
    RESOURCE_POOL,
    ROLE,
    TAG,
    managed,
    ref,
    tagging,
    unique,
)

_LONGEST_VALUE: Final = 64 * 1024
"""Of guestinfo: what VMware Tools can answer at once."""
_LONGEST_NAME: Final = 80
_CONTROLLERS: Final = ("lsilogic", "lsilogic-sas", "pvscsi")
_DISK_TYPES: Final = ("eagerZeroedThick", "lazy", "thin")
_CONTROLLERS_UNIT: Final = 7


def _machine(birth: Birth, id_: str) -> Values:
    address = _address(birth.inputs.get("extraConfig") or {}) or f"192.0.2.{int(birth.hex(2), 16) % 250 + 2}"
    return {
        "uuid": id_,
        "moid": f"vm-{birth.number(5, 'moid')}",
        "powerState": "on",
        "defaultIpAddress": address,
        "guestIpAddresses": [address],
        "rebootRequired": False,
    }


def _address(config: Mapping[str, Any]) -> str | None:
    """The address that cloud-init would give the machine."""
    packed = config.get("guestinfo.metadata")
    if not isinstance(packed, str):
        return None
    interfaces = json.loads(gzip.decompress(base64.b64decode(packed)))["network"]["ethernets"]
    addresses = [address for interface in interfaces.values() for address in interface.get("addresses", ())]
    return str(addresses[0]).partition("/")[0] if addresses else None


def _sound_machine(inputs: Values) -> Iterator[Failure]:
    name = inputs.get("name")
    if isinstance(name, str) and len(name) > _LONGEST_NAME:
        yield "name", f"names have {_LONGEST_NAME} characters at most"
    if (inputs.get("datastoreId") is None) == (inputs.get("datastoreClusterId") is None):
        yield "datastoreId", "exactly one of datastoreId and datastoreClusterId"
    if inputs.get("scsiType") not in (None, *_CONTROLLERS):
        yield "scsiType", f"one of {', '.join(_CONTROLLERS)}"
    if isinstance(memory := inputs.get("memory"), int | float) and memory % 4:
        yield "memory", "memory comes in steps of 4 MB"
    for key, value in (inputs.get("extraConfig") or {}).items():
        if isinstance(value, str) and len(value) > _LONGEST_VALUE:
            yield f"extraConfig.{key}", f"is {len(value)} bytes long, VMware Tools answers {_LONGEST_VALUE}"


def _sound_disks(inputs: Values) -> Iterator[Failure]:
    disks = inputs.get("disks") or []
    units = [disk.get("unitNumber") for disk in disks]
    if len(set(units)) != len(units) or _CONTROLLERS_UNIT in units:
        yield "disks", "two disks have one unit number, or the controller's"
    for index, disk in enumerate(disks):
        if disk.get("attach") and disk.get("size"):
            yield f"disks[{index}].size", "a disk that is attached has its size already"
        if disk.get("attach") and inputs.get("datastoreClusterId"):
            yield f"disks[{index}].attach", "cannot attach disks to machines in a datastore cluster"
        if not disk.get("attach") and not disk.get("size"):
            yield f"disks[{index}].size", "a new disk needs a size"


def _one_of(key: str, *values: str) -> Any:
    def rule(inputs: Values) -> list[Failure]:
        given = inputs.get(key)
        known = not isinstance(given, str) or given in values
        return [] if known else [(key, f"'{given}' is not one of {', '.join(values)}")]

    return rule


def _vmdk(inputs: Values) -> list[Failure]:
    path = inputs.get("vmdkPath")
    return [("vmdkPath", "must end in .vmdk")] if isinstance(path, str) and not path.endswith(".vmdk") else []


INVENTORY: Final[Mapping[str, Kind]] = {
    MACHINE: Kind(
        replaces=frozenset({"replaceTrigger"}),
        unique=("folder", "name"),
        identify=unique,
        compute=_machine,
        handles=("name", "uuid"),
        rules=(_sound_machine, _sound_disks),
        refs=(
            ref("resourcePoolId", RESOURCE_POOL),
            ref("folder", FOLDER),
            ref("datastoreId", DATASTORE),
            ref("datastoreClusterId", DATASTORE_CLUSTER),
            ref("networkInterfaces[].networkId", NETWORK),
            ref("clone.templateUuid", MACHINE, LIBRARY_ITEM, on_delete=OnDelete.IGNORE),
            ref("disks[].path", DISK),
            ref("storagePolicyId", POLICY),
            ref("tags[]", TAG, on_delete=OnDelete.IGNORE),
        ),
    ),
    DISK: Kind(
        replaces=frozenset({"adapterType", "createDirectories", "datacenter", "datastore", "type", "vmdkPath"}),
        unique=("datastore", "vmdkPath"),
        identify=lambda birth: str(birth.inputs["vmdkPath"]),
        handles=("vmdkPath",),
        rules=(_vmdk, _one_of("type", *_DISK_TYPES)),
        refs=(ref("datastore", DATASTORE), ref("datacenter", DATACENTER)),
    ),
    FOLDER: Kind(
        replaces=frozenset({"datacenterId", "type"}),
        unique=("datacenterId", "type", "path"),
        identify=managed("group-v"),
        handles=("path",),
        rules=(_one_of("type", "vm", "host", "datacenter", "datastore", "network"),),
        refs=(ref("datacenterId", DATACENTER),),
    ),
    RESOURCE_POOL: Kind(
        unique=("parentResourcePoolId", "name"),
        identify=managed("resgroup-"),
        autoname="name",
        refs=(ref("parentResourcePoolId", RESOURCE_POOL),),
    ),
    CATEGORY: Kind(
        replaces=frozenset({"cardinality"}),
        unique=("name",),
        identify=tagging("Category"),
        rules=(_one_of("cardinality", "SINGLE", "MULTIPLE"),),
    ),
    TAG: Kind(
        replaces=frozenset({"categoryId"}),
        unique=("categoryId", "name"),
        identify=tagging("Tag"),
        handles=(),
        refs=(ref("categoryId", CATEGORY),),
    ),
    ROLE: Kind(unique=("name",), identify=lambda birth: f"-{birth.number(9)}"),
    APART: Kind(
        replaces=frozenset({"computeClusterId"}),
        unique=("computeClusterId", "name"),
        identify=lambda birth: f"{birth.inputs.get('computeClusterId')}:{birth.number(3)}",
        refs=(
            ref("computeClusterId", COMPUTE_CLUSTER),
            ref("virtualMachineIds[]", MACHINE, on_delete=OnDelete.IGNORE),
        ),
    ),
}
"""Kinds that a cluster makes; those of the site need no rules."""
