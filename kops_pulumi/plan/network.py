"""The network of a cluster: subnets, route tables, gateways.

One public table for all public and utility subnets; one private table a zone, with a default route to that zone's way
out. Machines of public subnets in an IPv6 cluster reach IPv4 that way too (NAT64), so those subnets have a public table
a zone. What the manifest brings along (a network or subnets by id, `egress: External`) gets no table of ours. Keys are
zones and subnet names, never positions. Address ranges come from `resolve`; this module reads the resolved manifest and
the cloud's capabilities, and decides nothing that only one cloud knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kops_pulumi.errors import Finding, ManifestError
from kops_pulumi.model import Hop, NatGateway, NetworkPlan, Route, RouteTable, Subnet, SubnetType
from kops_pulumi.resolve import cidr, traits

if TYPE_CHECKING:
    from kops_pulumi.plugins import Cloud
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec.topology import Route as RouteSpec
    from kops_pulumi.spec.topology import Subnet as SubnetSpec

ANY_IPV4 = "0.0.0.0/0"
ANY_IPV6 = "::/0"
NAT64 = "64:ff9b::/96"
"""The well-known prefix (RFC 6052) by which IPv6-only machines reach IPv4."""

PUBLIC_TYPES = frozenset({SubnetType.PUBLIC, SubnetType.UTILITY})
PRIVATE_TYPES = frozenset({SubnetType.PRIVATE, SubnetType.DUAL_STACK})

PUBLIC_TABLE = "public"
"""Key of the one table for public subnets without a way out of their own."""
_PUBLIC_PREFIX = "public-"
_PRIVATE_PREFIX = "private-"
_EXTERNAL = "External"
_DNS_HOST = 10
"""kops's cluster DNS is the tenth address of the service range."""

_HOP_BY_PREFIX: Mapping[str, Hop] = {
    "nat-": Hop.NAT,
    "eipalloc-": Hop.NAT,
    "i-": Hop.INSTANCE,
    "tgw-": Hop.TRANSIT,
    "pcx-": Hop.PEERING,
    "igw-": Hop.INTERNET,
    "eigw-": Hop.EGRESS_ONLY,
    "eni-": Hop.NETWORK_INTERFACE,
}
"""What an id in `egress` or `additionalRoutes[].target` is, by its prefix."""


def plan_network(full: FullSpec, cloud: Cloud) -> NetworkPlan:
    """The network part of the plan. Raises ManifestError where the manifest leaves a subnet without a way out."""
    spec = full.cluster.spec
    ipv6 = traits.ipv6(spec)
    subnets = sorted(spec.subnets or (), key=lambda subnet: subnet.name)
    routed = [subnet for subnet in subnets if subnet.id is None and subnet.egress != _EXTERNAL]
    zonal = cloud.capabilities.zonal_subnets
    ways = _ways_out(routed, subnets, ipv6=ipv6) if zonal else ()
    tables = (*_public_table(routed if zonal else ()), *(table for way in ways for table in way.tables(ipv6=ipv6)))
    return NetworkPlan(
        existing_id=spec.network_id,
        cidr=spec.network_cidr,
        additional_cidrs=tuple(sorted(spec.additional_network_cidrs or ())),
        ipv6=ipv6,
        subnets=tuple(_subnet(subnet, full, _table_of(subnet, ways, tables)) for subnet in subnets),
        route_tables=tuple(sorted(tables, key=lambda table: (not table.public, table.key))),
        nat_gateways=_nat_gateways(ways) if zonal else _regional_nat(routed, full.region),
        internet_gateway=spec.network_id is None and bool(routed) and zonal,
        egress_only_gateway=spec.network_id is None and ipv6 and any(way.private for way in ways),
        tag_adopted_subnets=not spec.disable_subnet_tags,
        pod_cidr=spec.pod_cidr,
        service_cidr=spec.service_cluster_ip_range or "",
        cluster_dns_ip=_cluster_dns(full),
    )


