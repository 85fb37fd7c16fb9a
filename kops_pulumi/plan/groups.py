"""Instance groups: what each one's machines are, where they stand, and what they are called.

A group depends on its own part of the manifest, on the cluster-wide settings and on the subnets it names, never on
another group, so that changing one group changes only its own entry. User data is attached later, by `bootstrap`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.model import Endpoint, EndpointKind, Group, NetworkPlan, Role, Subnet, Volume
from kops_pulumi.plan.names import Names
from kops_pulumi.plan.network import PUBLIC_TYPES
from kops_pulumi.plan.roles import role_of

if TYPE_CHECKING:
    from kops_pulumi.plugins import Cloud
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import InstanceGroup, InstanceGroupSpec

GROUP_LABEL = "kops.k8s.io/instancegroup"
"""On every node; commands find a group's nodes by it, so a user's value of the same name does not count."""

_ROLE_LABELS: Mapping[Role, Mapping[str, str]] = {
    Role.CONTROL_PLANE: {
        "node-role.kubernetes.io/control-plane": "",
        "node.kubernetes.io/exclude-from-external-load-balancers": "",
    },
    Role.API_SERVER: {"node-role.kubernetes.io/api-server": ""},
    Role.NODE: {"node-role.kubernetes.io/node": ""},
    Role.BASTION: {},
}
_ROLE_TAINTS: Mapping[Role, tuple[str, ...]] = {
    Role.CONTROL_PLANE: ("node-role.kubernetes.io/control-plane=:NoSchedule",),
    Role.API_SERVER: ("node-role.kubernetes.io/api-server=:NoSchedule",),
    Role.NODE: (),
    Role.BASTION: (),
}
_EXTRA_VOLUME_SIZE = 100
"""GiB of an extra volume that does not say (kops's figure)."""


def plan_groups(
    full: FullSpec, cloud: Cloud, names: Names, network: NetworkPlan, endpoints: Sequence[Endpoint]
) -> tuple[Group, ...]:
    """Every instance group of the manifest, sorted by name."""
    balanced = [endpoint for endpoint in endpoints if endpoint.kind is EndpointKind.LOAD_BALANCER]
    groups = (
        _group(full, group, names, network, balanced, options=cloud.group_options(full, group)) for group in full.groups
    )
    return tuple(sorted(groups, key=lambda group: group.name))


def _group(
    full: FullSpec,
    group: InstanceGroup,
    names: Names,
    network: NetworkPlan,
    balanced: Iterable[Endpoint],
    *,
    options: Any,
) -> Group:
    spec, role = group.spec, role_of(group)
    subnets = [subnet for subnet in network.subnets if subnet.name in (spec.subnets or ())]
    profile = spec.iam.profile if spec.iam else None
    return Group(
        name=group.metadata.name,
        role=role,
        physical_name=names.group(group.metadata.name, role),
        managed=spec.manager != "Karpenter",
        min_size=spec.min_size or 0,
        max_size=spec.max_size or 0,
        machine_type=spec.machine_type or "",
        image=spec.image or "",
        subnets=tuple(subnet.name for subnet in subnets),
        zones=_zones(spec, subnets),
        public_ip=spec.associate_public_ip is not False and any(subnet.type in PUBLIC_TYPES for subnet in subnets),
        root_volume=_root_volume(full, spec, role),
        volumes=_extra_volumes(spec),
        identity=None if profile else role.value,
        existing_identity=profile,
        security_group_override=spec.security_group_override,
        additional_security_groups=tuple(sorted(spec.additional_security_groups or ())),
        tags={**(full.cluster.spec.cloud_labels or {}), **(spec.cloud_labels or {})},
        node_labels={**(spec.node_labels or {}), **node_labels(group.metadata.name, role)},
        taints=tuple(sorted({*(spec.taints or ()), *_ROLE_TAINTS[role]})),
        autoscale=spec.autoscale is not False,
        endpoints=tuple(endpoint.name for endpoint in balanced if role in endpoint.roles),
        user_data=None,
        options=options,
    )


def node_labels(name: str, role: Role) -> dict[str, str]:
    """The labels we put on a group's nodes; bastions are no nodes."""
    return {} if role is Role.BASTION else {GROUP_LABEL: name, **_ROLE_LABELS[role]}


def _zones(spec: InstanceGroupSpec, subnets: Iterable[Subnet]) -> tuple[str, ...]:
    """The zones of the group's subnets; where subnets span a region, those the group lists."""
    of_subnets = {subnet.zone for subnet in subnets if subnet.zone}
    return tuple(sorted(of_subnets or set(spec.zones or ())))


def _root_volume(full: FullSpec, spec: InstanceGroupSpec, role: Role) -> Volume:
    return Volume(
        size=spec.root_volume_size or full.cloud_defaults.root_volume_sizes[role],
        type=spec.root_volume_type,
        encrypted=spec.root_volume_encryption is not False,
        iops=spec.root_volume_iops,
        throughput=spec.root_volume_throughput,
        kms_key=spec.root_volume_encryption_key,
    )


def _extra_volumes(spec: InstanceGroupSpec) -> tuple[Volume, ...]:
    return tuple(
        Volume(
            size=volume.size or _EXTRA_VOLUME_SIZE,
            type=volume.type,
            encrypted=volume.encrypted is not False,
            iops=volume.iops,
            throughput=volume.throughput,
            kms_key=volume.key,
            device=volume.device,
            delete_on_termination=volume.delete_on_termination is not False,
        )
        for volume in sorted(spec.volumes or (), key=lambda volume: volume.device)
    )
