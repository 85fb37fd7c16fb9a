"""Where the API is reached on OpenStack: Octavia load balancers, floating addresses, and names in Designate.

One load balancer an endpoint, in a subnet with its machines; they join its pools when they are made (instances.py). A
public one has a floating address before it, which stays when the load balancer is replaced. Connections are passed on
as they are: TLS ends at the API servers. Without a load balancer and without DNS, control planes share an address of
the network (kube-vip, `bootstrap/vip.py`), which is a port without a machine here.

https://www.pulumi.com/registry/packages/openstack/api-docs/loadbalancer/ (loadbalancer, listener, pool, monitor),
../networking/floatingip/ and ../dns/recordset/
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_openstack import dns, loadbalancer, networking

from kops_pulumi.clouds.openstack import lookups, matrix, tags
from kops_pulumi.components.handles import EndpointHandles, Handles
from kops_pulumi.model import ClusterPlan, DnsRecord, Endpoint, EndpointKind, Listener
from kops_pulumi.plan.names import logical

_RECORD_SECONDS = 60
"""How long resolvers may keep an address of ours."""


@dataclass(frozen=True, slots=True)
class _Face:
    """An endpoint as its own network sees it."""

    address: pulumi.Output[str]
    port: pulumi.Output[str]


class Endpoints(pulumi.ComponentResource):
    """Load balancers, their listeners and pools, and DNS records."""

    handles: EndpointHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:openstack:Endpoints", name, None, opts)
        self._name, self._plan, self._known, self._options = name, plan, handles, plan.options
        balanced = [endpoint for endpoint in plan.endpoints if endpoint.kind is EndpointKind.LOAD_BALANCER]
        balancers = {endpoint.name: self._balancer(endpoint) for endpoint in balanced}
        pools = {endpoint.name: self._listen(endpoint, balancers[endpoint.name]) for endpoint in balanced}
        faces = {
            item.name: _Face(made.vip_address, made.vip_port_id)
            for item, made in zip(balanced, balancers.values(), strict=True)
        }
        shared = [endpoint for endpoint in plan.endpoints if endpoint.kind is EndpointKind.VIP]
        faces |= {endpoint.name: self._reserved(endpoint) for endpoint in shared}
        addresses = {item.name: self._address(item, faces[item.name]) for item in (*balanced, *shared)}
        self._publish(addresses)
        held = {endpoint.name: faces[endpoint.name].address for endpoint in shared}
        self.handles = EndpointHandles(addresses, pools, held)
        self.register_outputs({"addresses": addresses})

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))

    def _balancer(self, endpoint: Endpoint) -> loadbalancer.LoadBalancer:
        network = self._known.network
        subnet = matrix.home(self._plan, endpoint)
        return loadbalancer.LoadBalancer(
            logical(self._name, endpoint.name),
            name=f"{endpoint.name}.{self._plan.name}",
            vip_subnet_id=network.subnet_ids[subnet.name] if network else None,
            vip_address=subnet.private_ipv4,
            loadbalancer_provider=self._options.balancing.provider,
            flavor_id=self._options.balancing.flavor,
            tags=tags.owned(self._plan),
            opts=self._child(*(network.ready if network else ())),
        )

    def _listen(self, endpoint: Endpoint, balancer: loadbalancer.LoadBalancer) -> tuple[pulumi.Output[str], ...]:
        """The pool of each listener, in the listeners' order."""
        return tuple(self._pool(endpoint, listener, balancer).id for listener in endpoint.listeners)

    def _pool(self, endpoint: Endpoint, item: Listener, balancer: loadbalancer.LoadBalancer) -> loadbalancer.Pool:
        name, physical = logical(self._name, endpoint.name, item.name), f"{item.name}.{endpoint.name}.{self._plan.name}"
        listener = loadbalancer.Listener(
            name,
            name=physical,
            loadbalancer_id=balancer.id,
            protocol="TCP",
            protocol_port=item.port,
            allowed_cidrs=list(matrix.allowed(self._plan, endpoint, item)) or None,
            tags=tags.owned(self._plan),
            opts=self._child(),
        )
        balancing = self._options.balancing
        pool = loadbalancer.Pool(
            name,
            name=physical,
            listener_id=listener.id,
            protocol="TCP",
            lb_method=balancing.method,
            tags=tags.owned(self._plan),
            opts=self._child(),
        )
        loadbalancer.Monitor(
            name,
            name=physical,
            pool_id=pool.id,
            type="TCP",
            delay=balancing.delay,
            timeout=balancing.timeout,
            max_retries=balancing.max_retries,
            opts=self._child(),
        )
        return pool

    def _reserved(self, endpoint: Endpoint) -> _Face:
        """An address that no machine has: control planes hold it in turn, and their ports let it through."""
        network = self._known.network
        subnet = matrix.home(self._plan, endpoint).name
        made = networking.Port(
            logical(self._name, endpoint.name),
            name=f"{endpoint.name}.{self._plan.name}",
            network_id=network.network_id if network else "",
            fixed_ips=[networking.PortFixedIpArgs(subnet_id=network.subnet_ids[subnet] if network else None)],
            no_security_groups=True,
            tags=tags.owned(self._plan),
            opts=self._child(*(network.ready if network else ())),
        )
        return _Face(made.all_fixed_ips[0], made.id)

    def _address(self, endpoint: Endpoint, face: _Face) -> pulumi.Output[str]:
        """The floating address of a public endpoint, else the one in its network."""
        options = self._options
        if not endpoint.public or options.floating_network is None:
            return face.address
        outside, subnet = lookups.external(options.floating_network, self), options.floating_subnet
        made = networking.FloatingIp(
            logical(self._name, endpoint.name),
            pool=outside.name,
            subnet_id=lookups.subnet_id(subnet, self) if subnet else None,
            port_id=face.port,
            description=f"{endpoint.name}.{self._plan.name}",
            tags=tags.owned(self._plan),
            opts=self._child(*(self._known.network.ready if self._known.network else ())),
        )
        return made.address

    def _publish(self, addresses: dict[str, pulumi.Output[str]]) -> None:
        """Names of endpoints in the user's zone; there are no IPv6 addresses to publish."""
        records = [record for record in self._plan.dns.records if record.type == "A"]
        if self._plan.dns.zone is None or not records:
            return
        zone = lookups.zone(self._plan.dns.zone, self)
        for record in records:
            self._record(record, zone, addresses[record.endpoint])

    def _record(self, record: DnsRecord, zone: pulumi.Output[str], address: pulumi.Output[str]) -> None:
        dns.RecordSet(
            logical(self._name, record.name, record.type),
            zone_id=zone,
            name=f"{record.name}.",
            type=record.type,
            ttl=_RECORD_SECONDS,
            records=[address],
            opts=self._child(),
        )
