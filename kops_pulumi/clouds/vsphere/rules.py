"""What only vSphere can find wrong in a manifest (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from kops_pulumi.clouds.ownership import foreign
from kops_pulumi.clouds.vsphere import addresses, hardware
from kops_pulumi.clouds.vsphere.options import ADDRESSES, ANNOTATIONS, PREFIX, annotation, range_of, site
from kops_pulumi.errors import Finding, Severity
from kops_pulumi.model import Role
from kops_pulumi.plan.roles import role_of

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

SITE = ("spec", "cloudConfig", "vsphere")
DISKS = ("thin", "lazy", "eagerZeroedThick")
"""Provisioning of a virtual disk, as the provider's VirtualDisk has it:
https://www.pulumi.com/registry/packages/vsphere/api-docs/virtualdisk/."""
_PLACE = ("metadata", "annotations", ADDRESSES)
_BY_DHCP = (
    "nobody plans the addresses of these machines: their kubelets' serving certificates stay pending, "
    "and each machine's firewall lets in its whole network for them"
)
_SIZES = f"like 4cpu-16gb, or {', '.join(hardware.NAMED)}"


def findings(full: FullSpec, cloud: str) -> Sequence[Finding]:
    """Everything, with its document."""
    document = f"Cluster/{full.cluster.metadata.name}"
    cluster = (
        *_credentials(full.cluster),
        *_site(full.cluster),
        *_api(full.cluster),
        *_storage(full.cluster),
        *_networks_and_disks(full.cluster),
    )
    found = [replace(finding, document=document) for finding in cluster]
    for group in full.groups:
        own = (*_hardware(group), *_annotations(group), *_addresses(full, group))
        found += [replace(finding, document=f"InstanceGroup/{group.metadata.name}") for finding in own]
    return [*found, *_shared_addresses(full), *foreign(full, cloud)]


def _credentials(cluster: Cluster) -> Iterator[Finding]:
    if cluster.spec.cloud_config and cluster.spec.cloud_config.vsphere_password:
        path = ("spec", "cloudConfig", "vSpherePassword")
        hint = "remove it, change the password, and give it as `pulumi config set --secret vsphere:password`"
        yield Finding(path, "a password in a manifest is no secret", hint)


def _site(cluster: Cluster) -> Iterator[Finding]:
    its = site(cluster)
    for key in ("server", "datacenter", "cluster"):
        if not getattr(its, key):
            yield Finding((*SITE, key), f"the manifest names no {key}", f"set cloudConfig.vsphere.{key}")
    if its.address_range and not its.gateway:
        message = "machines with fixed addresses need a gateway"
        yield Finding((*SITE, "gateway"), message, "set cloudConfig.vsphere.gateway")
    for index, tag in enumerate(its.tags or ()):
        if not all(tag.partition("/")):
            yield Finding((*SITE, "tags", index), f"{tag!r} names no category", "write it as category/name")
    if its.library_item_type and not its.content_library:
        yield Finding((*SITE, "libraryItemType"), "there is no library", "set contentLibrary, or remove it")


def _api(cluster: Cluster) -> Iterator[Finding]:
    its = site(cluster)
    if its.api_vip and its.api_load_balancer:
        message = "apiVIP and apiLoadBalancer exclude each other"
        yield Finding((*SITE, "apiLoadBalancer"), message, "keep the one that clients reach")
    if not (its.api_vip or its.api_load_balancer):
        message = "there is no load balancer, so the API needs a virtual address"
        yield Finding((*SITE, "apiVIP"), message, "name a free address of the machines' network, or apiLoadBalancer")
    subnets = [subnet.cidr for subnet in cluster.spec.subnets or ()]
    known = [ip_network(own) for own in (*subnets, None if any(subnets) else its.address_range) if own]
    if its.api_vip and known and not any(ip_address(str(its.api_vip)) in own for own in known):
        message = f"{its.api_vip} is in none of the machines' ranges, so that nobody answers for it"
        yield Finding((*SITE, "apiVIP"), message, "choose a free address of the control planes' network")


def _storage(cluster: Cluster) -> Iterator[Finding]:
    its = site(cluster)
    if not (its.datastore or its.datastore_cluster):
        yield Finding((*SITE, "datastore"), "the manifest names no datastore", "set datastore or datastoreCluster")
    if its.datastore and its.datastore_cluster:
        yield Finding((*SITE, "datastoreCluster"), "datastore and datastoreCluster exclude each other", "keep one")
    if its.datastore_cluster and not its.etcd_datastore:
        message = "a datastore cluster takes no disk that is there before its machine, as etcd's are"
        yield Finding((*SITE, "etcdDatastore"), message, "name a datastore for control planes")


