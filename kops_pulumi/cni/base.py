"""What CNI files share: a base with the checks that hold for every network plug-in, and the ones kops has removed.

A file of this package says what is true of one plug-in: traits, checks, firewall rules, machine permissions. It may
read the manifest only; it must not know how a cloud writes a rule or a permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kops_pulumi import pins
from kops_pulumi.errors import Finding, KeyPath, Severity
from kops_pulumi.model import Delivery, LeafCertificate, Peer, PeerKind, Permission, Protocol, Role, Rule
from kops_pulumi.plan.mirrors import Mirrors
from kops_pulumi.plugins import CniTraits, Migration, NodeSettings
from kops_pulumi.resolve.traits import of_role

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup

KUBERNETES_ROLES = (Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE)
"""Machines that run pods."""
NETWORKING: KeyPath = ("spec", "networking")
FROM_ROUTES = (
    "Every pod loses its network between the update and the replacement of its machine: take a maintenance window.",
    "Run kops-pulumi update cluster --yes: it installs the new plug-in and changes what machines are told.",
    "Replace every machine at once: kops-pulumi rolling-update cluster --cloudonly --force --yes.",
    "Delete the routes to nodes that the cloud controller left in the route table.",
)
"""From routes in the cloud: nothing of the old plug-in is left on a new machine."""


class Plugin:
    """A network plug-in with the answers that most of them give."""

    key: str
    ipv6 = False
    clouds: frozenset[str] | None = None
    network_policy = False
    needs_kube_proxy = True
    """Services need kube-proxy, unless the plug-in replaces it."""
    migrations: Sequence[Migration] = ()

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

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """What it needs on a group's machines: nothing, unless its file says so."""
        del full, group
        return NodeSettings()

    def settled(self, full: FullSpec) -> Mapping[str, str]:
        """What a live cluster cannot change by itself: nothing, unless its file says so."""
        del full
        return {}

    def random_keys(self, full: FullSpec) -> Sequence[str]:
        """Keysets that are made for it: none, unless its file says so."""
        del full
        return ()

    def leaves(self, full: FullSpec) -> Sequence[LeafCertificate]:
        """Certificates that are made for it: none, unless its file says so."""
        del full
        return ()

    def finding(self, message: str, *path: str | int, hint: str | None = None) -> Finding:
        """A finding about one of the plug-in's own fields."""
        return Finding((*NETWORKING, self.key, *path), message, hint)

    def warning(self, message: str, *path: str, hint: str) -> Finding:
        """The same, about what works but not as one may think."""
        return Finding((*NETWORKING, self.key, *path), message, hint, Severity.WARNING)

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
        if self.needs_kube_proxy and not self.replaces_kube_proxy(full) and proxy and proxy.enabled is False:
            message = f"{self.key} does not replace kube-proxy with these settings, so nothing of ours serves Services"
            hint = "remove spec.kubeProxy.enabled, or bring another service proxy"
            yield Finding(("spec", "kubeProxy", "enabled"), message, hint, Severity.WARNING)


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
    migrations: Sequence[Migration] = ()

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

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """Nothing."""
        del full, group
        return NodeSettings()

    def settled(self, full: FullSpec) -> Mapping[str, str]:
        """Nothing."""
        del full
        return {}

    def random_keys(self, full: FullSpec) -> Sequence[str]:
        """None."""
        del full
        return ()

    def leaves(self, full: FullSpec) -> Sequence[LeafCertificate]:
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


def pinned(full: FullSpec, name: str, version: str | None = None) -> pins.Pin:
    """What is installed of a plug-in; `version` is the manifest's own choice."""
    return pins.of(full, name, version=version)


def mirrors(full: FullSpec) -> Mirrors:
    """Where images are pulled from."""
    return Mirrors.of(full.cluster.spec.assets)


def machines_of(full: FullSpec, role: Role) -> int:
    """How many machines of a role there are at least."""
    return sum(group.spec.min_size or 1 for group in of_role(full.groups, role))
