"""Every deliberate difference in access between kops and us, by name, with its reason; docs/parity.md says the same.

A test that finds a difference which is not here fails; so does one that finds no use for an entry.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FirewallDeviation:
    """Something that kops opens and we do not (`closed`) or the other way round."""

    name: str
    reason: str
    source: str
    target: str
    protocol: str
    ports: tuple[int, int]
    closed: bool = True


FIREWALL: tuple[FirewallDeviation, ...] = (
    FirewallDeviation(
        name="no-kops-controller-behind-the-load-balancer",
        reason="our nodes join through the API's own port; kops-controller (3988) does not exist",
        source="lb:api",
        target="control-plane",
        protocol="tcp",
        ports=(3988, 3988),
    ),
)


@dataclass(frozen=True)
class IamDeviation:
    """An action that our documents have and kops's do not: on which role kinds, at most on what."""

    name: str
    reason: str
    action: str
    roles: frozenset[str]
    """`masters`, `nodes`, `apiservers`, or the beginning of a service account's role name."""
    resource: str
    """A pattern (fnmatch) that every resource of ours must match, after normalising."""


IAM: tuple[IamDeviation, ...] = (
    IamDeviation(
        name="nodes-read-their-own-bundle",
        reason="kops's nodes get their configuration from kops-controller; ours read it from the store, from a prefix "
        "that holds bundles of nodes only and never an authority's key",
        action="s3:GetObject",
        roles=frozenset({"nodes", "apiservers"}),
        resource="arn:aws:s3:::store/bundles/*/*",
    ),
)
