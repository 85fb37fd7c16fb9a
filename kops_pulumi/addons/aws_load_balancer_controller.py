"""AWS load balancer controller: application load balancers of Ingresses, network load balancers of Services.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/#configure-iam
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.model import Permission

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class AwsLoadBalancerController(BuiltIn):
    """`spec.awsLoadBalancerController`."""

    name = "aws-load-balancer-controller"
    clouds = frozenset({"aws"})
    section = ("aws_load_balancer_controller", "awsLoadBalancerController")
    account = kube_system("aws-load-balancer-controller")
    verbs = ("ingress.manage",)
    needs_cert_manager = True

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Web firewalls and DDoS protection, where asked for."""
        settings = self.settings(full)
        if settings.enable_waf or settings.enable_waf_v2:
            yield Permission("ingress.filter")
        if settings.enable_shield:
            yield Permission("ingress.shield")


ADDON = AwsLoadBalancerController()
