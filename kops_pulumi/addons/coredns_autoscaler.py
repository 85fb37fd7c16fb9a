"""CoreDNS's proportional autoscaler: more DNS servers for more nodes and cores.

CoreDNS itself is kubeadm's, set up by `bootstrap/kubeadm/dns.py` with everything else that `spec.kubeDNS` says.
https://github.com/kubernetes-sigs/cluster-proportional-autoscaler#linear-mode; kops's figures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, chosen, kube_system
from kops_pulumi.addons.objects import allow
from kops_pulumi.resolve.traits import text

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_ACCOUNT = kube_system("coredns-autoscaler")
_LINEAR = {"coresPerReplica": 256, "nodesPerReplica": 16, "min": 2, "preventSinglePointFailure": True}
"""Two at least, as kubeadm starts with."""


class CorednsAutoscaler(BuiltIn):
    """There with CoreDNS; `spec.kubeDNS.cpaImage` is its image."""

    name = "coredns-autoscaler"
    switch = "spec.kubeDNS.provider"
    summary = "More replicas of CoreDNS for more nodes and cores"

    def wanted(self, full: FullSpec) -> bool:
        """Unless DNS is somebody else's."""
        settings = full.cluster.spec.kube_dns
        return settings is None or text(settings.provider) in ("", "CoreDNS")

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The autoscaler, aimed at kubeadm's Deployment."""
        pin = self.pin(full)
        settings = full.cluster.spec.kube_dns
        image, images = chosen(pin, settings.cpa_image if settings else None)
        linear = json.dumps(_LINEAR, separators=(",", ":"), sort_keys=True)
        pod: Object = {
            "serviceAccountName": _ACCOUNT.name,
            "priorityClassName": pods.CLUSTER_CRITICAL,
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": list(pods.CONTROL_PLANE_TAINTS),
            "containers": [
                {
                    "name": "autoscaler",
                    "image": pods.mirrored(full, image),
                    "command": ["/cluster-proportional-autoscaler"],
                    "args": [
                        "--namespace=kube-system",
                        f"--configmap={self.name}",
                        "--target=deployment/coredns",
                        f'--default-params={{"linear":{linear}}}',
                        "--logtostderr=true",
                        "--v=2",
                    ],
                    "resources": {"requests": {"cpu": "20m", "memory": "10Mi"}},
                    "securityContext": pods.LOCKED,
                }
            ],
        }
        rules = (allow("get update", "deployments/scale", "apps"), allow("get", "deployments", "apps"))
        documents = [
            objects.account(_ACCOUNT),
            *objects.cluster_role(f"system:{self.name}", allow("list watch", "nodes"), who=_ACCOUNT),
            *objects.role("kube-system", self.name, *rules, allow("create get update", "configmaps"), who=_ACCOUNT),
            objects.deployment("kube-system", self.name, pod),
        ]
        return [self.manifest(full, pin, documents, images=images)]


ADDON = CorednsAutoscaler()
