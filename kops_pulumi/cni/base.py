"""What CNI files share: a base with the checks that hold for every network plug-in, and the ones kops has removed.

A file of this package says what is true of one plug-in: traits, checks, firewall rules, machine permissions. It may
read the manifest only; it must not know how a cloud writes a rule or a permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.model import Delivery, Peer, PeerKind, Permission, Protocol, Role, Rule
from kops_pulumi.plugins import CniTraits

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec

KUBERNETES_ROLES = (Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE)
"""Machines that run pods."""
NETWORKING: KeyPath = ("spec", "networking")


class Plugin:
    """A network plug-in with the answers that most of them give."""

    key: str
    ipv6 = False
    clouds: frozenset[str] | None = None
    network_policy = False

    def settings(self, full: FullSpec) -> Any:
        """The plug-in's part of the manifest."""
        return getattr(full.cluster.spec.networking, self.key)

    def traits(self, full: FullSpec) -> CniTraits:
        """What the planner must know."""
        return CniTraits(
            ipv6=self.ipv6,
            clouds=self.clouds,
            network_policy=self.network_policy,
            replaces_kube_proxy=self.replaces_kube_proxy(full),
            pods_on_network=self.pods_on_network(full),
        )

    def replaces_kube_proxy(self, full: FullSpec) -> bool:
        """Whether kube-proxy must be off, with this manifest's settings."""
        del full
        return False

    def pods_on_network(self, full: FullSpec) -> bool:
        """Whether pods get addresses of the cloud's network, with this manifest's settings."""
        del full
        return False

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings about the plug-in's part of the manifest."""
        return [*self._common(full), *self.checks(full)]

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Findings that only this plug-in makes."""
        del full
        return ()

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """Firewall rules beyond the base ones."""
        del full
        return ()

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """What machines of each role must be allowed to do."""
        del full
        return {}

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """What it installs: nothing, unless its file says so."""
        del full
        return ()

    def finding(self, message: str, *path: str, hint: str | None = None) -> Finding:
        """A finding about one of the plug-in's own fields."""
        return Finding((*NETWORKING, self.key, *path), message, hint)

    def _common(self, full: FullSpec) -> Iterable[Finding]:
        if self.clouds is not None and full.cloud not in self.clouds:
            where = " and ".join(sorted(self.clouds))
            yield self.finding(
                f"{self.key} exists on {where} only, not on {full.cloud}", hint="cilium works on all clouds"
            )
        if is_ipv6(full) and not self.ipv6:
            yield self.finding(
                f"{self.key} cannot do IPv6", hint="use cilium, calico, kindnet or cni, or an IPv4 range"
            )
        proxy = full.cluster.spec.kube_proxy
        if self.replaces_kube_proxy(full) and (proxy is None or proxy.enabled is not False):
            message = f"{self.key} replaces kube-proxy with these settings, so kube-proxy must be off"
            yield Finding(("spec", "kubeProxy", "enabled"), message, "set spec.kubeProxy.enabled: false")


@dataclass
class Removed:
    """A plug-in that kops had once: its manifest is refused, with the way on."""

    key: str
    gone_since: str
    """The release that no longer has it."""
    replacement: str
    migration: str
    """What to do, as one sentence."""
    clouds: frozenset[str] | None = field(default=None)

    def traits(self, full: FullSpec) -> CniTraits:
        """Nothing: it never gets as far as a plan."""
        del full
        return CniTraits(
            ipv6=False, clouds=self.clouds, network_policy=False, replaces_kube_proxy=False, pods_on_network=False
        )

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """One finding: since when it is gone, what replaces it, how to get there."""
        del full
        message = f"{self.key} was removed in {self.gone_since}; use {self.replacement} instead"
        return [Finding((*NETWORKING, self.key), message, self.migration)]

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """None."""
        del full
        return ()

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """None."""
        del full
        return {}

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """None."""
        del full
        return ()


def is_ipv6(full: FullSpec) -> bool:
    """The cluster's pods and services use IPv6 (kops: an IPv6 `nonMasqueradeCIDR`)."""
    return ":" in (full.cluster.spec.non_masquerade_cidr or "")


def node_to_control_plane(protocol: Protocol, port: int | None, reason: str) -> Rule:
    """An overlay's way from nodes to pods on control planes; the other directions are open anyway."""
    ends = (Peer(PeerKind.ROLE, Role.NODE.value), Peer(PeerKind.ROLE, Role.CONTROL_PLANE.value))
    return Rule(*ends, protocol, None if port is None else (port, port), reason)


def on_machines(*verbs: str, roles: Sequence[Role] = KUBERNETES_ROLES) -> Mapping[Role, tuple[Permission, ...]]:
    """The same permissions for machines of several roles."""
    return {role: tuple(Permission(verb) for verb in verbs) for role in roles}
