"""kubenet: a bridge on each machine, with a route for each node in the cloud's route table.

The cloud controller writes the routes (its add-on asks for the permission). AWS allows 50 routes a table, and one
table only. The kubelet's own kubenet went with Kubernetes 1.24: containerd and the CNI project's bridge do the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin
from kops_pulumi.cni.parts import routed
from kops_pulumi.errors import Finding
from kops_pulumi.plugins import NodeSettings

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup


_ONE_TABLE = frozenset({"aws"})
"""Clouds whose controller keeps the routes in one table, while private subnets have a table each."""


class Kubenet(Plugin):
    """`networking.kubenet`."""

    key = "kubenet"

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """The cloud controller writes into one route table; private subnets have one for each zone."""
        if full.cloud in _ONE_TABLE and any(subnet.type == "Private" for subnet in full.cluster.spec.subnets or ()):
            yield self.finding(
                "kubenet cannot route between private subnets", hint="use cilium, calico or another overlay"
            )

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """The bridge, and the machine's address for what leaves the cluster."""
        del group
        return NodeSettings(
            cni_template=routed.template("bridge", bridge="cbr0", isGateway=True, hairpinMode=True),
            units=routed.masquerade([full.cluster.spec.non_masquerade_cidr]),
        )


CNI = Kubenet()
