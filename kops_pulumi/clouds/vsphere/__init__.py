"""vSphere, the pure side: what it can do, its limits, its dated defaults and its own rules.

There is no cloud around the machines: no load balancers (the API gets a virtual IP), no groups (machines have stable
ordinals), no firewall (the machines carry the rules), no DNS. Templates and networks belong to each site, so the
manifest names them. `CLOUD` is what the pure stages get. This module must not import pulumi.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kops_pulumi.clouds.neutral import NeutralCloud
from kops_pulumi.clouds.ownership import foreign
from kops_pulumi.errors import Finding
from kops_pulumi.model import Role
from kops_pulumi.plugins import Capabilities, CloudDefaults
from kops_pulumi.resolve.versions import dated
from kops_pulumi.spec.cloud import VsphereCloud

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster

_LIMITS: Mapping[str, int] = {"server": 63, "folder": 80, "volume": 80}
"""A machine's name becomes its host name; inventory names have 80 characters:
https://configmax.broadcom.com/ (virtual machine name length)."""

_DEFAULTS: Mapping[str, CloudDefaults] = {
    "2026-11-01": CloudDefaults(
        network_cidr=None,
        machine_types={},
        root_volume_sizes={Role.CONTROL_PLANE: 64, Role.API_SERVER: 128, Role.NODE: 128, Role.BASTION: 32},
        root_volume_type="thin",
        root_volume_iops=None,
        root_volume_throughput=None,
        etcd_volume_type="thin",
        etcd_volume_size=20,
        etcd_volume_iops=None,
        etcd_volume_throughput=None,
        image="",
    ),
}
"""By the first day they are in force. Empty: the manifest names a template of the site."""

SITE = ("spec", "cloudConfig", "vsphere")
_DISKS = ("thin", "lazy", "eagerZeroedThick")
"""Provisioning of a virtual disk: https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/."""


@dataclass(frozen=True, slots=True)
class VSphere(NeutralCloud):
    """A vCenter with its hosts."""

    name: str = "vsphere"
    store_scheme: str | None = None
    capabilities: Capabilities = Capabilities(  # noqa: RUF009 - a frozen value
        load_balancer=False,
        groups=False,
        security_groups=False,
        instance_identity=False,
        service_account_identity=False,
        managed_dns=False,
        private_dns=False,
        object_store=False,
        zonal_subnets=False,
        ipv6=False,
        network_cidr=False,
        user_data_limit=64 * 1024,  # practical limit of a guestinfo value
        termination_events=False,
        volume_encryption=False,
    )

    @property
    def name_limits(self) -> Mapping[str, int]:
        """Longest physical names, in characters."""
        return _LIMITS

    def defaults(self, version: str) -> CloudDefaults:
        """The row in force on that day; the oldest for days before all rows."""
        return dated(_DEFAULTS, version)

    def region(self, cluster: Cluster) -> str:
        """The datacenter; empty when the manifest names none (validation reports that)."""
        return _site(cluster).datacenter or ""

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings that only vSphere can make."""
        document = f"Cluster/{full.cluster.metadata.name}"
        found = [
            replace(finding, document=document)
            for finding in (*_site_rules(full.cluster), *_networks_and_disks(full.cluster))
        ]
        return [*found, *foreign(full, self.name)]


def _site(cluster: Cluster) -> VsphereCloud:
    """The manifest's `cloudConfig.vsphere`, empty when absent."""
    found = cluster.spec.cloud_config.vsphere if cluster.spec.cloud_config else None
    return found or VsphereCloud()


def _site_rules(cluster: Cluster) -> Iterator[Finding]:
    site = _site(cluster)
    for key in ("server", "datacenter", "cluster"):
        if not getattr(site, key):
            yield Finding((*SITE, key), f"the manifest names no {key}", f"set cloudConfig.vsphere.{key}")
    if not (site.datastore or site.datastore_cluster):
        yield Finding((*SITE, "datastore"), "the manifest names no datastore", "set datastore or datastoreCluster")
    if site.datastore and site.datastore_cluster:
        yield Finding((*SITE, "datastoreCluster"), "datastore and datastoreCluster exclude each other", "keep one")
    if not site.api_vip:
        message = "there is no load balancer, so the API needs a virtual address"
        yield Finding((*SITE, "apiVIP"), message, "name a free address of the machines' network")
    if site.address_range and not site.gateway:
        yield Finding(
            (*SITE, "gateway"), "machines with fixed addresses need a gateway", "set cloudConfig.vsphere.gateway"
        )


def _networks_and_disks(cluster: Cluster) -> Iterator[Finding]:
    for index, subnet in enumerate(cluster.spec.subnets or ()):
        if not subnet.id and not _site(cluster).network:
            message = f"subnet {subnet.name!r} names no network: vSphere networks exist before the cluster"
            yield Finding(
                ("spec", "subnets", index, "id"), message, "write a port group's name, or set vsphere.network"
            )
    for one, etcd in enumerate(cluster.spec.etcd_clusters or ()):
        for other, member in enumerate(etcd.etcd_members or ()):
            if member.volume_type not in (None, *_DISKS):
                path = ("spec", "etcdClusters", one, "etcdMembers", other, "volumeType")
                yield Finding(path, f"{member.volume_type!r} is no disk provisioning", f"use {', '.join(_DISKS)}")


CLOUD = VSphere()
