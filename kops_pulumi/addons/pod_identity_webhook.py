"""Pod identity webhook: gives pods the tokens and settings with which they take their service account's cloud role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn
from kops_pulumi.errors import Finding, Severity

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class PodIdentityWebhook(BuiltIn):
    """`spec.podIdentityWebhook`."""

    name = "pod-identity-webhook"
    clouds = frozenset({"aws"})
    section = ("pod_identity_webhook", "podIdentityWebhook")
    needs_cert_manager = True

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """The tokens are for the cloud, unless the user has registered the issuer by other means."""
        discovery = full.cluster.spec.service_account_issuer_discovery
        if discovery is None or not discovery.enable_aws_oidc_provider:
            hint = "set spec.serviceAccountIssuerDiscovery with enableAWSOIDCProvider: true"
            text = "the cloud does not trust this cluster's tokens, so they open nothing"
            yield replace(self.finding(text, "enabled", hint=hint), severity=Severity.WARNING)


ADDON = PodIdentityWebhook()
