"""Node termination handler: drains nodes that the cloud is about to take away.

Two ways: a queue that the cloud's events go to (kops's default), or a pod on each node that watches the machine's own
metadata and needs no permission. https://github.com/aws/aws-node-termination-handler#2-prepare-ec2-spot-instances
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons import karpenter
from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.model import Permission

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class NodeTerminationHandler(BuiltIn):
    """`spec.nodeTerminationHandler`; there unless disabled or karpenter does its work."""

    name = "node-termination-handler"
    clouds = frozenset({"aws"})
    account = kube_system("aws-node-termination-handler")

    def wanted(self, full: FullSpec) -> bool:
        """Unless the manifest says no."""
        settings = full.cluster.spec.node_termination_handler
        if settings is None or settings.enabled is None:
            return not karpenter.ADDON.enabled(full)
        return bool(settings.enabled)

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """The queue's messages, and the groups' lifecycle hooks."""
        settings = full.cluster.spec.node_termination_handler
        queue = settings is None or settings.enable_sqs_termination_draining is not False
        return (Permission("groups.drain"),) if queue else ()


ADDON = NodeTerminationHandler()
