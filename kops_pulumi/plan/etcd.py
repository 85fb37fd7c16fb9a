"""etcd clusters, their members, and the volume each member takes along from machine to machine (decision 13).

A member is a name from the manifest; its instance group decides the subnet, and so the zone its volume is in. Ports are
kops's, so that its firewall rules and clients fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kops_pulumi.model import EtcdCluster, EtcdMember, NetworkPlan, Volume
from kops_pulumi.plan.names import Names

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import EtcdCluster as EtcdClusterSpec, EtcdMember as EtcdMemberSpec, InstanceGroup

_PORTS: Mapping[str, tuple[int, int]] = {
    "main": (4001, 2380),
    "events": (4002, 2381),
    "cilium": (4003, 2382),
    "leases": (4004, 2383),
}
"""Client and peer port by name of the cluster."""


def plan_etcd(full: FullSpec, names: Names, network: NetworkPlan) -> tuple[EtcdCluster, ...]:
    """The etcd clusters, sorted by name, members sorted by name."""
    groups = {group.metadata.name: group for group in full.groups}
    clusters = sorted(full.cluster.spec.etcd_clusters or (), key=lambda cluster: cluster.name)
    return tuple(_cluster(full, cluster, groups, names, network) for cluster in clusters)


def _cluster(
    full: FullSpec,
    cluster: EtcdClusterSpec,
    groups: Mapping[str, InstanceGroup],
    names: Names,
    network: NetworkPlan,
) -> EtcdCluster:
    client_port, peer_port = _PORTS[cluster.name]
    members = sorted(cluster.etcd_members or (), key=lambda member: member.name)
    return EtcdCluster(
        name=cluster.name,
        members=tuple(
            _member(full, cluster, member, groups[member.instance_group], names, network) for member in members
        ),
        version=cluster.version or "",
        client_port=client_port,
        peer_port=peer_port,
        backup_store=cluster.backups.backup_store if cluster.backups else None,
    )


def _member(
    full: FullSpec,
    cluster: EtcdClusterSpec,
    member: EtcdMemberSpec,
    group: InstanceGroup,
    names: Names,
    network: NetworkPlan,
) -> EtcdMember:
    subnet = min(group.spec.subnets or ("",))
    zone = next((planned.zone for planned in network.subnets if planned.name == subnet), None)
    return EtcdMember(
        name=member.name,
        group=group.metadata.name,
        subnet=subnet,
        zone=zone or min(group.spec.zones or (), default=None),
        volume_name=names.volume(member.name, cluster.name),
        volume=_volume(full, member),
    )


def _volume(full: FullSpec, member: EtcdMemberSpec) -> Volume:
    """A member's disk outlives its machines."""
    defaults = full.cloud_defaults
    kind = member.volume_type or defaults.etcd_volume_type
    usual = kind == defaults.etcd_volume_type
    return Volume(
        size=member.volume_size or defaults.etcd_volume_size,
        type=kind,
        encrypted=bool(member.encrypted_volume),
        iops=member.volume_iops or (defaults.etcd_volume_iops if usual else None),
        throughput=member.volume_throughput or (defaults.etcd_volume_throughput if usual else None),
        kms_key=member.kms_key_id,
        delete_on_termination=False,
    )
