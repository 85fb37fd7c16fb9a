"""Who may reach whom (firewall rules) and who may do what (identities), cloud-neutral."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kops_pulumi.model.roles import Role


class PeerKind(StrEnum):
    ROLE = "role"
    LOAD_BALANCER = "load-balancer"
    CIDR = "cidr"
    PREFIX_LIST = "prefix-list"


@dataclass(frozen=True, slots=True, order=True)
class Peer:
    """One end of a rule: a role, a load balancer (by `Endpoint.name`), an address range or a prefix list."""

    kind: PeerKind
    name: str


class Protocol(StrEnum):
    ALL = "all"
    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    ICMPV6 = "icmpv6"
    IPIP = "ipip"


@dataclass(frozen=True, slots=True)
class Rule:
    """`source` may open connections to `target`; everything else is closed."""

    source: Peer
    target: Peer
    protocol: Protocol
    ports: tuple[int, int] | None
    """First and last port, inclusive; (type, code) for ICMP; None means all."""
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """A neutral verb such as `volumes.attach`, limited to this cluster's own things unless `scope` says otherwise."""

    verb: str
    scope: str = "cluster"
    """`cluster`, or what the verb needs to know: a zone id for `dns.upsert`, a path for `store.read`, …"""


class IdentityKind(StrEnum):
    MACHINE = "machine"
    SERVICE_ACCOUNT = "service-account"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a machine or a pod is to the cloud, and what it may do."""

    key: str
    """`control-plane`, `node`, … for machines; `<namespace>/<name>` for service accounts; unique."""
    kind: IdentityKind
    name: str
    """Physical name of the role or account."""
    permissions: tuple[Permission, ...] = ()
    role: Role | None = None
    namespace: str | None = None
    service_account: str | None = None
    managed_policies: tuple[str, ...] = ()
    """Existing policies to attach, by id or ARN."""
    inline_policy: str | None = None
    """A document of the user's own, as canonical JSON; added to ours."""


@dataclass(frozen=True, slots=True)
class ServiceAccountIssuer:
    """Where tokens of service accounts can be checked by the cloud."""

    url: str
    discovery_store: str | None
    cloud_provider_trust: bool
    """Register the issuer with the cloud's identity service."""
    thumbprints: tuple[str, ...] = ()
    """Given by the user; empty means computed or left to the cloud."""
    audiences: tuple[str, ...] = ()
