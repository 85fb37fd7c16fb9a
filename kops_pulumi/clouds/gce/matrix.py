"""The plan's matrix as GCE's firewall says it: which ranges or roles may reach which role, on what (pure).

A passthrough load balancer changes no address, so that what may reach it has to be let to the machines behind it, and
its health checks too. Everything out is open without a rule (GCE's implied egress rule), and so are answers to what
went out. ICMP types have no words here: a rule for one of them (path-MTU discovery) is left out rather than opening
all of ICMP; the network's MTU is the same everywhere. Rules for IPv4 and for IPv6 cannot be one.

https://cloud.google.com/firewall/docs/firewalls and https://cloud.google.com/load-balancing/docs/health-check-concepts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from kops_pulumi.model import ClusterPlan, EndpointKind, Peer, PeerKind, Protocol, Role, Rule
from kops_pulumi.plan.firewall import API_PORT, SSH_PORT, minimal

INTERNAL_PROBES = ("130.211.0.0/22", "35.191.0.0/16")
EXTERNAL_PROBES = ("209.85.152.0/22", "209.85.204.0/22", "35.191.0.0/16")
"""Where health checks of internal and of external passthrough load balancers come from.

https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
"""
_WORD: Mapping[Role, str] = {
    Role.CONTROL_PLANE: "master",
    Role.API_SERVER: "apiserver",
    Role.NODE: "node",
    Role.BASTION: "bastion",
}
_PROTOCOL: Mapping[Protocol, str] = {Protocol.ALL: "all", Protocol.ICMPV6: "58"}
"""Where GCE's word is another than ours; the others are tcp, udp, icmp and ipip."""

Allow: TypeAlias = tuple[str, tuple[str, ...]]
"""A protocol and its ports; no ports mean all."""


@dataclass(frozen=True, slots=True)
class Way:
    """One firewall rule."""

    word: str
    """How its name begins."""
    source: Role | None
    ranges: tuple[str, ...]
    target: Role
    allows: tuple[Allow, ...]
    reason: str


def ways(plan: ClusterPlan) -> tuple[Way, ...]:
    """Every firewall rule of a plan, sorted by name."""
    rules = minimal(rule for rule in _between_machines(plan) if _sayable(rule))
    found = [*_roles(rules), *_ranges(rules, plan), *_health_checks(plan)]
    return tuple(sorted(found, key=lambda way: way.word))


def _between_machines(plan: ClusterPlan) -> Iterator[Rule]:
    """The matrix without load balancers: their sources reach the machines behind them."""
    behind = [rule for rule in plan.rules if rule.source.kind is PeerKind.LOAD_BALANCER and _at_role(rule)]
    for rule in plan.rules:
        if _at_role(rule) and rule.source.kind in (PeerKind.ROLE, PeerKind.CIDR):
            yield rule
        elif rule.target.kind is PeerKind.LOAD_BALANCER:
            for last in behind:
                if last.source == rule.target and _passes(rule, last):
                    yield Rule(rule.source, last.target, last.protocol, last.ports, rule.reason)


def _at_role(rule: Rule) -> bool:
    return rule.target.kind is PeerKind.ROLE


def _passes(first: Rule, last: Rule) -> bool:
    """Whether what reaches a load balancer by `first` leaves it by `last`: ports stay what they are."""
    return last.protocol is Protocol.TCP and (
        first.protocol is Protocol.ALL or (first.protocol, first.ports) == (last.protocol, last.ports)
    )


def _sayable(rule: Rule) -> bool:
    return rule.protocol not in (Protocol.ICMP, Protocol.ICMPV6) or rule.ports is None


def _roles(rules: Iterable[Rule]) -> Iterator[Way]:
    pairs: defaultdict[tuple[Role, Role], list[Rule]] = defaultdict(list)
    for rule in rules:
        if rule.source.kind is PeerKind.ROLE:
            pairs[Role(rule.source.name), Role(rule.target.name)].append(rule)
    for (source, target), between in pairs.items():
        only_ssh = {rule.ports for rule in between} == {(SSH_PORT, SSH_PORT)}
        word = f"{_WORD[source]}-to-{_WORD[target]}{'-ssh' if only_ssh else ''}"
        yield Way(word, source, (), target, _allows(between), between[0].reason)


