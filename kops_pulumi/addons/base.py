"""What add-on files share: a base with the answers that most add-ons give.

A file of this package says when an add-on runs and what it needs of the infrastructure: rules and permissions, as data
wherever that is possible. It must not know how a cloud grants a permission; the cloud's names in it only say where the
add-on exists at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.model import Delivery, Permission, Role, Rule
from kops_pulumi.plugins import Grant, ServiceAccount

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class BuiltIn:
    """An add-on with the answers that most of them give."""

    name: str
    clouds: frozenset[str] | None = None
    """Where it exists; None: everywhere."""
    section: tuple[str, str] | None = None
    """Its part of `spec`: attribute in Python, key in YAML."""
    account: ServiceAccount | None = None
    """Whom it acts as towards the cloud."""
    verbs: tuple[str, ...] = ()
    """What it asks for, always and for the whole cluster."""
    needs_cert_manager = False

    def settings(self, full: FullSpec) -> Any:
        """The add-on's part of the manifest, or None."""
        return getattr(full.cluster.spec, self.section[0]) if self.section else None

    def enabled(self, full: FullSpec) -> bool:
        """Runs in this cluster: it exists on the cloud and is wanted."""
        return self.exists(full) and self.wanted(full)

    def exists(self, full: FullSpec) -> bool:
        """Whether the cloud has it."""
        return self.clouds is None or full.cloud in self.clouds

    def wanted(self, full: FullSpec) -> bool:
        """Whether the manifest asks for it; add-ons without a switch of their own always run."""
        if self.section is None:
            return True
        settings = self.settings(full)
        return settings is not None and bool(settings.enabled)

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings about the add-on's part of the manifest."""
        return [*self._common(full), *(self.checks(full) if self.enabled(full) else ())]

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Findings that only this add-on makes, when it is enabled."""
        del full
        return ()

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """Firewall rules beyond the base ones: none for those that only talk through the API."""
        del full
        return ()

    def grants(self, full: FullSpec) -> Sequence[Grant]:
        """What it may do, and as whom."""
        permissions = (*(Permission(verb) for verb in self.verbs), *self.permissions(full))
        return [Grant(permissions, self.account, (Role.CONTROL_PLANE,))] if permissions else []

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """What it asks for besides `verbs`, with this manifest's settings."""
        del full
        return ()

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """What it installs: nothing, unless its file says so."""
        del full
        return ()

    def finding(self, message: str, *path: str, hint: str | None = None) -> Finding:
        """A finding about one of the add-on's own fields."""
        own = (self.section[1],) if self.section else ()
        where: KeyPath = ("spec", *own, *path)
        return Finding(where, message, hint)

    def _common(self, full: FullSpec) -> Iterable[Finding]:
        if self.section is None or not self.wanted(full):
            return
        if not self.exists(full):
            where = " and ".join(sorted(self.clouds or ()))
            text = f"{self.name} exists on {where} only, not on {full.cloud}"
            yield self.finding(text, "enabled", hint=f"remove spec.{self.section[1]}")
        elif self.needs_cert_manager and not has_cert_manager(full):
            text = f"{self.name} gets its certificates from cert-manager"
            yield self.finding(text, "enabled", hint="set spec.certManager.enabled: true")


def kube_system(name: str) -> ServiceAccount:
    """A service account of the cluster's own components."""
    return ServiceAccount("kube-system", name)


def has_cert_manager(full: FullSpec) -> bool:
    """cert-manager runs, whether we install it or the user does."""
    settings = full.cluster.spec.cert_manager
    return settings is not None and bool(settings.enabled)


def own_accounts(full: FullSpec) -> bool:
    """Add-ons act as their own service accounts towards the cloud."""
    iam = full.cluster.spec.iam
    return iam is not None and bool(iam.use_service_account_external_permissions)
