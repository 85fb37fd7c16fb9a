"""cert-manager: certificates for add-ons and users; DNS challenges in the hosted zones that the manifest names.

https://cert-manager.io/docs/configuration/acme/dns01/route53/#set-up-an-iam-policy
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn, own_accounts
from kops_pulumi.errors import Finding
from kops_pulumi.model import Permission
from kops_pulumi.plugins import ServiceAccount

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class CertManager(BuiltIn):
    """`spec.certManager`."""

    name = "cert-manager"
    section = ("cert_manager", "certManager")
    account = ServiceAccount("cert-manager", "cert-manager")

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


ADDON = CertManager()
