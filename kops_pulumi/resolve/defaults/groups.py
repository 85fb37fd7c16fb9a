"""Defaults of instance groups: sizes, machines, disks, subnets, how they are replaced."""

from __future__ import annotations

from typing import Any

from kops_pulumi.model import Role
from kops_pulumi.resolve.defaults.facts import Facts
from kops_pulumi.resolve.fill import fill
from kops_pulumi.resolve.traits import ipv6, karpenter_managed, role_of, text

SIZES = {Role.CONTROL_PLANE: 1, Role.BASTION: 1, Role.API_SERVER: 1, Role.NODE: 2}
"""Machines of a group that does not say how many: one per control-plane group, for each is one etcd member."""
REACHABLE = {"Public", "Utility"}
"""Subnet types whose machines may have public addresses."""


def group(model: Any, cluster: Any, facts: Facts) -> None:
    """One instance group."""
    spec, role = model.spec, role_of(model) or Role.NODE
    fill(spec, {"manager": "CloudGroup", "subnets": _home(cluster, role)})
    _size(spec, role)
    _machine(model, cluster, role, facts)
    _disk(spec, role, facts)
    _address(spec, cluster, facts)
    fill(spec, facts.cloud.group)
    fill(spec, {"update_policy": cluster.spec.update_policy, "autoscale": True})
    _rolling(model, cluster, role, facts)
    if spec.warm_pool is not None:
        fill(spec, {"warm_pool": {"min_size": 0, "lifecycle_hook_timeout": 600, "enable_lifecycle_hook": False}})


def _home(cluster: Any, role: Role) -> list[str]:
    """The subnets of a group that names none: bastions in utility subnets, IPv6 control planes in dual-stack ones."""
    named = [(subnet.name, text(subnet.type)) for subnet in cluster.spec.subnets or () if subnet.name]
    if role is Role.BASTION:
        wanted = {"Utility"} if any(kind == "Utility" for _, kind in named) else {"Public"}
    elif ipv6(cluster.spec) and role is not Role.NODE and any(kind == "DualStack" for _, kind in named):
        wanted = {"DualStack"}
    else:
        wanted = {"Public", "Private"}
    return [name for name, kind in named if kind in wanted]


def _size(spec: Any, role: Role) -> None:
    usual = SIZES[role]
    fill(spec, {"min_size": min(usual, spec.max_size) if spec.max_size is not None else usual})
    fill(spec, {"max_size": max(usual, spec.min_size)})


def _machine(model: Any, cluster: Any, role: Role, facts: Facts) -> None:
    """What is started: a template for all groups, if the site has one; Karpenter chooses machine types itself."""
    spec = model.spec
    site = cluster.spec.cloud_config.vsphere if cluster.spec.cloud_config else None
    fill(spec, {"image": (site.template if site else None) or facts.cloud.image or None})
    several = spec.mixed_instances_policy.instances if spec.mixed_instances_policy else None
    usual = several[0] if several else facts.cloud.machine_types.get(role)
    fill(spec, {"machine_type": None if karpenter_managed(model) else usual})


def _disk(spec: Any, role: Role, facts: Facts) -> None:
    """The root disk and further ones; performance figures only for the default type, others have their own."""
    cloud = facts.cloud
    fill(
        spec,
        {"root_volume_size": cloud.root_volume_sizes.get(role), "root_volume_type": cloud.root_volume_type or None},
    )
    if spec.root_volume_type == cloud.root_volume_type:
        fill(spec, {"root_volume_iops": cloud.root_volume_iops, "root_volume_throughput": cloud.root_volume_throughput})
    fill(spec, {"root_volume_iops": cloud.volume_iops.get(spec.root_volume_type or "")})
    for volume in spec.volumes or ():
        fill(volume, {"type": cloud.root_volume_type or None})
        if volume.type == cloud.root_volume_type:
            fill(volume, {"iops": cloud.root_volume_iops, "throughput": cloud.root_volume_throughput})
        fill(volume, {"iops": cloud.volume_iops.get(volume.type or "")})
    if facts.capabilities.volume_encryption:
        fill(spec, {"root_volume_encryption": True})


def _address(spec: Any, cluster: Any, facts: Facts) -> None:
    """Zones of the subnets, and a public address where the subnets have a way in."""
    mine = [subnet for subnet in cluster.spec.subnets or () if subnet.name in (spec.subnets or ())]
    if facts.capabilities.zonal_subnets:
        fill(spec, {"zones": sorted({subnet.zone for subnet in mine if subnet.zone})})
    if not any(text(subnet.type) in REACHABLE for subnet in mine):
        spec.associate_public_ip = False  # whatever is written: no route leads there
    fill(spec, {"associate_public_ip": True})


def _rolling(model: Any, cluster: Any, role: Role, facts: Facts) -> None:
    """Machines replaced at once: one on top where the cloud has groups, never of a control plane."""
    spec, general = model.spec, cluster.spec.rolling_update
    surge = 1 if facts.capabilities.groups and role is not Role.CONTROL_PLANE and not karpenter_managed(model) else 0
    if general is not None:
        if role is not Role.CONTROL_PLANE:
            fill(spec, {"rolling_update": {"max_surge": general.max_surge}})
        fill(spec, {"rolling_update": {"max_unavailable": general.max_unavailable}})
        fill(spec, {"rolling_update": {"drain_and_terminate": general.drain_and_terminate}})
    fill(spec, {"rolling_update": {"max_surge": surge, "drain_and_terminate": True}})
    some = str(spec.rolling_update.max_surge) not in {"0", "0%"}
    fill(spec, {"rolling_update": {"max_unavailable": 0 if some else 1}})
