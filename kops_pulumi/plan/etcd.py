"""etcd clusters, their members, and the volume each member takes along from machine to machine (decision 13).

A member is a name from the manifest; its instance group decides the subnet, and so the zone its volume is in. Ports are
kops's, so that its firewall rules and clients fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from kops_pulumi.model import EtcdCluster, EtcdMember, NetworkPlan, Volume
from kops_pulumi.plan.names import Names

if TYPE_CHECKING:
    from kops_pulumi.plugins import CloudDefaults
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import InstanceGroup
    from kops_pulumi.spec.etcd import EtcdCluster as EtcdClusterSpec
    from kops_pulumi.spec.etcd import EtcdMember as EtcdMemberSpec

_Home: TypeAlias = tuple[str, str | None]
"""Where a group's members live: subnet name and zone."""

_PORTS: Mapping[str, tuple[int, int]] = {
    "main": (4001, 2380),
    "events": (4002, 2381),
    "cilium": (4003, 2382),
    "leases": (4004, 2383),
}
"""Client and peer port by name of the cluster."""


def plan_etcd(full: FullSpec, names: Names, network: NetworkPlan) -> tuple[EtcdCluster, ...]:
    """The etcd clusters, sorted by name, members sorted by name."""
    homes = {group.metadata.name: _home(group, network) for group in full.groups}
    clusters = sorted(full.cluster.spec.etcd_clusters or (), key=lambda cluster: cluster.name)
    return tuple(_cluster(cluster, homes, names, full.cloud_defaults) for cluster in clusters)


def _home(group: InstanceGroup, network: NetworkPlan) -> _Home:
    """The first of a group's subnets by name; where subnets span a region, the first of the group's zones."""
    subnet = min(group.spec.subnets or ("",))
    zone = next((planned.zone for planned in network.subnets if planned.name == subnet), None)
    return subnet, zone or min(group.spec.zones or (), default=None)


def _cluster(
    cluster: EtcdClusterSpec, homes: Mapping[str, _Home], names: Names, defaults: CloudDefaults
) -> EtcdCluster:
    client_port, peer_port = _PORTS[cluster.name]
    members = (
        EtcdMember(
            name=member.name,
            group=member.instance_group,
            subnet=homes[member.instance_group][0],
            zone=homes[member.instance_group][1],
            volume_name=names.volume(member.name, cluster.name),
            volume=_volume(member, defaults),
        )
        for member in cluster.etcd_members
    )
    return EtcdCluster(
        name=cluster.name,
        members=tuple(sorted(members, key=lambda member: member.name)),
        version=cluster.version or "",
        client_port=client_port,
        peer_port=peer_port,
        backup_store=cluster.backups.backup_store if cluster.backups else None,
    )


def _volume(member: EtcdMemberSpec, defaults: CloudDefaults) -> Volume:
    """A member's disk outlives its machines."""
    return Volume(
        size=member.volume_size or defaults.etcd_volume_size,
        type=member.volume_type,
        encrypted=bool(member.encrypted_volume),
        iops=member.volume_iops,
        throughput=member.volume_throughput,
        kms_key=member.kms_key_id,
        delete_on_termination=False,
    )
