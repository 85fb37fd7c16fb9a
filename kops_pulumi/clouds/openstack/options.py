"""What only OpenStack knows of a cluster and of its groups, as frozen values that travel in the plan.

The manifest has it in `cloudConfig.openstack` and in annotations of instance groups (kops's own, see
https://kops.sigs.k8s.io/getting_started/openstack/). This file reads the resolved manifest only and must not import
pulumi. Whether what is written makes sense is `rules.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kops_pulumi.bootstrap.build import milliseconds
from kops_pulumi.model import Role
from kops_pulumi.plan.machines import digest
from kops_pulumi.resolve.traits import role_of
from kops_pulumi.spec.cloud import (
    OpenstackBlockStorage,
    OpenstackCloud,
    OpenstackLoadBalancer,
    OpenstackMonitor,
    OpenstackNetwork,
    OpenstackRouter,
)

if TYPE_CHECKING:
    from kops_pulumi.model import Group
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

PREFIX = "openstack.kops.io/"
AFFINITY = f"{PREFIX}serverGroupAffinity"
GROUP_NAME = f"{PREFIX}serverGroupName"
VOLUME_BOOT = f"{PREFIX}osVolumeBoot"
VOLUME_SIZE = f"{PREFIX}osVolumeSize"
ADDRESS_PAIR = f"{PREFIX}allowedAddressPair"
ACCESS_RULES = f"{PREFIX}accessRules"
"""Ours, on the cluster: `Disabled` where the cloud's services do not know access rules (Ceph's gateway)."""

AFFINITIES = ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")
"""https://docs.openstack.org/api-ref/compute/#create-server-group"""
OVN = "ovn"
"""The Octavia provider that forwards packets with their source address, and knows one balancing method only:
https://docs.openstack.org/ovn-octavia-provider/latest/admin/driver.html."""
OVN_METHOD = "SOURCE_IP_PORT"
_USUAL_METHOD = "ROUND_ROBIN"
_CONTROL_PLANE_GROUP = "control-plane"
"""Control planes of all groups share a server group: their etcd members shall stand on different hosts."""


@dataclass(frozen=True, slots=True)
class Balancing:
    """Octavia: of the API, and of Services (by the cloud controller)."""

    provider: str | None
    method: str
    flavor: str | None
    subnet: str | None
    """Id of the subnet of Services' load balancers."""
    manage_security_groups: bool
    ingress_hostname: bool
    ingress_hostname_suffix: str | None
    delay: int
    """Seconds between two checks."""
    timeout: int
    """Seconds that a check may take."""
    max_retries: int


@dataclass(frozen=True, slots=True)
class OpenStackCluster:
    """Cluster-wide options that only OpenStack has. Networks and subnets are names or ids."""

    external_network: str | None
    """Where the router leads."""
    external_subnet: str | None
    floating_network: str | None
    """Where floating addresses come from."""
    floating_subnet: str | None
    dns_servers: tuple[str, ...]
    router_zones: tuple[str, ...]
    network_zones: tuple[str, ...]
    balancing: Balancing
    volume_zone: str | None
    """Zone of all volumes, whatever zone their machines are in."""
    ignore_volume_zone: bool
    ignore_volume_microversion: bool
    ipv6_support_disabled: bool
    public_networks: tuple[str, ...]
    internal_networks: tuple[str, ...]
    address_sort_order: str | None
    insecure: bool
    access_rules: bool
    """Credentials of machines may do what their role needs and nothing else."""


@dataclass(frozen=True, slots=True)
class AddressPair:
    """Traffic of a further address (or range) that a port lets through."""

    address: str
    mac: str | None


@dataclass(frozen=True, slots=True)
class OpenStackGroup:
    """A group's options that only OpenStack has."""

    affinity: str
    server_group: str
    """Groups that say the same share a server group."""
    boot_from_volume: bool
    boot_volume_size: int | None
    """GiB; None: the group's rootVolumeSize."""
    address_pairs: tuple[AddressPair, ...]
    """Sorted."""
    tags: Mapping[str, str]
    """What machines are known by in Nova (metadata)."""


