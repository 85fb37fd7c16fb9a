"""dns-controller's work: names of Services that ask for one by kops's annotations.

kops has a program of its own for it; here it is external-dns in its compatible mode, which reads the same annotations
(`dns.alpha.kubernetes.io/external` and `internal`). The API's own names are not its business: they are needed before
anything can be installed, so Pulumi makes them for load balancers, and control planes publish their own addresses
(`bootstrap/files/bin/kops-dns`). https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.addons.objects import allow
from kops_pulumi.model import DnsType, Permission
from kops_pulumi.plugins import ServiceAccount
from kops_pulumi.resolve.traits import text

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_PROVIDERS = {"aws": "aws", "gce": "google"}
"""The clouds whose DNS external-dns writes to, as it calls them."""
_VISIBILITY = {"aws": "aws-zone-type", "gce": "google-zone-visibility"}
"""The flag that tells a private zone from a public one of the same name."""
_ZONE_ID = re.compile(r"Z[0-9A-Z]{6,}")
_RULES = (
    allow("get list watch", "endpoints namespaces nodes pods services"),
    allow("get list watch", "endpointslices", "discovery.k8s.io"),
    allow("get list watch", "ingresses", "networking.k8s.io"),
)


class DnsPublisher(BuiltIn):
    """external-dns, whatever it is called and whatever annotations it reads."""

    clouds = frozenset(_PROVIDERS)
    account: ServiceAccount
    compatibility = "kops-dns-controller"

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Records of the cluster's zone."""
        return (Permission("dns.upsert", zone(full)),)

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """One pod: two would only race."""
        pin, who = self.pin(full, "external-dns"), pods.identity(full, self.account)
        settings = full.cluster.spec.external_dns
        pod: Object = {
            "serviceAccountName": self.account.name,
            "priorityClassName": (settings and settings.priority_class_name) or pods.CLUSTER_CRITICAL,
            "dnsPolicy": "Default",
            "containers": [
                {
                    "name": "external-dns",
                    "image": pods.mirrored(full, pin.image),
                    "args": self._arguments(full),
                    "env": [*who.env_list, *objects.env(AWS_REGION=full.region)],
                    "resources": {"requests": {"cpu": "50m", "memory": "50Mi"}},
                    "securityContext": pods.LOCKED,
                    "volumeMounts": list(who.mounts),
                }
            ],
            "volumes": list(who.volumes),
            **who.placement,
        }
        documents = [
            objects.account(self.account),
            *objects.cluster_role(self.name, *_RULES, who=self.account),
            objects.deployment("kube-system", self.name, pod),
        ]
        return [self.manifest(full, pin, documents)]

    def _arguments(self, full: FullSpec) -> list[str]:
        settings, place = full.cluster.spec.external_dns, zone(full)
        by_id = _ZONE_ID.fullmatch(place)
        namespace = settings.watch_namespace if settings else None
        return [
            f"--provider={_PROVIDERS[full.cloud]}",
            "--source=service",
            *(["--source=ingress"] if settings and settings.watch_ingress else []),
            f"--compatibility={self.compatibility}",
            "--registry=txt",
            f"--txt-owner-id=kops-{full.cluster.metadata.name}",
            "--txt-prefix=kops-",
            f"--{_VISIBILITY[full.cloud]}={'private' if is_private(full) else 'public'}",
            f"--zone-id-filter={place}" if by_id else f"--domain-filter={place}",
            *([f"--namespace={namespace}"] if namespace else []),
            "--log-level=info",
        ]


class DnsController(DnsPublisher):
    """There whenever the cluster has DNS and nothing else keeps it (`spec.externalDns.provider`)."""

    name = "dns-controller"
    account = kube_system("dns-controller")
    switch = "spec.externalDns.provider"
    summary = "DNS names of Services that ask for one by kops's annotations"

    def wanted(self, full: FullSpec) -> bool:
        """Unless there is no DNS, or another provider is named."""
        provider = full.cluster.spec.external_dns.provider if full.cluster.spec.external_dns else None
        return has_dns(full) and provider in (None, "", "dns-controller")


def has_dns(full: FullSpec) -> bool:
    """The cluster's names are in a DNS zone."""
    topology = full.cluster.spec.topology
    return topology is None or topology.dns is None or topology.dns.type != DnsType.NONE.value


def is_private(full: FullSpec) -> bool:
    """The zone answers in the cluster's network only."""
    topology = full.cluster.spec.topology
    dns = topology.dns if topology else None
    return dns is not None and text(dns.type) == DnsType.PRIVATE.value


def zone(full: FullSpec) -> str:
    """The cluster's hosted zone: its name or id; the parent of the cluster's own name where the manifest is silent."""
    cluster = full.cluster
    return cluster.spec.dns_zone or (cluster.metadata.name or "").partition(".")[2]


ADDON = DnsController()
