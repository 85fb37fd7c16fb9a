"""What a cluster's plan adopts on AWS, as objects of the simulated account.

Reads the neutral plan and the AWS options; ranges that the plan does not tell are made up. This module must not touch
a store.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from kops_pulumi.model import ClusterPlan, DnsType, Endpoint, Group, Hop, NetworkPlan
from kops_pulumi.rehearsal.aws.facts import (
    ADDRESS,
    BUCKET,
    CLASSIC_LOAD_BALANCER,
    EGRESS_ONLY_GATEWAY,
    INSTANCE,
    INSTANCE_PROFILE,
    INTERNET_GATEWAY,
    KEY_PAIR,
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    PEERING,
    PREFIX_LIST,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SUBNET,
    TARGET_GROUP,
    TRANSIT_GATEWAY,
    VPC,
    ZONE,
)
from kops_pulumi.rehearsal.kinds import Adopted

_HOPS: Final = {
    Hop.TRANSIT: TRANSIT_GATEWAY,
    Hop.PEERING: PEERING,
    Hop.NETWORK_INTERFACE: NETWORK_INTERFACE,
    Hop.INTERNET: INTERNET_GATEWAY,
    Hop.EGRESS_ONLY: EGRESS_ONLY_GATEWAY,
}
_ELSEWHERE: Final = "vpc-0e15e00000000000e"
"""A VPC of somebody else's, which a private zone belongs to until the cluster's own is attached."""
_RANGE: Final = "172.20.0.0/16"


def adopted(plan: ClusterPlan) -> Iterator[Adopted]:
    """Everything that exists before the cluster does."""
    yield from _network(plan.network)
    yield from _ways_out(plan.network)
    yield from _firewall(plan)
    yield from _zone(plan)
    yield from _machines(plan)
    yield from _buckets(plan)


def _network(network: NetworkPlan) -> Iterator[Adopted]:
    vpc = network.existing_id
    if vpc is not None:
        yield Adopted(
            VPC,
            vpc,
            {"cidrBlock": network.cidr or _RANGE, "assignGeneratedIpv6CidrBlock": True, "tags": {"Name": "shared"}},
        )
        if not network.internet_gateway:
            yield Adopted(INTERNET_GATEWAY, f"igw-{vpc.removeprefix('vpc-')}", {"vpcId": vpc})
        yield from _egress_only(network, vpc)
    spare = ipaddress.ip_network(network.cidr or _RANGE).subnets(new_prefix=24)
    for subnet, unused in zip((s for s in network.subnets if s.existing_id), reversed(list(spare)), strict=False):
        inputs = {"vpcId": vpc, "availabilityZone": subnet.zone, "cidrBlock": subnet.cidr or str(unused)}
        yield Adopted(SUBNET, str(subnet.existing_id), {**inputs, "tags": {"Name": subnet.name}})


def _egress_only(network: NetworkPlan, vpc: str) -> Iterator[Adopted]:
    """The gateway for private IPv6 of a VPC that is not ours, with a table of its owner's that leads there."""
    routes = [route for table in network.route_tables for route in table.routes]
    if any(route.hop is Hop.EGRESS_ONLY and route.target is None for route in routes):
        gateway = f"eigw-{vpc.removeprefix('vpc-')}"
        route = {"ipv6CidrBlock": "::/0", "egressOnlyGatewayId": gateway}
        yield Adopted(EGRESS_ONLY_GATEWAY, gateway, {"vpcId": vpc})
        yield Adopted(ROUTE_TABLE, f"rtb-{vpc.removeprefix('vpc-')}", {"vpcId": vpc, "routes": [route]})


def _ways_out(network: NetworkPlan) -> Iterator[Adopted]:
    for nat in network.nat_gateways:
        if nat.existing_id:
            yield Adopted(NAT_GATEWAY, nat.existing_id, {"connectivityType": "public"})
        if nat.allocation_id:
            yield Adopted(ADDRESS, nat.allocation_id, {"domain": "vpc"})
        if nat.public_ip:
            yield Adopted(ADDRESS, f"eipalloc-{nat.public_ip.replace('.', '-')}", {}, {"publicIp": nat.public_ip})
    for route in (route for table in network.route_tables for route in table.routes):
        if route.target and route.hop is Hop.INSTANCE:
            interface = f"eni-{route.target.removeprefix('i-')}"
            yield Adopted(NETWORK_INTERFACE, interface, {})
            yield Adopted(INSTANCE, route.target, {}, {"primaryNetworkInterfaceId": interface})
        elif route.target and route.hop in _HOPS:
            yield Adopted(_HOPS[route.hop], route.target, {})


def _firewall(plan: ClusterPlan) -> Iterator[Adopted]:
    holders: tuple[Endpoint | Group, ...] = (*plan.endpoints, *plan.groups)
    ours = {group for holder in holders for group in holder.additional_security_groups}
    overrides = {holder.security_group_override for holder in holders}
    for group in sorted(ours | {group for group in overrides if group}):
        yield Adopted(SECURITY_GROUP, group, {"name": f"existing {group}", "vpcId": plan.network.existing_id})
    for peer in (peer for rule in plan.rules for peer in (rule.source, rule.target)):
        if peer.kind.value == "prefix-list":
            yield Adopted(PREFIX_LIST, peer.name, {"name": peer.name})


def _zone(plan: ClusterPlan) -> Iterator[Adopted]:
    zone = plan.dns.zone
    if zone is None or plan.dns.type is DnsType.NONE:
        return
    is_id = "." not in zone
    home = plan.network.existing_id if not plan.dns.attach_zone else None
    vpcs = {"vpcs": [{"vpcId": home or _ELSEWHERE}]} if plan.dns.type is DnsType.PRIVATE else {}
    if vpcs and not home:
        yield Adopted(VPC, _ELSEWHERE, {"cidrBlock": "192.168.0.0/16"})
    name = plan.name.partition(".")[2] if is_id else zone
    yield Adopted(ZONE, zone if is_id else "Z" + "".join(filter(str.isalnum, zone)).upper(), {"name": name, **vpcs})


def _buckets(plan: ClusterPlan) -> Iterator[Adopted]:
    """Buckets that the manifest names: for the store, and for the documents of the issuer of tokens."""
    store = plan.object_store
    issuer = urlsplit((plan.issuer and plan.issuer.discovery_store) or "")
    names = {store.bucket} if store and store.adopted else set()
    for name in sorted(names | ({issuer.netloc} if issuer.scheme == "s3" else set())):
        yield Adopted(BUCKET, name, {"bucket": name})


def _machines(plan: ClusterPlan) -> Iterator[Adopted]:
    for group in plan.groups:
        if group.existing_identity:
            name = group.existing_identity.rpartition("/")[2]
            yield Adopted(INSTANCE_PROFILE, name, {"name": name})
        yield from (Adopted(TARGET_GROUP, arn, {"name": arn.split("/")[-2]}) for arn in group.options.target_groups)
        yield from (Adopted(CLASSIC_LOAD_BALANCER, name, {"name": name}) for name in group.options.classic_balancers)
    for subnet in (subnet for endpoint in plan.endpoints for subnet in endpoint.subnets):
        if subnet.allocation_id:
            yield Adopted(ADDRESS, subnet.allocation_id, {"domain": "vpc"})
    if plan.ssh_key and plan.ssh_key.existing_name:
        yield Adopted(KEY_PAIR, plan.ssh_key.existing_name, {"keyName": plan.ssh_key.existing_name})