def cluster_options(full: FullSpec) -> OpenStackCluster:
    """The cluster's options."""
    cloud = of(full.cluster)
    router, network = cloud.router or OpenstackRouter(), cloud.network or OpenstackNetwork()
    balancer, disks = cloud.loadbalancer or OpenstackLoadBalancer(), cloud.block_storage or OpenstackBlockStorage()
    return OpenStackCluster(
        external_network=router.external_network,
        external_subnet=router.external_subnet,
        floating_network=balancer.floating_network_id or balancer.floating_network or router.external_network,
        floating_subnet=balancer.floating_subnet,
        dns_servers=tuple(part.strip() for part in (router.dns_servers or "").split(",") if part.strip()),
        router_zones=tuple(router.availability_zone_hints or ()),
        network_zones=tuple(network.availability_zone_hints or ()),
        balancing=_balancing(balancer, cloud.monitor or OpenstackMonitor()),
        volume_zone=disks.override_volume_az,
        ignore_volume_zone=bool(disks.ignore_volume_az),
        ignore_volume_microversion=bool(disks.ignore_volume_microversion),
        ipv6_support_disabled=bool(network.ipv6_support_disabled),
        public_networks=tuple(network.public_network_names or ()),
        internal_networks=tuple(network.internal_network_names or ()),
        address_sort_order=network.address_sort_order,
        insecure=bool(cloud.insecure_skip_verify),
        access_rules=notes_of(full.cluster).get(ACCESS_RULES) != "Disabled",
    )


def _balancing(balancer: OpenstackLoadBalancer, monitor: OpenstackMonitor) -> Balancing:
    """kops's figures where the manifest is silent: https://kops.sigs.k8s.io/cluster_spec/."""
    usual = OVN_METHOD if balancer.provider == OVN else _USUAL_METHOD
    return Balancing(
        provider=balancer.provider,
        method=balancer.method or usual,
        flavor=balancer.flavor_id,
        subnet=balancer.subnet_id,
        manage_security_groups=balancer.manage_security_groups is not False,
        ingress_hostname=bool(balancer.enable_ingress_hostname),
        ingress_hostname_suffix=balancer.ingress_hostname_suffix,
        delay=seconds(monitor.delay, 15),
        timeout=seconds(monitor.timeout, 10),
        max_retries=monitor.max_retries or 3,
    )


def group_options(full: FullSpec, group: InstanceGroup) -> OpenStackGroup:
    """A group's options."""
    notes, name, role = notes_of(group), group.metadata.name, role_of(group) or Role.NODE
    usual = _CONTROL_PLANE_GROUP if role is Role.CONTROL_PLANE else name
    size = notes.get(VOLUME_SIZE)
    return OpenStackGroup(
        affinity=notes.get(AFFINITY) or "anti-affinity",
        server_group=f"{full.cluster.metadata.name}-{notes.get(GROUP_NAME) or usual}",
        boot_from_volume=(notes.get(VOLUME_BOOT) or "").lower() in {"true", "enabled"},
        boot_volume_size=int(size) if size and size.isdecimal() else None,
        address_pairs=tuple(pairs(group)),
        tags={"k8s": full.cluster.metadata.name, "KopsInstanceGroup": name, "KopsRole": role.value},
    )


def digest_of(group: Group) -> str:
    """What a group's servers are made of; address pairs are their ports', and change in place."""
    own: OpenStackGroup = group.options
    return digest(group, own.server_group, own.affinity, own.boot_from_volume, own.boot_volume_size)


def pairs(group: InstanceGroup) -> Iterator[AddressPair]:
    """`openstack.kops.io/allowedAddressPair/<anything>: <address or range>[,<MAC>]`, sorted by the annotation."""
    for key, value in sorted(notes_of(group).items()):
        if key.startswith(ADDRESS_PAIR):
            address, _, mac = value.partition(",")
            yield AddressPair(address.strip(), mac.strip() or None)


def notes_of(document: Cluster | InstanceGroup) -> Mapping[str, str]:
    """A document's annotations; their values are texts, whatever YAML takes them for."""
    return {key: str(value) for key, value in (document.metadata.annotations or {}).items()}


def of(cluster: Cluster) -> OpenstackCloud:
    """`cloudConfig.openstack`, empty when absent."""
    found = cluster.spec.cloud_config.openstack if cluster.spec.cloud_config else None
    return found or OpenstackCloud()


def seconds(duration: str | None, usual: int) -> int:
    """A Go duration in whole seconds, at least one."""
    found = milliseconds(duration)
    return max(1, found // 1000) if found else usual
