"""external-dns: DNS names of Services and Ingresses, by `spec.externalDns.provider: external-dns`.

https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/#iam-policy and ../flags/. The same program
does dns-controller's work (`dns_controller.py`). Designate left it with 0.15, so that it is not for OpenStack any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import kube_system
from kops_pulumi.addons.dns_controller import DnsPublisher, has_dns
from kops_pulumi.errors import Finding

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class ExternalDns(DnsPublisher):
    """`spec.externalDns.provider: external-dns`."""

    name = "external-dns"
    account = kube_system("external-dns")
    switch = "spec.externalDns.provider"
    summary = "DNS names of Services and Ingresses"

    def wanted(self, full: FullSpec) -> bool:
        """When named, and there is DNS to write to."""
        return has_dns(full) and _named(full)

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """It must know the cloud's DNS."""
        if self.exists(full) or not self.wanted(full):
            return []
        text = f"external-dns cannot write to the DNS of {full.cloud}"
        hint = "set provider: none, and bring one with a webhook for that DNS as an add-on of your own (spec.addons)"
        return [Finding(("spec", "externalDns", "provider"), text, hint)]


def _named(full: FullSpec) -> bool:
    settings = full.cluster.spec.external_dns
    return settings is not None and settings.provider == "external-dns"


ADDON = ExternalDns()
