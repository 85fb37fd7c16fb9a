"""The network of a cluster on OpenStack: a network, its subnets, and a router to the outside.

A network or subnets that the manifest names by id are used as they are; subnets of ours can lie in the user's network.
The router exists where the manifest names an external network (`router.externalNetwork`) and a subnet is ours; the
user's own subnets have the user's routers. What is not private and what is behind NAT is the same here: the router
translates for all, and machines in public subnets get floating addresses besides.

https://www.pulumi.com/registry/packages/openstack/api-docs/networking/ (network, subnet, router, routerinterface)
"""

from __future__ import annotations

import pulumi
from pulumi_openstack import networking

from kops_pulumi.clouds.openstack import lookups, tags
from kops_pulumi.components.handles import Handles, NetworkHandles
from kops_pulumi.model import ClusterPlan, Subnet
from kops_pulumi.plan.names import logical

_IPV4 = 4


class Network(pulumi.ComponentResource):
    """Network, subnets, router."""

    handles: NetworkHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:openstack:Network", name, None, opts)
        del handles
        self._name, self._plan, self._options = name, plan, plan.options
        network_id = self._network()
        own = {subnet.name: self._subnet(subnet, network_id) for subnet in plan.network.subnets if not subnet.adopted}
        adopted = {s.name: pulumi.Output.from_input(s.existing_id or "") for s in plan.network.subnets if s.adopted}
        router = self._router() if own and self._options.external_network else None
        interfaces = [self._interface(router, key, subnet) for key, subnet in own.items()] if router else []
        subnet_ids = {**adopted, **{key: subnet.id for key, subnet in own.items()}}
        self.handles = NetworkHandles(network_id, dict(sorted(subnet_ids.items())), ready=(self, *interfaces))
        self.register_outputs({"networkId": network_id, "subnetIds": subnet_ids})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _network(self) -> pulumi.Output[str]:
        if self._plan.network.existing_id is not None:
            return pulumi.Output.from_input(self._plan.network.existing_id)
        made = networking.Network(
            logical(self._name, "network"),
            name=self._plan.name,
            admin_state_up=True,
            availability_zone_hints=list(self._options.network_zones) or None,
            tags=tags.owned(self._plan),
            opts=self._child(),
        )
        return made.id

    def _subnet(self, subnet: Subnet, network_id: pulumi.Output[str]) -> networking.Subnet:
        return networking.Subnet(
            logical(self._name, subnet.name),
            name=f"{subnet.name}.{self._plan.name}",
            network_id=network_id,
            cidr=subnet.cidr,
            ip_version=_IPV4,
            dns_nameservers=list(self._options.dns_servers) or None,
            tags=tags.owned(self._plan, SubnetType=subnet.type.value),
            opts=self._child(),
        )

    def _router(self) -> networking.Router:
        outside = lookups.external(self._options.external_network, self)
        subnet = self._options.external_subnet
        return networking.Router(
            logical(self._name, "router"),
            name=self._plan.name,
            admin_state_up=True,
            external_network_id=outside.id,
            external_subnet_ids=[lookups.subnet_id(subnet, self)] if subnet else None,
            availability_zone_hints=list(self._options.router_zones) or None,
            tags=tags.owned(self._plan),
            opts=self._child(),
        )

    def _interface(self, router: networking.Router, key: str, subnet: networking.Subnet) -> networking.RouterInterface:
        return networking.RouterInterface(
            logical(self._name, key), router_id=router.id, subnet_id=subnet.id, opts=self._child()
        )
