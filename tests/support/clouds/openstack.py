"""OpenStack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from kops_pulumi.clouds.openstack import verbs
from kops_pulumi.model import ClusterPlan, PeerKind, Protocol, Rule
from kops_pulumi.testing import Recording, Registered
from tests.scenarios.kops_matrix import EVERY, Opening
from tests.support.clouds.row import NAME, Row

REGION, ZONES = "region-one", ("nova-a", "nova-b", "nova-c")
RULE, GROUP = "openstack:networking/secGroupRule:SecGroupRule", "openstack:networking/secGroup:SecGroup"
LISTENER = "openstack:loadbalancer/listener:Listener"
SERVER = "openstack:compute/instance:Instance"
_ROLES = {"masters": "control-plane", "nodes": "node", "apiservers": "apiserver", "bastion": "bastion"}
_PROTOCOLS = {None: "all", "tcp": "tcp", "udp": "udp", "icmp": "icmp", "ipv6-icmp": "icmpv6", "ipip": "ipip"}
_LEGAL: Mapping[str, str] = {
    # It becomes a host name: https://docs.openstack.org/nova/latest/user/instance-names? and RFC 1123
    SERVER: r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "openstack:compute/keypair:Keypair": r"[A-Za-z0-9 ._-]{1,255}",
    "openstack:objectstorage/container:Container": r"[^/]{1,256}",
}


def _opened(recording: Recording, plan: ClusterPlan) -> Iterator[Opening]:
    """Rules of security groups, and the lists of listeners."""
    roles = {group.id: _ROLES[group.inputs["name"].removesuffix(f".{plan.name}")] for group in recording.of(GROUP)}
    for made in recording.of(RULE):
        rule = made.inputs
        home = roles[rule["securityGroupId"]]
        far = roles[rule["remoteGroupId"]] if "remoteGroupId" in rule else rule["remoteIpPrefix"]
        ends = (home, far) if rule["direction"] == "egress" else (far, home)
        protocol = _PROTOCOLS[rule.get("protocol")]
        yield Opening(*ends, protocol, _numbered(protocol, rule.get("portRangeMin"), rule.get("portRangeMax")))
        assert rule["ethertype"] == ("IPv6" if ":" in far else "IPv4")
    for made in recording.of(LISTENER):
        port = int(made.inputs["protocolPort"])
        for source in made.inputs["allowedCidrs"]:
            yield Opening(source, "lb:api", "tcp", (port, port))


def _expected(plan: ClusterPlan) -> Iterator[Opening]:
    """Load balancers are in no group: listeners have lists, connections come from their members' subnets."""
    ranges = {subnet.name: str(subnet.cidr) for subnet in plan.network.subnets}
    for rule in plan.rules:
        if rule.target.kind is PeerKind.LOAD_BALANCER:
            yield from _towards(rule, plan, sorted(ranges.values()))
        elif rule.source.kind is not PeerKind.LOAD_BALANCER:
            yield from _plainly(rule, rule.source.name)
        elif rule.target.kind is PeerKind.ROLE:
            (endpoint,) = [item for item in plan.endpoints if item.name == rule.source.name]
            homes = {name for group in plan.groups if endpoint.name in group.endpoints for name in group.subnets}
            for name in homes:
                yield from _plainly(rule, ranges[name])


def _towards(rule: Rule, plan: ClusterPlan, inside: Iterable[str]) -> Iterator[Opening]:
    (endpoint,) = [item for item in plan.endpoints if item.name == rule.target.name]
    sources = [rule.source.name] if rule.source.kind is PeerKind.CIDR else list(inside)
    for listener in endpoint.listeners:
        fits = rule.protocol is Protocol.ALL or rule.ports == (listener.port, listener.port)
        for source in sources if fits and rule.protocol in (Protocol.ALL, Protocol.TCP) else ():
            if ip_network(source).version == 4:
                yield Opening(source, f"lb:{endpoint.name}", "tcp", (listener.port, listener.port))


def _plainly(rule: Rule, source: str) -> Iterator[Opening]:
    first, last = rule.ports or (None, None)
    yield Opening(source, rule.target.name, rule.protocol.value, _numbered(rule.protocol.value, first, last))


def _numbered(protocol: str, first: Any, last: Any) -> tuple[int, int]:
    if first is None:
        return EVERY
    one, other = int(first), int(last)
    return (one * 256 + other,) * 2 if protocol.startswith("icmp") else (one, other)


def _user_data(recording: Recording) -> Mapping[str, str]:
    return {made.name: made.inputs["userData"] for made in recording.of(SERVER) if "userData" in made.inputs}


def _unmapped(plan: ClusterPlan) -> set[str]:
    return {p.verb for identity in plan.identities for p in identity.permissions if not verbs.known(p.verb)}


def _illegal(made: Registered) -> str | None:
    name = str(made.inputs.get("name", "x"))
    wrong = not re.fullmatch(_LEGAL.get(made.type, r"[^\n]{1,255}"), name)
    tags = [tag for tag in made.inputs.get("tags") or () if len(tag) > 60]
    return f"{made.type} {name!r} {tags}" if wrong or tags else None


ROW = Row(
    cloud="openstack",
    region=REGION,
    zones=ZONES,
    cluster={
        "configBase": f"swift://harbor-state/{NAME}",
        "cloudConfig": {"openstack": {"router": {"externalNetwork": "outside", "dnsServers": "192.0.2.53"}}},
    },
    group={"image": "ubuntu-26.04", "machineType": "m1.large"},
    adopted={
        "networkID": "7f7e4a1b-6f0c-4c0e-9a53-2f5d3b0a1c11",
        "subnets": [
            {
                "id": f"9c0e9f9a-0000-4000-8000-00000000000{number}",
                "name": f"{prefix}{REGION}",
                "region": REGION,
                "type": kind,
                "cidr": f"10.40.{block}.0/20",
            }
            for prefix, kind, number, block in (("", "Private", 1, 32), ("utility-", "Utility", 2, 128))
        ],
    },
    never_made=frozenset(
        {
            "openstack:networking/network:Network",
            "openstack:networking/subnet:Subnet",
            "openstack:networking/router:Router",
            "openstack:networking/routerInterface:RouterInterface",
        }
    ),
    data_volume="openstack:blockstorage/volume:Volume",
    own_protected=frozenset({"openstack:objectstorage/container:Container"}),
    opened=_opened,
    expected=_expected,
    user_data=_user_data,
    unmapped=_unmapped,
    illegal=_illegal,
)
