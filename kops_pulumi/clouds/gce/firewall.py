"""The firewall of a cluster on GCE: one rule resource for each pair of roles, and for each purpose from outside.

What the plan's matrix becomes is `matrix.py`; machines are known by the network tag of their role. Rules are resources
of their own, named after what they allow, so that a change of one touches no other. What nobody may do has no rule.

https://www.pulumi.com/registry/packages/gcp/api-docs/compute/firewall/
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute

from kops_pulumi.clouds.gce import matrix, names
from kops_pulumi.components.handles import FirewallHandles, Handles
from kops_pulumi.model import ClusterPlan
from kops_pulumi.plan.names import logical


class Firewall(pulumi.ComponentResource):
    """Firewall rules of the cluster's network."""

    handles: FirewallHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:gce:Firewall", name, None, opts)
        self._name, self._plan = name, plan
        self._network_id = handles.network.network_id if handles.network else pulumi.Output.from_input("")
        made = {way.word: self._rule(way).id for way in matrix.ways(plan)}
        tags = {group.name: names.tag(plan.name, group.role) for group in plan.groups}
        self.handles = FirewallHandles(
            group_security_groups={name: (pulumi.Output.from_input(tag),) for name, tag in tags.items()},
            endpoint_security_groups={},
            ready=(self,),
        )
        self.register_outputs({"firewallIds": made})

    def _rule(self, way: matrix.Way) -> compute.Firewall:
        return compute.Firewall(
            logical(self._name, way.word),
            name=names.of_cluster(self._plan.name, way.word),
            project=self._plan.options.network_project,
            network=self._network_id,
            description=way.reason,
            direction="INGRESS",
            source_tags=[names.tag(self._plan.name, way.source)] if way.source else None,
            source_ranges=list(way.ranges) or None,
            target_tags=[names.tag(self._plan.name, way.target)],
            allows=[
                compute.FirewallAllowArgs(protocol=protocol, ports=list(ports) or None)
                for protocol, ports in way.allows
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
