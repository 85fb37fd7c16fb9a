"""vSphere, the pure side: what it can do, its limits, its dated defaults and its own rules.

There is no cloud around the machines: no load balancers (the API gets a virtual IP), no groups (machines have stable
ordinals), no firewall (the machines carry the rules), no DNS. Templates and networks belong to each site, so the
manifest names them. `CLOUD` is what the pure stages get. This module must not import pulumi.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kops_pulumi.clouds.neutral import NeutralCloud
from kops_pulumi.clouds.vsphere import options, rules
from kops_pulumi.model import Role
from kops_pulumi.plugins import Capabilities, CloudDefaults
from kops_pulumi.resolve.versions import dated

if TYPE_CHECKING:
    from kops_pulumi.errors import Finding
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

_LIMITS: Mapping[str, int] = {"server": 63, "folder": 80, "role": 80, "tag": 80, "volume": 80}
"""A machine's name becomes its host name; inventory names have 80 characters:
https://configmax.broadcom.com/ (virtual machine name length)."""

_DEFAULTS: Mapping[str, CloudDefaults] = {
    "2026-11-01": CloudDefaults(
        network_cidr=None,
        # What the control plane of a small cluster needs: https://kubernetes.io/docs/setup/best-practices/cluster-large/
        machine_types={
            Role.CONTROL_PLANE: "2cpu-8gb",
            Role.API_SERVER: "2cpu-8gb",
            Role.NODE: "2cpu-8gb",
            Role.BASTION: "1cpu-2gb",
        },
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
        delivery_limit=512 * 1024,  # what vCenter itself takes of cloud-init data; beyond it nobody has tried
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
        return options.site(cluster).datacenter or ""

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings that only vSphere can make."""
        return rules.findings(full, self.name)

    def external_api(self, cluster: Cluster) -> bool:
        """`apiLoadBalancer` instead of `apiVIP`."""
        return bool(options.site(cluster).api_load_balancer)

    def cluster_options(self, full: FullSpec) -> options.VsphereCluster:
        """The site."""
        return options.cluster_options(full)

    def group_options(self, full: FullSpec, group: InstanceGroup) -> options.VsphereGroup:
        """Where a group differs, and what its machine type means."""
        return options.group_options(full, group)


CLOUD = VSphere()
