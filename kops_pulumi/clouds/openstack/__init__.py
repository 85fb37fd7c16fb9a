"""OpenStack, the pure side: what it can do, its limits, its dated defaults and its own rules.

Flavors, images and volume types belong to each deployment, so there are few defaults: groups name what they want.
`CLOUD` is what the pure stages get. This module must not import pulumi.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kops_pulumi.clouds.neutral import NeutralCloud
from kops_pulumi.clouds.ownership import foreign
from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.model import Role
from kops_pulumi.plugins import Capabilities, CloudDefaults
from kops_pulumi.resolve.versions import dated

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

_LIMITS: Mapping[str, int] = {"tag": 60, "server": 63}
"""Tags: https://docs.openstack.org/api-ref/compute/#server-tags-servers-tags; a server's name becomes its host name.
Others 255."""

_DEFAULTS: Mapping[str, CloudDefaults] = {
    "2026-11-01": CloudDefaults(
        network_cidr="192.168.0.0/16",
        machine_types={},
        root_volume_sizes={Role.CONTROL_PLANE: 64, Role.API_SERVER: 128, Role.NODE: 128, Role.BASTION: 32},
        root_volume_type="",
        root_volume_iops=None,
        root_volume_throughput=None,
        etcd_volume_type="",
        etcd_volume_size=20,
        etcd_volume_iops=None,
        etcd_volume_throughput=None,
        image="",
        cluster={
            # Nova answers slowly, and addresses hardly change: https://github.com/kubernetes/cloud-provider-openstack.
            "cloud_controller_manager": {"node_status_update_frequency": "60m"},
            "cloud_config": {"openstack": {"block_storage": {"create_storage_class": True}}},
        },
    ),
}
"""By the first day they are in force. Empty: the deployment's own default (volume types) or the manifest's duty
(images)."""

_METHODS = ("ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT")
"""https://docs.openstack.org/api-ref/load-balancer/v2/#create-pool"""
_AFFINITIES = ("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity")
"""https://docs.openstack.org/api-ref/compute/#create-server-group"""
AFFINITY_ANNOTATION = "openstack.kops.io/serverGroupAffinity"


@dataclass(frozen=True, slots=True)
class OpenStack(NeutralCloud):
    """An OpenStack deployment with Nova, Neutron and Cinder; Octavia, Designate and Swift where it has them."""

    name: str = "openstack"
    store_scheme: str | None = "swift"
    capabilities: Capabilities = Capabilities(  # noqa: RUF009 - a frozen value
        load_balancer=True,
        groups=False,
        security_groups=True,
        instance_identity=False,
        service_account_identity=False,
        managed_dns=True,
        private_dns=False,
        object_store=True,
        zonal_subnets=False,
        ipv6=False,
        network_cidr=True,
        # Nova takes 65,535 bytes of base64: https://docs.openstack.org/api-ref/compute/#create-server.
        user_data_limit=65535 // 4 * 3,
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
        """The region the first subnet names; empty when none does: then the credentials decide."""
        return next((subnet.region for subnet in cluster.spec.subnets or () if subnet.region), "")

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings that only OpenStack can make."""
        document = f"Cluster/{full.cluster.metadata.name}"
        found = [replace(finding, document=document) for finding in _cluster(full.cluster)]
        for group in full.groups:
            name = f"InstanceGroup/{group.metadata.name}"
            found += [replace(finding, document=name) for finding in _group(group)]
        return [*found, *foreign(full, self.name)]


def _cluster(cluster: Cluster) -> Iterator[Finding]:
    options = cluster.spec.cloud_config and cluster.spec.cloud_config.openstack
    balancer = options.loadbalancer if options else None
    if balancer and balancer.method not in (None, *_METHODS):
        path: KeyPath = ("spec", "cloudConfig", "openstack", "loadbalancer", "method")
        yield Finding(path, f"{balancer.method!r} is not a balancing method", f"use {', '.join(_METHODS)}")
    scaler = cluster.spec.cluster_autoscaler
    if scaler and scaler.enabled:
        path = ("spec", "clusterAutoscaler", "enabled")
        yield Finding(path, "OpenStack has no groups for the autoscaler to resize", "remove spec.clusterAutoscaler")


def _group(group: InstanceGroup) -> Iterator[Finding]:
    affinity = (group.metadata.annotations or {}).get(AFFINITY_ANNOTATION)
    if affinity not in (None, *_AFFINITIES):
        path = ("metadata", "annotations", AFFINITY_ANNOTATION)
        yield Finding(path, f"{affinity!r} is not a server group policy", f"use {', '.join(_AFFINITIES)}")


CLOUD = OpenStack()
