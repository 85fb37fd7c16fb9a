"""AWS load balancer controller: application load balancers of Ingresses, network load balancers of Services.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/#configure-iam; values:
https://github.com/aws/eks-charts/blob/master/stable/aws-load-balancer-controller/values.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import pods
from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.model import Late, Permission

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.pins import Pin
    from kops_pulumi.resolve.full import FullSpec


class AwsLoadBalancerController(BuiltIn):
    """`spec.awsLoadBalancerController`."""

    name = "aws-load-balancer-controller"
    clouds = frozenset({"aws"})
    section = ("aws_load_balancer_controller", "awsLoadBalancerController")
    account = kube_system("aws-load-balancer-controller")
    verbs = ("ingress.manage",)
    needs_cert_manager = True
    summary = "Application and network load balancers of Ingresses and Services"

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Web firewalls and DDoS protection, where asked for."""
        settings = self.settings(full)
        if settings.enable_waf or settings.enable_waf_v2:
            yield Permission("ingress.filter")
        if settings.enable_shield:
            yield Permission("ingress.shield")

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The project's chart, with its webhook's certificate from cert-manager."""
        settings = self.settings(full)
        pin = self.pin(full, version=settings.version)
        return [self.chart(full, pin, self._values(full, pin, settings), after=("cert-manager",))]

    def _values(self, full: FullSpec, pin: Pin, settings: Any) -> Object:
        who = pods.identity(full, self.account)
        return {
            "image": pods.parts(full, pin.image),
            "clusterName": full.cluster.metadata.name,
            "region": full.region,
            "vpcId": Late("network.id"),
            "replicaCount": pods.several(full),
            "priorityClassName": pods.CLUSTER_CRITICAL,
            "resources": pods.resources(settings, cpu_request="50m", memory_request="64Mi"),
            "serviceAccount": {"create": True, "name": self.account.name},
            "enableCertManager": True,
            # Services of type LoadBalancer stay the cloud controller's, unless they name this controller's class.
            "enableServiceMutatorWebhook": False,
            "enableWaf": bool(settings.enable_waf),
            "enableWafv2": bool(settings.enable_waf_v2),
            "enableShield": bool(settings.enable_shield),
            "env": dict(who.env),
            "extraVolumes": list(who.volumes),
            "extraVolumeMounts": list(who.mounts),
            **who.placement,
        }


ADDON = AwsLoadBalancerController()
