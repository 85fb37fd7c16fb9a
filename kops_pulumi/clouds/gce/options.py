"""What only GCE knows of a cluster and of its groups, as frozen values that travel in the plan (`ClusterPlan.options`).

Reads the resolved manifest only; must not import pulumi or decide a default that a user can see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kops_pulumi.model import DnsType

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

PODS_RANGE = "pods"
SERVICES_RANGE = "services"
_HYPERDISK_ONLY = ("a4", "c4", "c4a", "c4d", "h4d", "m4", "n4", "n4a", "n4d", "x4")
"""Machine series without persistent disks: https://cloud.google.com/compute/docs/disks/hyperdisks#machine-type-support."""


@dataclass(frozen=True, slots=True)
class GceCluster:
    """Cluster-wide options that only GCE has."""

    project: str
    network_project: str | None
    """The host project of a shared VPC, whose network this is; None: the cluster's own project."""
    service_account: str | None
    """The one account that all machines use, `default` or an address; None: we make one for each role."""
    internal_balancer: bool
    """A public API has an internal address too, for the cluster's own machines."""
    alias_ranges: bool
    """Pods and services have secondary ranges of the subnet."""
    autoscaled: bool
    """The cluster autoscaler sets the sizes of groups of nodes."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """GPUs of one machine."""

    type: str
    count: int


@dataclass(frozen=True, slots=True)
class GceGroup:
    """A group's options that only GCE has."""

    spot: bool
    accelerators: tuple[Accelerator, ...]


def cluster_options(full: FullSpec) -> GceCluster:
    """The cluster's GCE options."""
    spec = full.cluster.spec
    host, _, _ = (spec.network_id or "").rpartition("/")
    scaler = spec.cluster_autoscaler
    return GceCluster(
        project=spec.project or "",
        network_project=host or None,
        service_account=spec.cloud_config.gce_service_account if spec.cloud_config else None,
        internal_balancer=_internal_balancer(full.cluster),
        alias_ranges=bool(spec.networking and spec.networking.gce is not None),
        autoscaled=bool(scaler and scaler.enabled),
    )


def group_options(group: InstanceGroup) -> GceGroup:
    """A group's GCE options."""
    spec = group.spec
    accelerators = tuple(
        Accelerator(item.accelerator_type or "", item.accelerator_count or 1) for item in spec.guest_accelerators or ()
    )
    return GceGroup(spot=spec.gcp_provisioning_model == "SPOT", accelerators=accelerators)


def needs_hyperdisk(machine_type: str) -> bool:
    """Whether machines of this type take hyperdisks only.

    >>> needs_hyperdisk("c4-standard-8"), needs_hyperdisk("e2-medium")
    (True, False)
    """
    return machine_type.partition("-")[0] in _HYPERDISK_ONLY


def _internal_balancer(cluster: Cluster) -> bool:
    """As kops: where machines are to use the load balancer, or where there is no DNS to find the API by."""
    balancer = cluster.spec.api.load_balancer if cluster.spec.api else None
    topology = cluster.spec.topology
    without_dns = bool(topology and topology.dns and topology.dns.type == DnsType.NONE.value)
    return bool(balancer and balancer.type != "Internal" and (balancer.use_for_internal_api or without_dns))