def _ranges(rules: Iterable[Rule], plan: ClusterPlan) -> Iterator[Way]:
    """One rule for each target, purpose and family; ranges that may do the same are together."""
    balanced = any(endpoint.kind is EndpointKind.LOAD_BALANCER for endpoint in plan.endpoints)
    by_range: defaultdict[tuple[Peer, str, str], list[Rule]] = defaultdict(list)
    for rule in rules:
        if rule.source.kind is PeerKind.CIDR:
            by_range[rule.target, _purpose(rule, balanced=balanced), rule.source.name].append(rule)
    alike: defaultdict[tuple[Peer, str, bool, tuple[Allow, ...]], list[tuple[str, str]]] = defaultdict(list)
    for (target, purpose, cidr), same in by_range.items():
        alike[target, purpose, ":" in cidr, _allows(same)].append((cidr, same[0].reason))
    for (target, purpose, ipv6, allows), sources in alike.items():
        role = Role(target.name)
        word = f"{purpose.format(target=_WORD[role])}{'-ipv6' if ipv6 else ''}"
        yield Way(word, None, tuple(sorted(cidr for cidr, _ in sources)), role, allows, sources[0][1])


def _purpose(rule: Rule, *, balanced: bool) -> str:
    """kops's words; `{target}` becomes the role's."""
    match rule.protocol, rule.ports:
        case Protocol.TCP, (22, 22):
            return "ssh-external-to-{target}"
        case Protocol.TCP, (first, last) if first == last == API_PORT:
            other = "" if rule.target.name == Role.CONTROL_PLANE.value else "-{target}"
            return f"{'https-api' if balanced else 'kubernetes-master-https'}{other}"
        case ((Protocol.TCP | Protocol.UDP), (first, last)) if last - first > 1 and rule.target.name == Role.NODE.value:
            return "nodeport-external-to-{target}"
        case Protocol.ALL, None:
            return "pod-cidrs-to-{target}"
    ports = "-".join(map(str, rule.ports)) if rule.ports else "all"
    return f"{rule.protocol.value}-{ports}-to-{{target}}"


def _health_checks(plan: ClusterPlan) -> Iterator[Way]:
    present = {group.role for group in plan.groups}
    for endpoint in plan.endpoints:
        if endpoint.kind is EndpointKind.LOAD_BALANCER:
            ports = tuple(sorted({str(listener.target_port) for listener in endpoint.listeners}))
            probes = {
                *(EXTERNAL_PROBES if endpoint.public else ()),
                *(INTERNAL_PROBES if not endpoint.public or plan.options.internal_balancer else ()),
            }
            for role in (role for role in endpoint.roles if role in present):
                other = "" if role is Role.CONTROL_PLANE else f"-{_WORD[role]}"
                reason = f"health checks of the {endpoint.name}'s load balancer"
                yield Way(f"lb-health-checks{other}", None, tuple(sorted(probes)), role, (("tcp", ports),), reason)


def _allows(rules: Iterable[Rule]) -> tuple[Allow, ...]:
    """Each protocol once, with all its ports."""
    found: defaultdict[str, list[tuple[int, int] | None]] = defaultdict(list)
    for rule in rules:
        found[_PROTOCOL.get(rule.protocol, rule.protocol.value)].append(rule.ports)
    return tuple((protocol, _ports(ports)) for protocol, ports in sorted(found.items()))


def _ports(ports: Iterable[tuple[int, int] | None]) -> tuple[str, ...]:
    """`443`, `30000-32767`; nothing when all are meant."""
    listed = list(ports)
    ranges = sorted(item for item in listed if item is not None)
    return () if None in listed else tuple(str(a) if a == b else f"{a}-{b}" for a, b in ranges)