@dataclass(frozen=True, slots=True)
class _WayOut:
    """The subnets of one zone that leave the network alike, and where: private ones, public ones that need NAT64."""

    key: str
    """The zone, or the first subnet's name when the zone has several ways out."""
    zone: str
    members: tuple[SubnetSpec, ...]
    outlet: str | None
    """The public or utility subnet that holds the zone's own NAT gateway; None when an existing thing is used."""

    @property
    def egress(self) -> str | None:
        return self.members[0].egress

    @property
    def hop(self) -> Hop:
        return _hop(self.egress) if self.egress else Hop.NAT

    @property
    def nat(self) -> NatGateway | None:
        if self.hop is not Hop.NAT:
            return None
        if self.outlet is None:
            return NatGateway(self.key, self.zone, existing_id=self.egress)
        public_ip = self.members[0].public_ip
        return NatGateway(self.key, self.zone, self.outlet, allocation_id=self.egress, public_ip=public_ip)

    @property
    def private(self) -> tuple[SubnetSpec, ...]:
        return tuple(subnet for subnet in self.members if kind_of(subnet) in PRIVATE_TYPES)

    @property
    def extra_routes(self) -> tuple[RouteSpec, ...]:
        return tuple(route for subnet in self.private for route in subnet.additional_routes or ())

    def table_of(self, subnet: SubnetSpec) -> str:
        """The key of the table of one of the members."""
        prefix = _PRIVATE_PREFIX if kind_of(subnet) in PRIVATE_TYPES else _PUBLIC_PREFIX
        return f"{prefix}{self.key}"

    def tables(self, *, ipv6: bool) -> Iterator[RouteTable]:
        """The private table, the public one, or both; routes sorted by destination."""
        target = self.key if self.hop is Hop.NAT else self.egress
        nat64 = Route(NAT64, self.hop, target)
        if len(self.private) < len(self.members):
            routes = (Route(ANY_IPV4, Hop.INTERNET), nat64, Route(ANY_IPV6, Hop.INTERNET))
            yield RouteTable(f"{_PUBLIC_PREFIX}{self.key}", public=True, routes=routes)
        if self.private:
            default = Route(ANY_IPV4, self.hop, target)
            more = (nat64, Route(ANY_IPV6, Hop.EGRESS_ONLY)) if ipv6 else ()
            users = (Route(route.cidr, _hop(route.target), route.target) for route in self.extra_routes)
            found = {route.destination: route for route in (default, *more, *users)}
            ordered = tuple(found[destination] for destination in sorted(found))
            yield RouteTable(f"{_PRIVATE_PREFIX}{self.key}", public=False, routes=ordered)


def _ways_out(routed: Sequence[SubnetSpec], subnets: Sequence[SubnetSpec], *, ipv6: bool) -> tuple[_WayOut, ...]:
    """One way out a zone, or one for each distinct (egress, public IP) where a zone mixes them; sorted by key."""
    by_zone: dict[str, dict[tuple[str | None, str | None], list[SubnetSpec]]] = {}
    for subnet in routed:
        nat64 = ipv6 and kind_of(subnet) is SubnetType.PUBLIC and subnet.ipv6_cidr is not None
        if kind_of(subnet) in PRIVATE_TYPES or nat64:
            way = (subnet.egress, subnet.public_ip)
            by_zone.setdefault(subnet.zone or "", {}).setdefault(way, []).append(subnet)
    ways = [
        _WayOut(zone if len(alike) == 1 else members[0].name, zone, tuple(members), _outlet(members, subnets))
        for zone, alike in by_zone.items()
        for members in alike.values()
    ]
    return tuple(sorted(ways, key=lambda way: way.key))


