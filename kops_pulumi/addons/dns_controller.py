"""dns-controller: keeps the API's DNS names at the control planes' addresses, and names of Services that want one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.model import DnsType, Permission

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class DnsController(BuiltIn):
    """There whenever the cluster has DNS and nothing else keeps it (`spec.externalDns.provider`)."""

    name = "dns-controller"
    clouds = frozenset({"aws", "gce"})
    account = kube_system("dns-controller")

    def wanted(self, full: FullSpec) -> bool:
        """Unless there is no DNS, or another provider is named."""
        provider = full.cluster.spec.external_dns.provider if full.cluster.spec.external_dns else None
        return has_dns(full) and provider in (None, "", "dns-controller")

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Records of the cluster's zone."""
        return (Permission("dns.upsert", zone(full)),)


def has_dns(full: FullSpec) -> bool:
    """The cluster's names are in a DNS zone."""
    topology = full.cluster.spec.topology
    return topology is None or topology.dns is None or topology.dns.type != DnsType.NONE.value


def zone(full: FullSpec) -> str:
    """The cluster's hosted zone: its name or id; the parent of the cluster's own name where the manifest is silent."""
    cluster = full.cluster
    return cluster.spec.dns_zone or (cluster.metadata.name or "").partition(".")[2]


ADDON = DnsController()
