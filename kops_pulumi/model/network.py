"""The network part of the plan: subnets, route tables and the ways out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class SubnetType(StrEnum):
    PUBLIC = "Public"
    PRIVATE = "Private"
    UTILITY = "Utility"
    DUAL_STACK = "DualStack"


class Hop(StrEnum):
    """Where a route leads."""

    INTERNET = "internet-gateway"
    NAT = "nat-gateway"
    EGRESS_ONLY = "egress-only-gateway"
    INSTANCE = "instance"
    TRANSIT = "transit-gateway"
    PEERING = "peering"
    NETWORK_INTERFACE = "network-interface"


@dataclass(frozen=True, slots=True)
class Route:
    destination: str
    """An IPv4 or IPv6 CIDR."""
    hop: Hop
    target: str | None = None
    """A `NatGateway.key` for NAT, else the id of an existing thing; None means the cluster's own (only) gateway."""


@dataclass(frozen=True, slots=True)
class RouteTable:
    key: str
    """`public`, `private-<zone>` or, with NAT64, `public-<zone>`; a subnet's name where a zone has differing egress."""
    public: bool
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class NatGateway:
    """A gateway for one zone's private subnets: made by us in `subnet`, or adopted by `existing_id`."""

    key: str
    """The zone (or the private subnet, when one zone has differing egress)."""
    zone: str
    subnet: str | None = None
    """Name of the public or utility subnet that holds it; None when adopted."""
    existing_id: str | None = None
    allocation_id: str | None = None
    """An address the user already owns."""
    public_ip: str | None = None


@dataclass(frozen=True, slots=True)
class Subnet:
    name: str
    type: SubnetType
    zone: str | None
    region: str
    cidr: str | None
    """IPv4 range; None for an IPv6-only subnet or an adopted one whose range we do not know."""
    ipv6_cidr: str | None = None
    """A literal IPv6 range."""
    ipv6_index: int | None = None
    """The n-th /64 of the network's own IPv6 block (`/64#n`), known only after the network exists."""
    existing_id: str | None = None
    route_table: str | None = None
    """`RouteTable.key`; None when the subnet is adopted."""
    ipv6_only: bool = False

    @property
    def adopted(self) -> bool:
        """The user's own; we read it and never change it."""
        return self.existing_id is not None


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    existing_id: str | None
    cidr: str | None
    additional_cidrs: tuple[str, ...]
    ipv6: bool
    """The cluster's pods and services use IPv6."""
    subnets: tuple[Subnet, ...]
    """Sorted by name."""
    route_tables: tuple[RouteTable, ...]
    nat_gateways: tuple[NatGateway, ...]
    internet_gateway: bool
    """We make one; a shared network brings its own."""
    egress_only_gateway: bool
    tag_adopted_subnets: bool
    """Whether adopted subnets get the `shared` tag (off with spec.DisableSubnetTags)."""
    pod_cidr: str | None
    service_cidr: str
    cluster_dns_ip: str

    @property
    def adopted(self) -> bool:
        """The user's own; we read it and never change it."""
        return self.existing_id is not None


@dataclass(frozen=True, slots=True)
class PodNetwork:
    """How pods reach each other, as far as a live cluster cannot change it by itself."""

    plugin: str
    """Key of `spec.networking`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """By the manifest's key."""
    accepted: tuple[str, ...] = ()
    """Changes that the manifest's author has read about and wants (`plan/podnetwork.py`)."""

    def recorded(self) -> dict[str, object]:
        """What the stack's outputs keep of it."""
        return {"plugin": self.plugin, "settings": dict(self.settings)}
