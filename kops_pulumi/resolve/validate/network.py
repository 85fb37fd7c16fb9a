"""Subnets: names, types, zones and regions, the ways out, adopted and new ones (https://kops.sigs.k8s.io/topology/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from kops_pulumi.errors import Finding
from kops_pulumi.resolve.traits import text
from kops_pulumi.resolve.validate.names import LABEL
from kops_pulumi.resolve.validate.subject import Subject, duplicates, warning

SUBNETS = ("spec", "subnets")
EGRESS = re.compile(r"External|(nat|eipalloc|i|tgw)-.+")
REACHABLE = {"Public", "Utility"}
IPV6_CAPABLE = {"Public", "DualStack"}
"""With IPv6, machines in subnets of these types reach IPv4 by NAT64 (private ones always go out by a gateway)."""


def identities(subject: Subject) -> Iterator[Finding]:
    """There are subnets, each with a name of its own."""
    subnets = subject.spec.subnets or []
    if not subnets:
        yield Finding(SUBNETS, "the cluster has no subnets", "add at least one")
    for index, name in duplicates(subnet.name for subnet in subnets):
        yield Finding((*SUBNETS, index, "name"), f"there is another subnet {name!r}", "names are unique")
    for index, subnet in enumerate(subnets):
        if not re.fullmatch(LABEL, subnet.name or ""):
            yield Finding((*SUBNETS, index, "name"), f"{subnet.name!r} is not a name", "letters, digits and dashes")


def adoption(subject: Subject) -> Iterator[Finding]:
    """Subnets are all ours or all the user's, and the user's lie in the user's network."""
    spec = subject.spec
    adopted = [bool(subnet.id) for subnet in spec.subnets or ()]
    if any(adopted) and not all(adopted):
        index = adopted.index(not adopted[0])
        hint = "give every subnet an id, or none"
        yield Finding((*SUBNETS, index), "existing and new subnets are mixed", hint)
    if any(adopted) and not spec.network_id and subject.capabilities.network_cidr:
        hint = "set networkID to the network they are in"
        yield Finding(("spec", "networkID"), "subnets have ids, but the network has none", hint)
    for index, identifier in duplicates(subnet.id for subnet in spec.subnets or ()):
        yield Finding((*SUBNETS, index, "id"), f"there is another subnet with id {identifier!r}")


def places(subject: Subject) -> Iterator[Finding]:
    """Zones where subnets have them, and one region for all."""
    regions = [subnet.region for subnet in subject.spec.subnets or () if subnet.region]
    for index, subnet in enumerate(subject.spec.subnets or ()):
        path = (*SUBNETS, index)
        if subject.capabilities.zonal_subnets and not subnet.zone and not subnet.id:
            yield Finding((*path, "zone"), f"subnet {subnet.name!r} has no zone", "subnets lie in one zone here")
        if (
            subnet.zone
            and subject.region
            and subject.capabilities.zonal_subnets
            and not subnet.zone.startswith(subject.region)
        ):
            message = f"zone {subnet.zone!r} is not in region {subject.region!r} of the other subnets"
            yield Finding((*path, "zone"), message, "a cluster lives in one region")
        if subnet.region and subnet.region != regions[0]:
            message = f"region {subnet.region!r} differs from {regions[0]!r} of the other subnets"
            yield Finding((*path, "region"), message, "a cluster lives in one region")


def ways_out(subject: Subject) -> Iterator[Finding]:
    """Egress belongs to private subnets; each private subnet needs a way out."""
    subnets = subject.spec.subnets or []
    reachable = {subnet.zone for subnet in subnets if text(subnet.type) in REACHABLE}
    for index, subnet in enumerate(subnets):
        path, kind = (*SUBNETS, index), text(subnet.type)
        if subnet.egress:
            yield from _egress(path, subnet, kind)
        elif (
            kind == "Private" and subject.capabilities.zonal_subnets and not subnet.id and subnet.zone not in reachable
        ):
            message = f"private subnet {subnet.name!r} has no way out of zone {subnet.zone!r}"
            yield Finding(path, message, f"add a Utility subnet in {subnet.zone}, or set egress")
        if subnet.public_ip and not _is_address(subnet.public_ip):
            yield Finding((*path, "publicIP"), f"{subnet.public_ip!r} is not an IP address")
        yield from _routes(path, subnet, kind)


def _egress(path: Any, subnet: Any, kind: str) -> Iterator[Finding]:
    if not EGRESS.fullmatch(subnet.egress):
        hint = "nat-…, eipalloc-…, i-…, tgw-… or External"
        yield Finding((*path, "egress"), f"{subnet.egress!r} is not a way out", hint)
    elif subnet.egress != "External" and kind != "Private" and not (kind in IPV6_CAPABLE and subnet.ipv6_cidr):
        message = f"subnet {subnet.name!r} is {kind}, egress is for private subnets"
        yield Finding((*path, "egress"), message, "remove egress, or make the subnet Private")
    if subnet.public_ip and subnet.egress.startswith(("nat-", "tgw-", "i-", "External")):
        yield Finding((*path, "publicIP"), f"publicIP does not go with egress {subnet.egress!r}", "keep one of them")


def _routes(path: Any, subnet: Any, kind: str) -> Iterator[Finding]:
    routes = subnet.additional_routes or []
    if routes and (kind != "Private" or subnet.id):
        what = kind if kind != "Private" else "adopted"
        message = f"additional routes need a private subnet of our own, {subnet.name!r} is {what}"
        yield Finding((*path, "additionalRoutes"), message, "add the routes to the table you own")
    for index, route in enumerate(routes):
        if not route.target:
            yield Finding((*path, "additionalRoutes", index, "target"), "the route leads nowhere", "set its target")
    for index, range_ in duplicates(route.cidr for route in routes):
        yield Finding((*path, "additionalRoutes", index, "cidr"), f"there is another route for {range_}")


def _is_address(value: object) -> bool:
    try:
        ip_address(str(value))
    except ValueError:
        return False
    return True


def written_down(subject: Subject) -> Iterator[Finding]:
    """Automatic ranges depend on how many subnets there are: say so before one moves."""
    for index, subnet in enumerate(subject.written.spec.subnets or ()):
        full = (subject.spec.subnets or [])[index]
        if full.cidr and not subnet.cidr:
            message = f"subnet {subnet.name!r} gets {full.cidr}, which may move when a subnet is added"
            yield warning((*SUBNETS, index), message, f"write cidr: {full.cidr}")
        elif subject.makes_ranges and not (full.cidr or full.id or full.ipv6_cidr):
            message = f"there is no room left for subnet {subnet.name!r}"
            yield Finding((*SUBNETS, index), message, "write its cidr, or enlarge networkCIDR")


def reachable_subnets(subject: Subject) -> Iterator[Finding]:
    """Public load balancers and bastions stand in public or utility subnets."""
    spec = subject.spec
    kinds = {text(subnet.type) for subnet in spec.subnets or ()}
    balancer = spec.api.load_balancer if spec.api else None
    if kinds & REACHABLE or not subject.capabilities.zonal_subnets or not kinds:
        return
    if balancer and text(balancer.type) == "Public":
        yield Finding(
            ("spec", "api", "loadBalancer"), "a public load balancer needs a public subnet", "add Utility subnets"
        )
    if any(text(group.spec.role) == "Bastion" for group in subject.groups):
        yield Finding(SUBNETS, "bastions need a public subnet", "add Utility subnets")
