"""Where the API is reached on GCE: addresses, the health check of the machines behind them, and DNS records.

Reads `plan.endpoints` and `plan.dns`. The load balancers themselves are passthrough ones, which need the instance
groups behind them: `balancing.py` makes them with the machines. A public API that machines use by its load balancer has
an internal address too, `<endpoint>-internal` among the handles' addresses.

https://www.pulumi.com/registry/packages/gcp/api-docs/compute/address/, ../compute/regionhealthcheck/ and
../dns/recordset/; https://cloud.google.com/load-balancing/docs/passthrough-network-load-balancer.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute, dns

from kops_pulumi.clouds.gce import labels, names, zones
from kops_pulumi.components.handles import EndpointHandles, Handles
from kops_pulumi.model import ClusterPlan, DnsRecord, Endpoint, EndpointKind
from kops_pulumi.plan.endpoints import internal_api_name
from kops_pulumi.plan.names import logical

HEALTH_INTERVAL_SECONDS = 10
HEALTH_TIMEOUT_SECONDS = 5
HEALTH_THRESHOLD = 2
TTL_SECONDS = 60


class Endpoints(pulumi.ComponentResource):
    """Addresses, health checks and DNS records."""

    handles: EndpointHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:gce:Endpoints", name, None, opts)
        self._name, self._plan, self._known = name, plan, handles
        balanced = [endpoint for endpoint in plan.endpoints if endpoint.kind is EndpointKind.LOAD_BALANCER]
        self._addresses: dict[str, pulumi.Output[str]] = {}
        for endpoint in balanced:
            self._reserve(endpoint)
        checks = {endpoint.name: (self._health_check(endpoint).id,) for endpoint in balanced}
        for record in plan.dns.records:
            self._publish(record)
        self.handles = EndpointHandles(self._addresses, checks)
        self.register_outputs({"addresses": self._addresses})

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))

    def _reserve(self, endpoint: Endpoint) -> None:
        if endpoint.public:
            self._addresses[endpoint.name] = self._external(endpoint)
            if self._plan.options.internal_balancer:
                self._addresses[internal(endpoint)] = self._internal(endpoint)
        else:
            self._addresses[endpoint.name] = self._internal(endpoint)

    def _external(self, endpoint: Endpoint) -> pulumi.Output[str]:
        made = compute.Address(
            logical(self._name, endpoint.name),
            name=names.of_cluster(self._plan.name, endpoint.name),
            region=self._plan.region,
            address_type="EXTERNAL",
            labels=labels.owned(self._plan),
            opts=self._child(),
        )
        return made.address

    def _internal(self, endpoint: Endpoint) -> pulumi.Output[str]:
        """Shared among forwarding rules, of which each has at most five ports."""
        network, home = self._known.network, home_of(self._plan, endpoint)
        fixed = {subnet.name: subnet.private_ipv4 for subnet in endpoint.subnets}
        made = compute.Address(
            logical(self._name, endpoint.name, home),
            name=names.of_cluster(self._plan.name, f"{endpoint.name}-{home}"),
            region=self._plan.region,
            address_type="INTERNAL",
            purpose="SHARED_LOADBALANCER_VIP",
            address=fixed.get(home),
            subnetwork=network.subnet_ids[home] if network else None,
            labels=labels.owned(self._plan),
            opts=self._child(),
        )
        return made.address

    def _health_check(self, endpoint: Endpoint) -> compute.RegionHealthCheck:
        """Whether a machine takes connections; the API's own port is the first listener's."""
        return compute.RegionHealthCheck(
            logical(self._name, endpoint.name),
            name=names.of_cluster(self._plan.name, endpoint.name),
            region=self._plan.region,
            check_interval_sec=HEALTH_INTERVAL_SECONDS,
            timeout_sec=HEALTH_TIMEOUT_SECONDS,
            healthy_threshold=HEALTH_THRESHOLD,
            unhealthy_threshold=HEALTH_THRESHOLD,
            tcp_health_check=compute.RegionHealthCheckTcpHealthCheckArgs(port=endpoint.listeners[0].target_port),
            opts=self._child(),
        )

    def _publish(self, record: DnsRecord) -> None:
        """An A record of the load balancer's address; there is no IPv6 to publish."""
        zone = self._plan.dns.zone
        if record.type != "A" or zone is None:
            return
        inside = record.name == internal_api_name(self._plan.name)
        twin = self._addresses.get(f"{record.endpoint}-internal") if inside else None
        network = self._known.network
        dns.RecordSet(
            logical(self._name, record.name, record.type),
            name=f"{record.name}.",
            managed_zone=zones.find(self._plan, zone, self),
            type=record.type,
            ttl=TTL_SECONDS,
            rrdatas=[twin or self._addresses[record.endpoint]],
            opts=self._child(*(network.ready if network else ())),
        )


def internal(endpoint: Endpoint) -> str:
    """What the internal twin of a public endpoint is called."""
    return f"{endpoint.name}-internal"


def home_of(plan: ClusterPlan, endpoint: Endpoint) -> str:
    """The subnet of an internal load balancer: the first of the manifest's that exists, else the machines' own."""
    known = {subnet.name for subnet in plan.network.subnets}
    listed = [subnet.name for subnet in endpoint.subnets if subnet.name in known]
    homes = [name for group in plan.groups_of(*endpoint.roles) for name in group.subnets]
    return (listed if listed and not endpoint.public else homes)[0]