def _outlet(members: Sequence[SubnetSpec], subnets: Sequence[SubnetSpec]) -> str | None:
    """Where a zone's NAT gateway stands: in a utility subnet, else (or for public members) in a public one."""
    first = members[0]
    if first.egress and not first.egress.startswith("eipalloc-"):
        return None
    private = next((subnet for subnet in members if kind_of(subnet) in PRIVATE_TYPES), None)
    for kind in (SubnetType.UTILITY, SubnetType.PUBLIC) if private else (SubnetType.PUBLIC,):
        for subnet in subnets:
            if subnet.zone == first.zone and kind_of(subnet) is kind:
                return subnet.name
    finding = Finding(
        ("spec", "subnets"),
        f"private subnet {first.name!r} needs a NAT gateway, but zone {first.zone} has no utility subnet for it",
        "add a subnet of type Utility in that zone, or set the private subnet's egress",
    )
    raise ManifestError([finding])


def _public_table(routed: Sequence[SubnetSpec]) -> tuple[RouteTable, ...]:
    """The public table is there as soon as one subnet is ours: NAT gateways and load balancers need it too."""
    default = (Route(ANY_IPV4, Hop.INTERNET), Route(ANY_IPV6, Hop.INTERNET))
    return (RouteTable(PUBLIC_TABLE, public=True, routes=default),) if routed else ()


def _nat_gateways(ways: Iterable[_WayOut]) -> tuple[NatGateway, ...]:
    """Every zone's gateway, and existing ones that additional routes name (keyed by their id)."""
    found = {nat.key: nat for way in ways if (nat := way.nat)}
    named = {
        route.target: NatGateway(route.target, way.zone, existing_id=route.target)
        for way in ways
        for route in way.extra_routes
        if _hop(route.target) is Hop.NAT
    }
    return tuple(nat for _, nat in sorted((named | found).items()))


def _regional_nat(routed: Sequence[SubnetSpec], region: str) -> tuple[NatGateway, ...]:
    """Where subnets span a region, one NAT serves all of its private subnets."""
    private = any(kind_of(subnet) in PRIVATE_TYPES for subnet in routed)
    return (NatGateway(region, region),) if private else ()


def _table_of(subnet: SubnetSpec, ways: Iterable[_WayOut], tables: Iterable[RouteTable]) -> str | None:
    """The table a subnet is associated with: none for adopted subnets and those the user routes."""
    if subnet.id is not None or subnet.egress == _EXTERNAL:
        return None
    own = next((way.table_of(subnet) for way in ways if subnet in way.members), None)
    shared = PUBLIC_TABLE if any(table.key == PUBLIC_TABLE for table in tables) else None
    return own or (shared if kind_of(subnet) in PUBLIC_TYPES else None)


def _subnet(subnet: SubnetSpec, full: FullSpec, table: str | None) -> Subnet:
    _, mark, index = (subnet.ipv6_cidr or "").partition("#")
    return Subnet(
        name=subnet.name,
        type=kind_of(subnet),
        zone=subnet.zone,
        region=subnet.region or full.region,
        cidr=subnet.cidr,
        ipv6_cidr=None if mark else subnet.ipv6_cidr,
        ipv6_index=int(index, 16) if mark else None,
        existing_id=subnet.id,
        route_table=table,
        ipv6_only=subnet.cidr is None and subnet.ipv6_cidr is not None,
    )


def kind_of(subnet: SubnetSpec) -> SubnetType:
    """What a subnet is for; Public unless the manifest says otherwise."""
    return SubnetType(subnet.type or SubnetType.PUBLIC)


def _hop(target: str) -> Hop:
    return next((hop for prefix, hop in _HOP_BY_PREFIX.items() if target.startswith(prefix)), Hop.INSTANCE)


def _cluster_dns(full: FullSpec) -> str:
    """The address of the cluster's DNS service: the manifest's, else the tenth of the service range."""
    spec = full.cluster.spec
    given = spec.kube_dns.server_ip if spec.kube_dns else None
    return given or cidr.nth_address(spec.service_cluster_ip_range, _DNS_HOST) or ""
