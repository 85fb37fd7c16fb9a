"""What add-on files share: a base with the answers that most add-ons give.

A file of this package says when an add-on runs, what it needs of the infrastructure, and what it installs: rules,
permissions, charts and objects, as data wherever that is possible. It must not know how a cloud grants a permission;
names of clouds in it only say where the add-on exists at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi import pins
from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.model import Chart, Delivery, Manifest, Permission, Role, Rule, Stage
from kops_pulumi.plugins import Grant, ServiceAccount

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.pins import Pin
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
    stage = Stage.STANDARD
    namespace = "kube-system"
    summary: str
    """What it does, in a few words, for lists of add-ons."""
    switch: str = ""
    """The field that turns it on or off, where it is not `<section>.enabled`; empty: always there."""

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

    @property
    def where(self) -> str:
        """The field that turns it on or off; empty for what is always there."""
        return self.switch or (f"spec.{self.section[1]}.enabled" if self.section else "")

    def chart(self, full: FullSpec, pin: Pin, values: Mapping[str, Any], **more: Any) -> Delivery:
        """A delivery of a pinned chart; `release`, `skip_crds` and `wait` go to the chart, the rest to the delivery."""
        own = {key: more.pop(key) for key in ("release", "skip_crds", "wait") if key in more}
        images = more.pop("images", tuple(pin.images.values()))
        source = Chart(pin.chart, pin.repository, pin.chart_version, values, **own)
        return self._delivery(full, pin, source, images, more)

    def manifest(self, full: FullSpec, pin: Pin, documents: Iterable[Object], **more: Any) -> Delivery:
        """A delivery of objects of our own making."""
        images = more.pop("images", tuple(pin.images.values()))
        return self._delivery(full, pin, Manifest(tuple(documents)), images, more)

    def pin(self, full: FullSpec, name: str | None = None, *, version: str | None = None) -> Pin:
        """The table's row for this cluster; the add-on's own unless another is named."""
        return pins.of(full, name or self.name, version=version)

    def _delivery(
        self, full: FullSpec, pin: Pin, source: Chart | Manifest, images: tuple[str, ...], more: Mapping[str, Any]
    ) -> Delivery:
        known = {"name": self.name, "stage": self.stage, "namespace": self.namespace, "version": pin.version}
        return Delivery(source=source, why=self.where or f"always on {full.cloud}", images=images, **{**known, **more})

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


def chosen(pin: Pin, image: str | None) -> tuple[str, tuple[str, ...]]:
    """The manifest's image in place of the pin's own; and every image that then runs."""
    main = image or pin.image
    return main, tuple(dict.fromkeys(main if name == pin.name else other for name, other in pin.images.items()))
