"""The third stage: from the resolved manifest to a ClusterPlan, the whole cluster as cloud-neutral values.

One module a topic (network, endpoints, firewall, identities, groups, etcd, pki); `build` puts them together. Pure:
same manifest, same plan, same bytes; what the manifest reorders stays where it is, for everything is keyed by name and
sorted. This package asks the cloud, the CNI and the add-ons it is given; it imports none of them, and never pulumi.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.model import ClusterPlan, TerminationQueue
from kops_pulumi.plan import deliveries, endpoints, etcd, firewall, groups, identities, network, pki, podnetwork, store
from kops_pulumi.plan.names import Names

if TYPE_CHECKING:
    from kops_pulumi.plugins import AddOn, Cloud, Cni
    from kops_pulumi.resolve import FullSpec

__all__ = ["build"]

_EVENTS = ("group-lifecycle", "scheduled-change", "spot-interruption", "state-change")


def build(
    full: FullSpec, cloud: Cloud, cni: Cni, addons: Sequence[AddOn], files: Mapping[str, str] | None = None
) -> ClusterPlan:
    """The plan of a cluster, without user data (see `bootstrap`). Raises ManifestError for what cannot be laid out.

    `files` are the texts of files that the manifest names, by the path it writes.
    """
    spec = full.cluster.spec
    names = Names(full.cluster.metadata.name, cloud.name_limits)
    net = network.plan_network(full, cloud)
    ends = endpoints.plan_endpoints(full, cloud, names, net)
    dns = endpoints.plan_dns(full, cloud, ends, net)
    place = store.plan_store(full.cluster, cloud)
    stores = store.placed(etcd.plan_etcd(full, names, net), full.cluster, place)
    machines = groups.plan_groups(full, cloud, names, net, ends)
    roles = {group.role for group in machines}
    ours = {group.role for group in machines if group.identity is not None}
    return ClusterPlan(
        name=full.cluster.metadata.name,
        cloud=full.cloud,
        region=full.region,
        kubernetes_version=(spec.kubernetes_version or "").removeprefix("v"),
        network=net,
        rules=firewall.rules(full, roles=roles, etcd=stores, endpoints=ends, network=net, cni=cni, addons=addons),
        identities=identities.build(
            full, names=names, machines=ours, etcd=stores, store=place, dns=dns, cni=cni, addons=addons
        ),
        issuer=identities.issuer(full.cluster, cloud, full.region),
        certificates=pki.plan_certificates(full, stores, cni.random_keys(full)),
        endpoints=ends,
        dns=dns,
        etcd=stores,
        groups=machines,
        ssh_key=pki.plan_ssh_key(full, names),
        termination_queue=_termination_queue(full, cloud, names),
        store=place.address if place else store.MACHINE,
        object_store=place,
        host_firewall=not cloud.capabilities.security_groups,
        leaves=pki.plan_leaves(full, net, machines, cni.leaves(full)),
        name_limits=dict(cloud.name_limits),
        labels=dict(spec.cloud_labels or {}),
        protected=spec.protect is not False,
        options=cloud.cluster_options(full),
        deliveries=deliveries.build(full, cni, addons, files or {}),
        pod_network=podnetwork.plan(full, cni),
    )


def _termination_queue(full: FullSpec, cloud: Cloud, names: Names) -> TerminationQueue | None:
    """The queue of the termination handler's default mode; none in metadata mode, without handler, with Karpenter."""
    if not cloud.capabilities.termination_events:
        return None
    spec = full.cluster.spec
    handler = spec.node_termination_handler
    karpenter = bool(spec.karpenter and spec.karpenter.enabled)
    enabled = handler.enabled if handler and handler.enabled is not None else not karpenter
    if not enabled or (handler and handler.enable_sqs_termination_draining is False):
        return None
    rebalance = ("rebalance",) if handler and handler.enable_rebalance_draining else ()
    return TerminationQueue(names.fit("queue", f"{names.dashed}-nth"), tuple(sorted((*_EVENTS, *rebalance))))
