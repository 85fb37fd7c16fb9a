"""kubenet: the kubelet's own bridge, with a route for each node in the cloud's route table.

The cloud controller writes the routes (its add-on asks for the permission). AWS allows 50 routes a table, and one
table only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin
from kops_pulumi.errors import Finding

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


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


CNI = Kubenet()
