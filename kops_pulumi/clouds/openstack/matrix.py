"""The plan's matrix without its load balancers, which are no members of security groups here. Pure.

An amphora reaches its members from addresses in its own subnet and in theirs, and its listeners have lists of who may
come. The ovn provider leaves packets as they are: members see the clients themselves, so that who may reach the load
balancer must be let to its members, and health checks come from its subnets. Either way nobody gets further than the
matrix says.

https://docs.openstack.org/octavia/latest/user/guides/basic-cookbook.html and
https://docs.openstack.org/ovn-octavia-provider/latest/admin/driver.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

from kops_pulumi.clouds.openstack.options import OVN
from kops_pulumi.model import ClusterPlan, EndpointKind, EndpointSubnet, Peer, PeerKind, Protocol, Role, Rule
from kops_pulumi.plan.firewall import minimal, outside

if TYPE_CHECKING:
    from kops_pulumi.model import Endpoint, Listener

_IPV4 = 4
_NOBODY = "127.0.0.1/32"
"""No packet comes from there."""


def compiled(plan: ClusterPlan) -> tuple[Rule, ...]:
    """Rules between roles and ranges. A peer of kind load balancer stands for the subnet of that name, whose range is
    the user's and not known here.
    """
    return minimal(rule for given in plan.rules for rule in _without_balancers(plan, given))


def allowed(plan: ClusterPlan, endpoint: Endpoint, listener: Listener) -> tuple[str, ...]:
    """Ranges that may reach a listener, sorted; machines of the cluster come from its subnets.

    Empty for the ovn provider, whose listeners have no such lists; an empty list of any other would let everybody in.
    """
    if plan.options.balancing.provider == OVN:
        return ()
    found: set[str] = set()
    for rule in _towards(plan, endpoint.name, listener.port):
        found |= {rule.source.name} if rule.source.kind is PeerKind.CIDR else _ranges(plan)
    return tuple(sorted(text for text in found if ip_network(text).version == _IPV4)) or (_NOBODY,)


def _without_balancers(plan: ClusterPlan, rule: Rule) -> Iterator[Rule]:
    if rule.target.kind is PeerKind.LOAD_BALANCER:
        return  # its listeners' lists
    if rule.source.kind is not PeerKind.LOAD_BALANCER:
        yield rule
    elif rule.target.kind is PeerKind.ROLE:
        endpoint = plan.endpoint(rule.source.name)
        for peer in _origins(plan, endpoint) if endpoint else ():
            yield replace(rule, source=peer)
        if endpoint and plan.options.balancing.provider == OVN:
            yield from _clients(plan, endpoint, rule)


def home(plan: ClusterPlan, endpoint: Endpoint) -> EndpointSubnet:
    """The subnet that holds a load balancer's address: the one with a fixed address, else one that has its machines.

    What is public here is a floating address, so that a private subnet will do.
    """
    fixed = [subnet for subnet in endpoint.subnets if subnet.private_ipv4]
    near = sorted(_members(plan, endpoint)) or [subnet.name for subnet in plan.network.subnets]
    listed = [subnet for subnet in endpoint.subnets if subnet.name in near]
    return next(iter((*fixed, *listed)), EndpointSubnet(near[0]))


def _members(plan: ClusterPlan, endpoint: Endpoint) -> set[str]:
    holds = endpoint.kind is EndpointKind.VIP
    groups = plan.groups_of(Role.CONTROL_PLANE) if holds else (g for g in plan.groups if endpoint.name in g.endpoints)
    return {name for group in groups for name in group.subnets}


def _origins(plan: ClusterPlan, endpoint: Endpoint) -> Iterator[Peer]:
    """Where the load balancer's own connections come from: its subnet, and those of its members, which it joins."""
    ranges = {subnet.name: subnet.cidr for subnet in plan.network.subnets}
    for name in sorted({home(plan, endpoint).name, *_members(plan, endpoint)}):
        known = ranges.get(name)
        yield outside(known) if known else Peer(PeerKind.LOAD_BALANCER, name)


def _clients(plan: ClusterPlan, endpoint: Endpoint, rule: Rule) -> Iterator[Rule]:
    """Whoever may reach the load balancer reaches the member, on the port that it is forwarded to."""
    if rule.protocol is not Protocol.TCP or rule.ports is None:
        return
    for listener in endpoint.listeners:
        if listener.target_port == rule.ports[0]:
            yield from (replace(rule, source=item.source) for item in _towards(plan, endpoint.name, listener.port))


def _towards(plan: ClusterPlan, endpoint: str, port: int) -> Iterator[Rule]:
    """Rules that open a port of a load balancer."""
    for rule in plan.rules:
        if rule.target == Peer(PeerKind.LOAD_BALANCER, endpoint) and _opens(rule, port):
            yield rule


def _opens(rule: Rule, port: int) -> bool:
    if rule.protocol is Protocol.TCP:
        return rule.ports is None or rule.ports[0] <= port <= rule.ports[1]
    return rule.protocol is Protocol.ALL


def _ranges(plan: ClusterPlan) -> set[str]:
    """Where machines of the cluster are: their subnets, the whole network where a subnet's range is not known."""
    known = {subnet.cidr or plan.network.cidr for subnet in plan.network.subnets}
    return {text for text in known if text}
