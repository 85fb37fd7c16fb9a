"""Where the API and the bastions are reached, and the DNS names that lead there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kops_pulumi.model.roles import Role


class EndpointKind(StrEnum):
    LOAD_BALANCER = "load-balancer"
    ADDRESSES = "addresses"
    """No load balancer: DNS records of the control planes' own addresses."""
    VIP = "vip"
    """A virtual address that the control planes hold among themselves."""
    EXTERNAL = "external"
    """A load balancer of the user's own, which nobody here makes."""


@dataclass(frozen=True, slots=True)
class Listener:
    port: int
    target_port: int
    name: str
    """`tcp`, `tls`, `kops-controller`, `etcd-cilium`, `bastion`: names the target group."""
    tls: bool = False


@dataclass(frozen=True, slots=True)
class EndpointSubnet:
    name: str
    private_ipv4: str | None = None
    allocation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where clients reach the API (`api`) or operators the bastions (`bastion`)."""

    name: str
    kind: EndpointKind
    public: bool
    dns_name: str
    """The name users and certificates use."""
    physical_name: str
    listeners: tuple[Listener, ...]
    subnets: tuple[EndpointSubnet, ...]
    roles: tuple[Role, ...]
    """Machines of these roles are the targets."""
    cross_zone: bool = False
    dual_stack: bool = False
    certificate: str | None = None
    tls_policy: str | None = None
    security_group_override: str | None = None
    additional_security_groups: tuple[str, ...] = ()
    access_log_bucket: str | None = None
    access_log_prefix: str | None = None


class DnsType(StrEnum):
    PUBLIC = "Public"
    PRIVATE = "Private"
    NONE = "None"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    name: str
    type: str
    """A or AAAA, an alias of the endpoint's load balancer."""
    endpoint: str


@dataclass(frozen=True, slots=True)
class OwnName:
    """A name of the API that control planes publish themselves, at their own addresses."""

    name: str
    public: bool
    """At the addresses that the world sees, else at those of the network."""


@dataclass(frozen=True, slots=True)
class DnsPlan:
    type: DnsType
    zone: str | None
    """Name or id of the hosted zone; None without DNS."""
    records: tuple[DnsRecord, ...]
    attach_zone: bool
    """A private zone is to be attached to our network."""
    zone_named: bool = True
    """The manifest names the zone; else `zone` is the likely one, and the longest that is hosted is meant."""
    own_names: tuple[OwnName, ...] = ()
    """Without a load balancer before it only the machines know where the API is, and nobody can install anything in a
    cluster that cannot be found."""
