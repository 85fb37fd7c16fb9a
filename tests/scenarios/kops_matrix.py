"""Reading kops's own firewall from its Terraform output, and both firewalls as comparable sets of reachable ports.

A matrix maps (source, target) to what is reachable: for each protocol a set of disjoint, sorted ranges. Ends are roles
(`control-plane`), load balancers (`lb:api`) and addresses (`0.0.0.0/0`). `all` counts as every protocol.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from kops_pulumi.model import ClusterPlan, Peer, PeerKind, Rule
from kops_pulumi.testing import Recording
from tests.support import terraform

Range: TypeAlias = tuple[int, int]
Reach: TypeAlias = dict[str, tuple[Range, ...]]
Matrix: TypeAlias = dict[tuple[str, str], Reach]

EVERY: Range = (0, 65535)
PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", "ipip", "other")
_KOPS_PROTOCOL = {"tcp": "tcp", "udp": "udp", "icmp": "icmp", "icmpv6": "icmpv6", "4": "ipip"}
_KOPS_GROUP = {
    "masters": "control-plane",
    "nodes": "node",
    "apiservers": "apiserver",
    "bastion": "bastion",
    "bastion-elb": "lb:bastion",
    "api-elb": "lb:api",
}
_REFERENCE = re.compile(r"\$\{aws_security_group\.(.+)\.id\}")


@dataclass(frozen=True)
class Opening:
    """One way from a source to a target."""

    source: str
    target: str
    protocol: str
    """One of PROTOCOLS, or `all`."""
    ports: Range


def kops(tf: Path, plan: ClusterPlan) -> Matrix:
    """The matrix of a scenario's kubernetes.tf; ids of the user's own groups become the roles they stand for."""
    rules = terraform.read(tf)["aws_security_group_rule"]
    return matrix(opening for body in rules.values() for opening in _kops_openings(body, plan))


def ours(plan: ClusterPlan) -> Matrix:
    """The matrix of a plan's rules."""
    return matrix(Opening(_end(r.source), _end(r.target), r.protocol.value, _our_ports(r)) for r in plan.rules)


def registered(recording: Recording, plan: ClusterPlan) -> Matrix:
    """The matrix of the rule resources that a recorded cluster has."""
    names = {group.id: group.inputs["name"] for group in recording.of("aws:ec2/securityGroup:SecurityGroup")}
    return matrix(
        opening
        for kind in ("Ingress", "Egress")
        for rule in recording.of(f"aws:vpc/securityGroup{kind}Rule:SecurityGroup{kind}Rule")
        for opening in _registered_openings(rule.inputs, names, plan, egress=kind == "Egress")
    )


def matrix(openings: Iterable[Opening]) -> Matrix:
    """Openings, with overlapping ones melted into one another."""
    found: defaultdict[tuple[str, str], defaultdict[str, list[Range]]] = defaultdict(lambda: defaultdict(list))
    for opening in openings:
        for protocol in PROTOCOLS if opening.protocol == "all" else (opening.protocol,):
            ports = EVERY if opening.protocol == "all" else opening.ports
            found[opening.source, opening.target][protocol].append(ports)
    return {ends: {name: melted(ranges) for name, ranges in reach.items()} for ends, reach in found.items()}


def openings(found: Matrix) -> Iterator[Opening]:
    """A matrix as single openings."""
    for ends, reach in found.items():
        for protocol, ranges in reach.items():
            yield from (Opening(*ends, protocol, ports) for ports in ranges)


def without(left: Matrix, right: Matrix) -> set[Opening]:
    """What is reachable in `left` and not in `right`."""
    return {
        Opening(*ends, protocol, ports)
        for ends, reach in left.items()
        for protocol, ranges in reach.items()
        for ports in _minus(ranges, right.get(ends, {}).get(protocol, ()))
    }


def melted(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Disjoint ranges, sorted, that hold the same numbers."""
    result: list[Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return tuple(result)


def _minus(ranges: Iterable[Range], others: Iterable[Range]) -> Iterator[Range]:
    for first, last in ranges:
        start = first
        for low, high in melted(others):
            if high < start or low > last:
                continue
            if start < low:
                yield (start, low - 1)
            start = high + 1
        if start <= last:
            yield (start, last)


def _registered_openings(
    inputs: Mapping[str, Any], names: Mapping[str, str], plan: ClusterPlan, *, egress: bool
) -> Iterator[Opening]:
    def ends(id_: str) -> tuple[str, ...]:
        return (_KOPS_GROUP[names[id_].removesuffix("." + plan.name)],) if id_ in names else _overriding(id_, plan)

    group = inputs.get("referencedSecurityGroupId")
    listed = [inputs[key] for key in ("cidrIpv4", "cidrIpv6", "prefixListId") if key in inputs]
    protocol = "all" if inputs["ipProtocol"] == "-1" else _KOPS_PROTOCOL[inputs["ipProtocol"]]
    ports = _numbered(protocol, int(inputs.get("fromPort", -1)), int(inputs.get("toPort", -1)))
    for one in ends(inputs["securityGroupId"]):
        for other in ends(group) if group else listed:
            yield Opening(*((one, other) if egress else (other, one)), protocol, ports)


def _kops_openings(body: Mapping[str, Any], plan: ClusterPlan) -> Iterator[Opening]:
    home = _kops_ends(body["security_group_id"], plan)
    group = body.get("source_security_group_id")
    listed = [item for key in ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids") for item in body.get(key, [])]
    far = _kops_ends(group, plan) if group else tuple(listed)
    protocol = "all" if body["protocol"] == "-1" else _KOPS_PROTOCOL[body["protocol"]]
    ports = _numbered(protocol, int(body["from_port"]), int(body["to_port"]))
    for one in home:
        for other in far:
            ends = (one, other) if body["type"] == "egress" else (other, one)
            yield Opening(*ends, protocol, ports)


def _kops_ends(reference: str, plan: ClusterPlan) -> tuple[str, ...]:
    """The roles or load balancers that a security group stands for; an overriding group may stand for several."""
    match = _REFERENCE.fullmatch(reference)
    if match:
        word = match[1].removesuffix("-" + plan.name.replace(".", "-"))
        return (_KOPS_GROUP[word],)
    return _overriding(reference, plan)


def _overriding(id_: str, plan: ClusterPlan) -> tuple[str, ...]:
    roles = {g.role.value for g in plan.groups if g.security_group_override == id_}
    fronts = {f"lb:{e.name}" for e in plan.endpoints if e.security_group_override == id_}
    return tuple(sorted(roles | fronts))


def _end(peer: Peer) -> str:
    return f"lb:{peer.name}" if peer.kind is PeerKind.LOAD_BALANCER else peer.name


def _our_ports(rule: Rule) -> Range:
    first, last = rule.ports or (-1, -1)
    return _numbered(rule.protocol.value, first, last)


def _numbered(protocol: str, first: int, last: int) -> Range:
    """Ports as they are, ICMP's type and code as one number; protocols without either count as everything."""
    if protocol in ("tcp", "udp") and first >= 0:
        return (first, last)
    if protocol in ("icmp", "icmpv6") and first >= 0:
        return (first * 256 + last, first * 256 + last)
    return EVERY
