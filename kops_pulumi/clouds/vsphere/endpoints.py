"""Where the API is reached on vSphere: a virtual address that control planes hold, or a load balancer of the user's.

Neither is a thing of vCenter: the address is in the manifest, and kube-vip (`bootstrap/vip.py`) or the user sees to it.
"""

from __future__ import annotations

import pulumi

from kops_pulumi.components.handles import EndpointHandles, Handles
from kops_pulumi.model import ClusterPlan


class Endpoints(pulumi.ComponentResource):
    """The addresses of the plan's endpoints."""

    handles: EndpointHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:vsphere:Endpoints", name, None, opts)
        del handles
        addresses = {endpoint.name: pulumi.Output.from_input(plan.options.api_address) for endpoint in plan.endpoints}
        self.handles = EndpointHandles(addresses, {}, addresses)
        self.register_outputs({"addresses": addresses})
