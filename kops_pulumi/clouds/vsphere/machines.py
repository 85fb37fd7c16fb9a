"""One machine on vSphere: a clone of a template with its disks, its network and what it is brought (`guestinfo`).

Whatever its first boot depends on (user data, template, network, root disk) is in `replace_trigger`: another value is
another machine. Keys that only change what it reads later (secrets, the list of machines) are updated in place, without
a restart. Disks of etcd members are attached by path, so that they are left behind when the machine goes.

https://www.pulumi.com/registry/packages/vsphere/api-docs/virtualmachine/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_vsphere as vsphere

from kops_pulumi.clouds.vsphere import guestinfo

if TYPE_CHECKING:
    from kops_pulumi.clouds.vsphere.lookups import Template
    from kops_pulumi.clouds.vsphere.options import VsphereGroup
    from kops_pulumi.model import Group, PlannedMachine, Volume

CONTROLLER = "pvscsi"
UNITS: Mapping[str, int] = {"main": 1, "events": 2, "cilium": 3, "leases": 4}
"""Unit on the first controller by etcd cluster, for `cloud_device`. 0 is the root disk's, 7 the controller's own."""
_NETWORK_MINUTES = 10
"""How long a machine may take to report an address."""
_RESTRICTED = {"monitor_control.restrict_backdoor": "TRUE"}
"""Only privileged processes reach VMware's door, and with it what the machine was brought (docs/adr/0022)."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a machine refers to."""

    template: Template
    network: pulumi.Output[str]
    folder: pulumi.Input[str]
    pool: pulumi.Output[str]
    datastore: pulumi.Output[str] | None
    datastore_cluster: pulumi.Output[str] | None
    """One of the two."""
    policy: pulumi.Output[str] | None
    tags: Sequence[pulumi.Output[str]]
    user_data: pulumi.Output[str] | None
    objects: Mapping[str, pulumi.Output[str]]
    """Further keys of its configuration."""
    disks: Mapping[str, pulumi.Output[str]]
    """Paths of etcd disks by etcd cluster."""


def volume(unit: int) -> str:
    """What the machine knows a disk by."""
    return f"scsi:{unit}"


def make(
    name: str, planned: PlannedMachine, group: Group, parts: Parts, opts: pulumi.ResourceOptions
) -> vsphere.VirtualMachine:
    """The machine."""
    options: VsphereGroup = group.options
    size = options.hardware
    return vsphere.VirtualMachine(
        name,
        name=planned.name,
        folder=parts.folder,
        resource_pool_id=parts.pool,
        datastore_id=parts.datastore,
        datastore_cluster_id=parts.datastore_cluster,
        storage_policy_id=parts.policy,
        num_cpus=size.cpus,
        num_cores_per_socket=size.cores_per_socket,
        memory=size.memory,
        guest_id=parts.template.guest_id,
        firmware=parts.template.firmware,
        scsi_type=CONTROLLER,
        enable_disk_uuid=True,
        clone=vsphere.VirtualMachineCloneArgs(template_uuid=parts.template.uuid),
        network_interfaces=[vsphere.VirtualMachineNetworkInterfaceArgs(network_id=parts.network)],
        disks=[_root(group.root_volume, parts), *(_data(key, path, parts) for key, path in _ordered(parts.disks))],
        extra_config={
            **_RESTRICTED,
            **_first(planned, options, parts.user_data),
            **parts.objects,
        },
        extra_config_reboot_required=False,
        replace_trigger=_trigger(planned, group, parts),
        tags=list(parts.tags),
        wait_for_guest_net_timeout=_NETWORK_MINUTES,
        annotation=f"{group.role.value} of {group.name}",
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=["extraConfig"])),
    )


def _first(
    planned: PlannedMachine, options: VsphereGroup, user_data: pulumi.Output[str] | None
) -> Mapping[str, pulumi.Input[str]]:
    """cloud-init's keys; with late values in user data, known once these are."""
    known = guestinfo.first(planned.name, options, planned.ordinal)
    if user_data is None:
        return known
    packed = user_data.apply(guestinfo.packed)
    return {**known, guestinfo.USER_DATA: packed, f"{guestinfo.USER_DATA}.encoding": guestinfo.ENCODING}


def _trigger(planned: PlannedMachine, group: Group, parts: Parts) -> pulumi.Output[str]:
    """A digest of all that its first boot depends on."""
    options: VsphereGroup = group.options
    facts = (
        guestinfo.metadata(planned.name, options, planned.ordinal),
        group.image,
        options.network,
        group.root_volume.type,
    )
    fixed = json.dumps(facts)

    def digest(text: str) -> str:
        return hashlib.sha256(f"{fixed}\n{text}".encode()).hexdigest()

    return (parts.user_data or pulumi.Output.from_input("")).apply(digest)


def _root(disk: Volume, parts: Parts) -> vsphere.VirtualMachineDiskArgs:
    return vsphere.VirtualMachineDiskArgs(
        label="root",
        unit_number=0,
        size=disk.size,
        thin_provisioned=disk.type == "thin",
        eagerly_scrub=disk.type == "eagerZeroedThick",
        storage_policy_id=parts.policy,
    )


def _data(etcd: str, path: pulumi.Output[str], parts: Parts) -> vsphere.VirtualMachineDiskArgs:
    """An etcd member's disk, attached and not owned; snapshots of the machine leave it out."""
    return vsphere.VirtualMachineDiskArgs(
        label=f"etcd-{etcd}",
        unit_number=UNITS[etcd],
        attach=True,
        path=path,
        datastore_id=parts.datastore,
        disk_mode="independent_persistent",
        storage_policy_id=parts.policy,
    )


def _ordered(disks: Mapping[str, pulumi.Output[str]]) -> list[tuple[str, Any]]:
    return sorted(disks.items(), key=lambda item: UNITS[item[0]])
