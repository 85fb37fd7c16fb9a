"""Karpenter: starts machines of the right size for the pods that wait, in place of instance groups.

https://karpenter.sh/docs/reference/cloudformation/#karpentercontrollerpolicy
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn, kube_system, own_accounts
from kops_pulumi.errors import Finding

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class Karpenter(BuiltIn):
    """`spec.karpenter`."""

    name = "karpenter"
    clouds = frozenset({"aws"})
    section = ("karpenter", "karpenter")
    account = kube_system("karpenter")
    verbs = ("machines.provision", "encryption.use")

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """It may start machines with the nodes' role, so it must not share an identity with anything else."""
        if not own_accounts(full):
            hint = "set spec.iam.useServiceAccountExternalPermissions: true"
            yield self.finding("karpenter needs an identity of its own", "enabled", hint=hint)
        handler = full.cluster.spec.node_termination_handler
        if handler is not None and handler.enabled:
            text = "karpenter drains its nodes itself"
            yield self.finding(text, "enabled", hint="remove spec.nodeTerminationHandler, or set its enabled: false")


ADDON = Karpenter()
