"""cert-manager: certificates for add-ons and users; DNS challenges in the hosted zones that the manifest names.

https://cert-manager.io/docs/configuration/acme/dns01/route53/#set-up-an-iam-policy; values:
https://github.com/cert-manager/cert-manager/blob/master/deploy/charts/cert-manager/values.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import pods
from kops_pulumi.addons.base import BuiltIn, chosen, own_accounts
from kops_pulumi.errors import Finding
from kops_pulumi.model import Permission
from kops_pulumi.plugins import ServiceAccount

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.pins import Pin
    from kops_pulumi.resolve.full import FullSpec

_NAMESPACE = "cert-manager"
_PARTS = ("acmesolver", "cainjector", "startupapicheck", "webhook")


class CertManager(BuiltIn):
    """`spec.certManager`."""

    name = "cert-manager"
    section = ("cert_manager", "certManager")
    account = ServiceAccount(_NAMESPACE, "cert-manager")
    namespace = _NAMESPACE
    summary = "Certificates from inside and outside the cluster"

    def wanted(self, full: FullSpec) -> bool:
        """When enabled, unless the user installs it (`managed: false`)."""
        settings = self.settings(full)
        return settings is not None and bool(settings.enabled) and settings.managed is not False

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Zones belong to cert-manager's own identity; the control planes never get them."""
        if self.settings(full).hosted_zone_ids and not own_accounts(full):
            hint = "set spec.iam.useServiceAccountExternalPermissions: true"
            yield self.finding("cert-manager needs an identity of its own for hosted zones", "hostedZoneIDs", hint=hint)

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Challenge records, only in the zones that the manifest names."""
        return tuple(Permission("dns.challenge", zone) for zone in sorted(self.settings(full).hosted_zone_ids or ()))

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The project's chart, definitions included; they stay when it goes, and certificates with them."""
        pin, settings = self.pin(full), self.settings(full)
        image, images = chosen(pin, settings.image)
        values = self._values(full, pin, settings, image)
        return [self.chart(full, pin, values, images=images, create_namespace=True)]

    def _values(self, full: FullSpec, pin: Pin, settings: Any, image: str) -> Object:
        gates = ",".join(f"{name}={str(on).lower()}" for name, on in sorted((settings.feature_gates or {}).items()))
        found: Object = {
            "crds": {"enabled": True, "keep": True},
            "global": {"priorityClassName": pods.CLUSTER_CRITICAL},
            "image": pods.parts(full, image),
            "featureGates": gates,
            "serviceAccount": {"create": True, "name": "cert-manager"},
            **{name: {"image": pods.parts(full, pin.images[name])} for name in _PARTS},
        }
        if settings.default_issuer:
            found["ingressShim"] = {"defaultIssuerName": settings.default_issuer, "defaultIssuerKind": "ClusterIssuer"}
        if settings.nameservers:
            found["dns01RecursiveNameservers"] = ",".join(settings.nameservers)
            found["dns01RecursiveNameserversOnly"] = True
        if settings.hosted_zone_ids and own_accounts(full):
            who = pods.identity(full, self.account)
            found |= {"extraEnv": who.env_list, "volumes": list(who.volumes), "volumeMounts": list(who.mounts)}
        return found


ADDON = CertManager()
