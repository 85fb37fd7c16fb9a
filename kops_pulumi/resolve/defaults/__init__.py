"""Defaults: every absent field that something reads gets its value here, and nowhere else.

One module a theme, one function a section; values stand in tables with their reason or source. Rows are dated: the
Cluster's annotation `kops.k8s.io/defaults-version` chooses the row, and a manifest without it stays on the oldest, so
that a newer tool changes nothing for it (decision 8). Sections fill copies of the user's models; nothing is ever
written back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.resolve.defaults import addons, components, etcd, groups, identity, network
from kops_pulumi.resolve.defaults.facts import Facts

if TYPE_CHECKING:
    from kops_pulumi.spec import Cluster, InstanceGroup

__all__ = ["Facts", "apply"]


def apply(cluster: Cluster, instance_groups: Sequence[InstanceGroup], facts: Facts) -> None:
    """Fill the cluster and its groups in place, in the order in which one default needs another."""
    spec = cluster.spec
    spec.kubernetes_version = str(facts.version)
    network.ranges(spec, facts)
    network.subnets(spec, facts)
    network.topology(spec, facts)
    components.nodes(spec, facts)
    for group in instance_groups:
        groups.group(group, cluster, facts)
    network.api(spec, instance_groups, facts)
    identity.identity(spec, facts)
    etcd.etcd(spec, facts)
    components.control_plane(spec, facts)
    addons.networking(spec, facts)
    addons.addons(spec, facts)
