"""Where the API and the bastions are reached on AWS: network load balancers and the DNS names that lead to them.

Reads `plan.endpoints` and `plan.dns`. Each listener has a target group of its own; instance groups register with it
(see instances.py). A hosted zone is the user's: looked up unless the manifest gives its id (zones.py), never made.
Records are aliases.

https://www.pulumi.com/registry/packages/aws/api-docs/lb/ (loadbalancer, targetgroup, listener) and ../route53/record/,
../route53/zoneassociation/; limits and defaults of network load balancers:
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import lb, route53

from kops_pulumi.clouds.aws import tags, zones
from kops_pulumi.components.handles import EndpointHandles, Handles
from kops_pulumi.model import ClusterPlan, DnsRecord, Endpoint, EndpointKind, EndpointSubnet, Listener
from kops_pulumi.plan.names import Names, logical

if TYPE_CHECKING:
    from collections.abc import Mapping

DRAIN_SECONDS = 30
HEALTH_INTERVAL_SECONDS = 10
HEALTH_THRESHOLD = 2
_HTTPS_CHECKS: Mapping[str, str] = {"kops-controller": "/healthz"}
"""Listeners whose targets are asked over HTTPS, and the path; the others are checked by connecting."""
_DEFAULT_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 and 1.3 only (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html)."""


class Endpoints(pulumi.ComponentResource):
    """Load balancers, their listeners and targets, and DNS records."""

    handles: EndpointHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:aws:Endpoints", name, None, opts)
        self._name, self._plan, self._known, self._names = name, plan, handles, Names.of(plan)
        balanced = [endpoint for endpoint in plan.endpoints if endpoint.kind is EndpointKind.LOAD_BALANCER]
        self._balancers = {endpoint.name: self._balancer(endpoint) for endpoint in balanced}
        targets = {endpoint.name: self._listen(endpoint) for endpoint in balanced}
        self._publish()
        addresses = {key: balancer.dns_name for key, balancer in self._balancers.items()}
        self.handles = EndpointHandles(addresses, targets)
        self.register_outputs({"addresses": addresses})

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))

    def _balancer(self, endpoint: Endpoint) -> lb.LoadBalancer:
        network, firewall = self._known.network, self._known.firewall
        logs = lb.LoadBalancerAccessLogsArgs(
            bucket=endpoint.access_log_bucket or "", prefix=endpoint.access_log_prefix, enabled=True
        )
        return lb.LoadBalancer(
            logical(self._name, endpoint.name),
            name=endpoint.physical_name,
            load_balancer_type="network",
            internal=not endpoint.public,
            ip_address_type="dualstack" if endpoint.dual_stack else None,
            enable_cross_zone_load_balancing=endpoint.cross_zone,
            security_groups=list(firewall.endpoint_security_groups[endpoint.name]) if firewall else None,
            subnet_mappings=[self._mapping(subnet) for subnet in endpoint.subnets],
            access_logs=logs if endpoint.access_log_bucket else None,
            tags=tags.owned(self._plan, f"{endpoint.name}.{self._plan.name}"),
            opts=self._child(*(network.ready if network else ())),
        )

    def _mapping(self, subnet: EndpointSubnet) -> lb.LoadBalancerSubnetMappingArgs:
        subnets = self._known.network.subnet_ids if self._known.network else {}
        return lb.LoadBalancerSubnetMappingArgs(
            subnet_id=subnets[subnet.name],
            allocation_id=subnet.allocation_id,
            private_ipv4_address=subnet.private_ipv4,
        )

    def _listen(self, endpoint: Endpoint) -> tuple[pulumi.Output[str], ...]:
        groups = {listener.name: self._target_group(listener) for listener in endpoint.listeners}
        for listener in endpoint.listeners:
            self._listener(endpoint, listener, groups[listener.name])
        return tuple(groups[name].arn for name in sorted(groups))

    def _target_group(self, listener: Listener) -> lb.TargetGroup:
        physical = self._names.balancer(listener.name)
        path = _HTTPS_CHECKS.get(listener.name)
        return lb.TargetGroup(
            logical(self._name, listener.name),
            name=physical,
            vpc_id=self._known.network.network_id if self._known.network else None,
            port=listener.target_port,
            protocol="TLS" if listener.tls else "TCP",
            connection_termination=True,
            deregistration_delay=DRAIN_SECONDS,
            health_check=lb.TargetGroupHealthCheckArgs(
                protocol="HTTPS" if path else "TCP",
                path=path,
                interval=HEALTH_INTERVAL_SECONDS,
                healthy_threshold=HEALTH_THRESHOLD,
                unhealthy_threshold=HEALTH_THRESHOLD,
            ),
            tags=tags.owned(self._plan, physical),
            opts=self._child(),
        )

    def _listener(self, endpoint: Endpoint, listener: Listener, group: lb.TargetGroup) -> None:
        lb.Listener(
            logical(self._name, endpoint.name, str(listener.port)),
            load_balancer_arn=self._balancers[endpoint.name].arn,
            port=listener.port,
            protocol="TLS" if listener.tls else "TCP",
            certificate_arn=endpoint.certificate if listener.tls else None,
            ssl_policy=(endpoint.tls_policy or _DEFAULT_TLS_POLICY) if listener.tls else None,
            default_actions=[lb.ListenerDefaultActionArgs(type="forward", target_group_arn=group.arn)],
            opts=self._child(),
        )

    def _publish(self) -> None:
        """Alias records, and our network's membership in a private zone."""
        dns, network = self._plan.dns, self._known.network
        if dns.zone is None or not (dns.records or dns.attach_zone):
            return
        known = self._known.identity.zone_ids if self._known.identity else {}
        zone = known[dns.zone] if dns.zone in known else zones.find(dns.zone, self._plan, self)
        attached: list[pulumi.Resource] = []
        if dns.attach_zone and network:
            association = route53.ZoneAssociation(
                logical(self._name, "zone"),
                zone_id=zone,
                vpc_id=network.network_id,
                vpc_region=self._plan.region,
                opts=self._child(),
            )
            attached.append(association)
        for record in dns.records:
            self._record(record, zone, attached)

    def _record(self, record: DnsRecord, zone: pulumi.Output[str], after: list[pulumi.Resource]) -> None:
        balancer = self._balancers[record.endpoint]
        route53.Record(
            logical(self._name, record.name, record.type),
            zone_id=zone,
            name=record.name,
            type=record.type,
            aliases=[
                route53.RecordAliasArgs(name=balancer.dns_name, zone_id=balancer.zone_id, evaluate_target_health=False)
            ],
            opts=self._child(*after),
        )
