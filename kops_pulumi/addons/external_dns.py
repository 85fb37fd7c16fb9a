"""external-dns: DNS names of Services and Ingresses, and of the API in dns-controller's place.

https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/#iam-policy
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.addons.dns_controller import has_dns, zone
from kops_pulumi.model import Permission

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class ExternalDns(BuiltIn):
    """`spec.externalDns.provider: external-dns`."""

    name = "external-dns"
    clouds = frozenset({"aws", "gce", "openstack"})
    account = kube_system("external-dns")

    def wanted(self, full: FullSpec) -> bool:
        """When named, and there is DNS to write to."""
        settings = full.cluster.spec.external_dns
        return has_dns(full) and settings is not None and settings.provider == "external-dns"

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Records of the cluster's zone."""
        return (Permission("dns.upsert", zone(full)),)


ADDON = ExternalDns()
