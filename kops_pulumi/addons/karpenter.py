"""Karpenter: starts machines of the right size for the pods that wait, in place of instance groups.

Permissions: https://karpenter.sh/docs/reference/cloudformation/#karpentercontrollerpolicy; values: charts/karpenter of
https://github.com/aws/karpenter-provider-aws. Each group with `manager: Karpenter` becomes a class of machines
(https://karpenter.sh/docs/concepts/nodeclasses/) and a pool of them (../nodepools/), which start with the very user
data, image, role and tags that a group of ours would have. Like kops we give it no queue of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, chosen, kube_system, own_accounts
from kops_pulumi.addons.karpenter_pools import documents
from kops_pulumi.errors import Finding
from kops_pulumi.model import Stage
from kops_pulumi.plan.endpoints import internal_api_name
from kops_pulumi.resolve.traits import karpenter_managed

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

DEFINITIONS = "karpenter-crd"
POOLS = "karpenter-pools"


class Karpenter(BuiltIn):
    """`spec.karpenter`."""

    name = "karpenter"
    clouds = frozenset({"aws"})
    section = ("karpenter", "karpenter")
    account = kube_system("karpenter")
    verbs = ("machines.provision", "encryption.use")
    summary = "Starts machines of the right size for pods that wait"

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """It may start machines with the nodes' role, so it must not share an identity with anything else."""
        if not own_accounts(full):
            hint = "set spec.iam.useServiceAccountExternalPermissions: true"
            yield self.finding("karpenter needs an identity of its own", "enabled", hint=hint)
        handler = full.cluster.spec.node_termination_handler
        if handler is not None and handler.enabled:
            text = "karpenter drains its nodes itself"
            yield self.finding(text, "enabled", hint="remove spec.nodeTerminationHandler, or set its enabled: false")

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """Definitions, which Helm would never upgrade with the rest; the controller; and the pools."""
        pin, definitions, settings = self.pin(full), self.pin(full, DEFINITIONS), self.settings(full)
        image, images = chosen(pin, settings.image)
        values = self._values(full, settings, image)
        found = [
            self.chart(full, definitions, {}, name=DEFINITIONS, waits_for=Stage.API),
            self.chart(full, pin, values, images=images, skip_crds=True, after=(DEFINITIONS,)),
        ]
        groups = [group for group in full.groups if karpenter_managed(group)]
        if groups:
            pools = [item for group in groups for item in documents(full, group)]
            found.append(self.manifest(full, pin, pools, name=POOLS, version="", images=(), after=(self.name,)))
        return found

    def _values(self, full: FullSpec, settings: Any, image: str) -> Object:
        who = pods.identity(full, self.account)
        return {
            "controller": {
                # The chart's own digest would win over another version or mirror.
                "image": {**pods.parts(full, image), "digest": ""},
                "resources": pods.resources(settings, cpu_request="500m", memory_request="1Gi", memory_limit="1Gi"),
                "env": [*who.env_list, *objects.env(AWS_REGION=full.region)],
                "extraVolumeMounts": list(who.mounts),
            },
            "extraVolumes": list(who.volumes),
            "serviceAccount": {"create": True, "name": self.account.name},
            "replicas": pods.several(full),
            "logLevel": settings.log_level or "info",
            "priorityClassName": pods.CLUSTER_CRITICAL,
            "dnsPolicy": "Default",
            "settings": {
                "clusterName": full.cluster.metadata.name,
                "clusterEndpoint": f"https://{internal_api_name(full.cluster.metadata.name or '')}",
                "featureGates": _gates(settings.feature_gates),
            },
            **who.placement,
        }


def _gates(text: str | None) -> dict[str, bool]:
    """`StaticCapacity=true,…` as the chart spells it, first letter small."""
    pairs = [item.partition("=") for item in (text or "").split(",") if item]
    return {name.strip()[:1].lower() + name.strip()[1:]: value.strip() != "false" for name, _, value in pairs}


ADDON = Karpenter()
