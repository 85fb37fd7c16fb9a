"""Google Compute Engine, the pure side: what it can do, its limits, its dated defaults and its own rules.

`CLOUD` is what the pure stages get. This module must not import pulumi.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kops_pulumi.clouds.gce import options, rules
from kops_pulumi.clouds.neutral import NeutralCloud
from kops_pulumi.clouds.ownership import foreign
from kops_pulumi.model import Role
from kops_pulumi.plugins import Capabilities, CloudDefaults, Machines
from kops_pulumi.resolve.versions import dated

if TYPE_CHECKING:
    from kops_pulumi.errors import Finding
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

NAME_LIMIT = 63
"""Of every resource: RFC 1035 labels, https://cloud.google.com/compute/docs/naming-resources."""

_DEFAULTS: Mapping[str, CloudDefaults] = {
    "2026-11-01": CloudDefaults(
        network_cidr=None,  # a VPC network has no range of its own, only its subnetworks have
        machine_types={
            Role.CONTROL_PLANE: "e2-medium",
            Role.API_SERVER: "e2-medium",
            Role.NODE: "e2-medium",
            Role.BASTION: "e2-micro",
        },
        root_volume_sizes={Role.CONTROL_PLANE: 64, Role.API_SERVER: 128, Role.NODE: 128, Role.BASTION: 32},
        root_volume_type="pd-standard",
        root_volume_iops=None,
        root_volume_throughput=None,
        etcd_volume_type="pd-ssd",
        etcd_volume_size=20,
        etcd_volume_iops=None,
        etcd_volume_throughput=None,
        image="ubuntu-os-cloud/ubuntu-2404-noble-amd64-v20260918",
        subnet_parent="10.0.0.0/8",
        cluster={
            "cloud_config": {
                # https://github.com/kubernetes-sigs/gcp-compute-persistent-disk-csi-driver/releases
                "gcp_pd_csi_driver": {
                    "enabled": True,
                    "version": "v1.22.1",
                    "default_storage_class_name": "balanced-csi",
                },
            },
        },
        group={"gcp_provisioning_model": "STANDARD"},
    ),
}
"""By the first day they are in force. Images: https://cloud.google.com/compute/docs/images/os-details#ubuntu_lts."""


@dataclass(frozen=True, slots=True)
class Gce(NeutralCloud):
    """Google Compute Engine."""

    name: str = "gce"
    store_scheme: str | None = "gs"
    capabilities: Capabilities = Capabilities(  # noqa: RUF009 - a frozen value
        load_balancer=True,
        groups=True,
        security_groups=True,
        instance_identity=True,
        service_account_identity=False,
        managed_dns=True,
        private_dns=True,
        object_store=True,
        zonal_subnets=False,
        ipv6=False,
        network_cidr=False,
        user_data_limit=256 * 1024,  # of one metadata value: https://cloud.google.com/compute/docs/metadata/overview
        termination_events=False,
        machines=Machines(
            publishes_names=True,
            # https://cloud.google.com/compute/docs/instances/configure-ntp
            time_servers=("metadata.google.internal",),
            sysctls={"net.ipv4.ip_forward": "1"},
            # Addresses of an alias range are on the machine's bridge: https://kops.sigs.k8s.io/networking/
            kubelet={"hairpinMode": "promiscuous-bridge"},
        ),
    )

    @property
    def name_limits(self) -> Mapping[str, int]:
        """Longest physical names, in characters."""
        kinds = ("load-balancer", "role", "group", "launch-template", "volume", "security-group", "subnet", "network")
        return dict.fromkeys(kinds, NAME_LIMIT) | {"role": 30}  # a service account's id: 6 to 30 characters

    def defaults(self, version: str) -> CloudDefaults:
        """The row in force on that day; the oldest for days before all rows."""
        return dated(_DEFAULTS, version)

    def region(self, cluster: Cluster) -> str:
        """The region the first subnet names; empty when none does (validation reports that)."""
        return next((subnet.region for subnet in cluster.spec.subnets or () if subnet.region), "")

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings that only GCE can make."""
        return [*rules.findings(full), *foreign(full, self.name)]

    def cluster_options(self, full: FullSpec) -> options.GceCluster:
        """The cluster's GCE options."""
        return options.cluster_options(full)

    def group_options(self, full: FullSpec, group: InstanceGroup) -> options.GceGroup:  # noqa: ARG002 - the protocol's
        """A group's GCE options."""
        return options.group_options(group)

    def issuer_url(self, discovery_store: str, region: str = "") -> str:  # noqa: ARG002 - a store has one address
        """The public URL of a bucket's path (`gs://bucket/path`): https://cloud.google.com/storage/docs/access-public-data."""
        store = urlsplit(discovery_store)
        host = f"storage.googleapis.com/{store.netloc}" if store.scheme == "gs" else store.netloc
        return "/".join(part for part in (f"https://{host}", store.path.strip("/")) if part)


CLOUD = Gce()
