"""OpenStack, the pure side: what it can do, its limits, its dated defaults and its own rules.

Flavors, images and volume types belong to each deployment, so there are few defaults: groups name what they want.
`CLOUD` is what the pure stages get. This module must not import pulumi.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kops_pulumi.clouds.neutral import NeutralCloud
from kops_pulumi.clouds.openstack import options, rules
from kops_pulumi.model import Role
from kops_pulumi.plugins import Capabilities, CloudDefaults, Machines
from kops_pulumi.resolve.versions import dated

if TYPE_CHECKING:
    from kops_pulumi.errors import Finding
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


_MACHINES = Machines(
    # The cloud controller finds a node's server by its name:
    # https://github.com/kubernetes/cloud-provider-openstack/blob/master/pkg/openstack/instances.go
    node_name="private-dns",
    # https://docs.openstack.org/nova/latest/user/metadata.html
    guarded="169.254.169.254",
)


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
        machines=_MACHINES,
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
        return rules.findings(full)

    def cluster_options(self, full: FullSpec) -> options.OpenStackCluster:
        """The cluster's OpenStack options."""
        return options.cluster_options(full)

    def group_options(self, full: FullSpec, group: InstanceGroup) -> options.OpenStackGroup:
        """A group's OpenStack options."""
        return options.group_options(full, group)


CLOUD = OpenStack()
