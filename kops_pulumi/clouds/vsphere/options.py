"""What only vSphere knows of a cluster and of a group: the site, and where one group differs from it (pure).

The site is `spec.cloudConfig.vsphere`; kops's own fields of old (`vSphereServer`, …) say the same where ours are
silent. A group differs by annotations `vsphere.kops.io/…`, listed in `ANNOTATIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from kops_pulumi.clouds.vsphere import addresses, hardware
from kops_pulumi.spec.cloud import VsphereCloud

if TYPE_CHECKING:
    from kops_pulumi.clouds.vsphere.hardware import Hardware
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

PREFIX = "vsphere.kops.io/"
ADDRESSES = f"{PREFIX}addresses"
ANNOTATIONS: Mapping[str, str] = {
    ADDRESSES: "fixed addresses of the group's machines, in order: a list of addresses and ranges",
    f"{PREFIX}gateway": "default gateway of the group's network, where it has another than the site's",
    f"{PREFIX}network": "port group, where it is another than the subnet's",
    f"{PREFIX}datastore": "datastore of the group's machines and disks",
    f"{PREFIX}resource-pool": "existing resource pool of the group's machines",
    f"{PREFIX}storage-policy": "storage policy of the group's machines and disks",
}
"""Annotations of instance groups, and what they mean."""

_OLD: Mapping[str, str] = {
    "server": "vsphere_server",
    "datacenter": "vsphere_datacenter",
    "resource_pool": "vsphere_resource_pool",
    "datastore": "vsphere_datastore",
}
"""Our field → kops's of old that says it where ours is absent."""
_DNS_OF_OLD = "vsphere_core_dns_server"


@dataclass(frozen=True, slots=True)
class VsphereCluster:
    """The site: names and paths of things that exist in vCenter before the cluster."""

    server: str
    insecure: bool
    datacenter: str
    compute_cluster: str
    resource_pool: str | None
    """None: we make one."""
    folder: str | None
    """None: we make one."""
    datastore: str | None
    datastore_cluster: str | None
    etcd_datastore: str
    """Of control planes and their etcd disks."""
    disk_folder: str
    distributed_switch: str | None
    content_library: str | None
    library_item_type: str
    guest_id: str | None
    firmware: str | None
    storage_policy: str | None
    anti_affinity: bool
    tags: tuple[tuple[str, str], ...]
    """Category and name of existing tags."""
    create_roles: bool
    api_address: str
    """The virtual address, or the user's load balancer."""


@dataclass(frozen=True, slots=True)
class VsphereGroup:
    """What a group's machines have beyond the neutral plan."""

    hardware: Hardware
    network: str
    """Port group."""
    addresses: tuple[str, ...]
    """By ordinal; empty: DHCP."""
    prefix: int | None
    """Length of the netmask of fixed addresses."""
    gateway: str | None
    dns_servers: tuple[str, ...]
    dns_search: tuple[str, ...]
    datastore: str | None
    """None: the datastore cluster places the disks."""
    resource_pool: str | None
    """None: the cluster's."""
    storage_policy: str | None


def site(cluster: Cluster) -> VsphereCloud:
    """The manifest's `cloudConfig.vsphere`, completed by kops's own fields of old."""
    config = cluster.spec.cloud_config
    found = (config.vsphere if config else None) or VsphereCloud()
    old = {ours: getattr(config, theirs) for ours, theirs in _OLD.items()} if config else {}
    told: dict[str, Any] = {key: value for key, value in old.items() if value and not getattr(found, key)}
    if config and getattr(config, _DNS_OF_OLD) and not found.dns_servers:
        told["dns_servers"] = [getattr(config, _DNS_OF_OLD)]
    return found.model_copy(update=told)


def annotation(group: InstanceGroup, name: str) -> str | None:
    """A group's own word on something."""
    return (group.metadata.annotations or {}).get(f"{PREFIX}{name}")


def cluster_options(full: FullSpec) -> VsphereCluster:
    """The cluster's vSphere options."""
    its = site(full.cluster)
    return VsphereCluster(
        server=its.server or "",
        insecure=bool(its.insecure),
        datacenter=its.datacenter or "",
        compute_cluster=its.cluster or "",
        resource_pool=its.resource_pool,
        folder=its.folder,
        datastore=its.datastore,
        datastore_cluster=its.datastore_cluster,
        etcd_datastore=its.etcd_datastore or its.datastore or "",
        disk_folder=(its.disk_folder or f"kops/{full.cluster.metadata.name}").strip("/"),
        distributed_switch=its.distributed_switch,
        content_library=its.content_library,
        library_item_type=its.library_item_type or "ovf",
        guest_id=its.guest_id,
        firmware=its.firmware,
        storage_policy=its.storage_policy,
        anti_affinity=its.anti_affinity is not False,
        tags=tuple(sorted((part[0], part[2]) for part in (tag.partition("/") for tag in its.tags or ()))),
        create_roles=its.create_roles is not False,
        api_address=its.api_vip or its.api_load_balancer or "",
    )


def group_options(full: FullSpec, group: InstanceGroup) -> VsphereGroup:
    """A group's vSphere options; its machine type and addresses are checked by `rules`."""
    its = site(full.cluster)
    fixed = addresses.parse(annotation(group, "addresses") or "") or ()
    return VsphereGroup(
        hardware=hardware.parse(group.spec.machine_type or "") or hardware.Hardware(0, 0),
        network=annotation(group, "network") or _port_group(full.cluster, group) or its.network or "",
        addresses=fixed,
        prefix=prefix(full.cluster, group) if fixed else None,
        gateway=(annotation(group, "gateway") or its.gateway) if fixed else None,
        dns_servers=tuple(str(server) for server in its.dns_servers or ()),
        dns_search=tuple(its.dns_search or ()),
        datastore=annotation(group, "datastore") or its.datastore,
        resource_pool=annotation(group, "resource-pool"),
        storage_policy=annotation(group, "storage-policy") or its.storage_policy,
    )


def prefix(cluster: Cluster, group: InstanceGroup) -> int | None:
    """Length of the netmask of a group's network: its subnet's, else that of the site's range."""
    own = range_of(cluster, group)
    return ip_network(own).prefixlen if own else None


def range_of(cluster: Cluster, group: InstanceGroup) -> str | None:
    """The range of a group's network, as far as the manifest says."""
    named = group.spec.subnets or ()
    ranges = {subnet.name: subnet.cidr for subnet in cluster.spec.subnets or ()}
    return next((ranges[name] for name in named if ranges.get(name)), None) or site(cluster).address_range


def _port_group(cluster: Cluster, group: InstanceGroup) -> str | None:
    """The port group of the first of a group's subnets that names one."""
    ids = {subnet.name: subnet.id for subnet in cluster.spec.subnets or ()}
    return next((ids[name] for name in group.spec.subnets or () if ids.get(name)), None)
