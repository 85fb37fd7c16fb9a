"""Questions about a manifest that several sections ask: roles, the network plug-in in use, address families."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.model import Role

if TYPE_CHECKING:
    from kops_pulumi.spec import Cluster, InstanceGroup

SPELLINGS = {
    "Master": Role.CONTROL_PLANE,
    "ControlPlane": Role.CONTROL_PLANE,
    "APIServer": Role.API_SERVER,
    "Node": Role.NODE,
    "Bastion": Role.BASTION,
}
"""kops's names of roles: v1alpha2 writes `Master`, v1alpha3 `ControlPlane`."""


def text(value: object) -> str:
    """An enum member or string as text; absent is empty."""
    return "" if value is None else str(getattr(value, "value", value))


def role_of(group: InstanceGroup) -> Role | None:
    """What a group's machines are for; None when the manifest does not say it in a way we know."""
    return SPELLINGS.get(text(group.spec.role))


def of_role(groups: Iterable[InstanceGroup], *roles: Role) -> Sequence[InstanceGroup]:
    """The groups with one of these roles."""
    return [group for group in groups if role_of(group) in roles]


def ipv6(spec: Any) -> bool:
    """Pods and services use IPv6: kops says it by an IPv6 `nonMasqueradeCIDR`."""
    return ":" in (spec.non_masquerade_cidr or "")


def cilium_eni(spec: Any) -> bool:
    """Cilium gives pods addresses of the cloud's network."""
    cilium = spec.networking.cilium if spec.networking else None
    return cilium is not None and text(cilium.ipam) == "eni"


def amazonvpc(spec: Any) -> bool:
    """The AWS plug-in gives pods addresses of the cloud's network."""
    return bool(spec.networking) and spec.networking.amazonvpc is not None


def alias_ranges(spec: Any) -> bool:
    """Pods get alias addresses of the cloud's network (`networking.gce`)."""
    return bool(spec.networking) and spec.networking.gce is not None


def dns_none(spec: Any) -> bool:
    """The cluster has no DNS zone."""
    return bool(spec.topology and spec.topology.dns) and text(spec.topology.dns.type) == "None"


def karpenter_managed(group: InstanceGroup) -> bool:
    """Karpenter starts the machines, not the cloud's groups."""
    return text(group.spec.manager) == "Karpenter"


def subnet_types(cluster: Cluster) -> dict[str, str]:
    """Subnet type by name."""
    return {subnet.name or "": text(subnet.type) for subnet in cluster.spec.subnets or ()}