def _networks_and_disks(cluster: Cluster) -> Iterator[Finding]:
    for index, subnet in enumerate(cluster.spec.subnets or ()):
        if not subnet.id and not site(cluster).network:
            message = f"subnet {subnet.name!r} names no network: vSphere networks exist before the cluster"
            yield Finding(
                ("spec", "subnets", index, "id"), message, "write a port group's name, or set vsphere.network"
            )
    for one, etcd in enumerate(cluster.spec.etcd_clusters or ()):
        for other, member in enumerate(etcd.etcd_members or ()):
            if member.volume_type not in (None, *DISKS):
                path = ("spec", "etcdClusters", one, "etcdMembers", other, "volumeType")
                yield Finding(path, f"{member.volume_type!r} is no disk provisioning", f"use {', '.join(DISKS)}")


def _hardware(group: InstanceGroup) -> Iterator[Finding]:
    machine_type = group.spec.machine_type
    if machine_type and hardware.parse(machine_type) is None:
        yield Finding(("spec", "machineType"), f"{machine_type!r} is no size of a machine", _SIZES)
    kind = group.spec.root_volume_type
    if kind not in (None, *DISKS):
        path = ("spec", "rootVolumeType")
        yield Finding(path, f"{kind!r} is no disk provisioning", f"use {', '.join(DISKS)}")


def _annotations(group: InstanceGroup) -> Iterator[Finding]:
    for key in group.metadata.annotations or ():
        if key.startswith(PREFIX) and key not in ANNOTATIONS:
            hint = f"known: {', '.join(sorted(ANNOTATIONS))}"
            yield Finding(("metadata", "annotations", key), f"there is no annotation {key}", hint)


def _addresses(full: FullSpec, group: InstanceGroup) -> Iterator[Finding]:
    written = annotation(group, "addresses")
    if written is None:
        yield from _unplanned(full, group)
        return
    own, size = addresses.parse(written), group.spec.max_size or group.spec.min_size or 0
    if own is None:
        yield Finding(_PLACE, f"{written!r} is no list of addresses", "like 10.0.0.11 or 10.0.0.20-10.0.0.29,10.0.0.40")
        return
    if len(own) < size:
        yield Finding(_PLACE, f"{len(own)} addresses for {size} machines", "name more, or lower spec.maxSize")
    if len(set(own)) < len(own):
        yield Finding(_PLACE, "an address is named twice", "name each once")
    gateway = annotation(group, "gateway") or site(full.cluster).gateway
    if not gateway:
        yield Finding(_PLACE, "machines with fixed addresses need a gateway", "set cloudConfig.vsphere.gateway")
    within = range_of(full.cluster, group)
    if within is None:
        message = "nothing says which netmask these addresses have"
        yield Finding(_PLACE, message, "set the subnet's cidr or addressRange")
        return
    every = (*own, *filter(None, [gateway]))
    outside = [str(text) for text in every if ip_address(str(text)) not in ip_network(within)]
    if outside:
        message = f"{', '.join(outside[:3])} is not of {within}"
        yield Finding(_PLACE, message, "choose addresses, and a gateway, of the group's network")


def _unplanned(full: FullSpec, group: InstanceGroup) -> Iterator[Finding]:
    """Machines that the site's DHCP gives addresses."""
    role = role_of(group)
    several = len([other for other in full.groups if role_of(other) is Role.CONTROL_PLANE]) > 1
    if role is Role.CONTROL_PLANE and several:
        message = "with several control planes each needs a fixed address: etcd's members find each other by it"
        yield Finding(_PLACE, message, "name one")
    elif role is Role.API_SERVER:
        yield Finding(_PLACE, "API servers need fixed addresses to find etcd", "name them")
    elif role is not Role.BASTION:
        yield Finding(_PLACE, _BY_DHCP, "name addresses, or approve what stays pending yourself", Severity.WARNING)


def _shared_addresses(full: FullSpec) -> Iterator[Finding]:
    """No address is anybody else's."""
    vip = site(full.cluster).api_vip
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for group in full.groups:
        for address in addresses.parse(annotation(group, "addresses") or "") or ():
            holders[address].add(group.metadata.name)
    for group in full.groups:
        shared = {
            other
            for names in holders.values()
            if group.metadata.name in names and len(names) > 1
            for other in names - {group.metadata.name}
        }
        document = f"InstanceGroup/{group.metadata.name}"
        if shared:
            message = f"shares addresses with {', '.join(sorted(shared))}"
            yield Finding(_PLACE, message, "give each group its own", document=document)
        if vip and group.metadata.name in holders.get(str(vip), ()):
            message = f"{vip} is the API's own address (apiVIP)"
            yield Finding(_PLACE, message, "leave it out", document=document)
        if group.spec.max_size and group.spec.min_size != group.spec.max_size:
            message = "nothing resizes a group between minSize and maxSize here: it has minSize machines"
            hint = "set both to the number you want"
            yield Finding(("spec", "maxSize"), message, hint, Severity.WARNING, document)
