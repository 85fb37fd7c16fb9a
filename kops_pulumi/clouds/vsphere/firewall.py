"""The firewall of a cluster on vSphere: none of vCenter's. The machines carry the matrix (`bootstrap/firewall.py`)."""

from __future__ import annotations

import pulumi

from kops_pulumi.components.handles import FirewallHandles, Handles
from kops_pulumi.model import ClusterPlan


class Firewall(pulumi.ComponentResource):
    """Stands where other clouds have security groups."""

    handles: FirewallHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:vsphere:Firewall", name, None, opts)
        del handles
        self.handles = FirewallHandles({group.name: () for group in plan.groups}, {}, ready=(self,))
        self.register_outputs({})
