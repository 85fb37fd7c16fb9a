"""The network of a cluster on vSphere: port groups of the site, looked up by name and never touched.

Reads `plan.network` and the groups' options. A subnet of the manifest is a port group: its id is the port group's name,
the site's network by default. https://www.pulumi.com/registry/packages/vsphere/api-docs/getnetwork/.
"""

from __future__ import annotations

import pulumi

from kops_pulumi.clouds.vsphere.lookups import Lookups
from kops_pulumi.components.handles import Handles, NetworkHandles
from kops_pulumi.model import ClusterPlan


class Network(pulumi.ComponentResource):
    """Where machines are attached; `handles` has port groups by subnet and, where a group has another, by its name."""

    handles: NetworkHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:vsphere:Network", name, None, opts)
        del handles  # the first leaf: nothing is known yet
        found = Lookups(plan.options, self)
        known = {text: found.network(text) for text in sorted({group.options.network for group in plan.groups})}
        ids = {group.options.network: known[group.options.network] for group in plan.groups}
        self.handles = NetworkHandles(found.datacenter, ids, ready=(self,))
        self.register_outputs({"networkId": found.datacenter, "subnetIds": ids})
