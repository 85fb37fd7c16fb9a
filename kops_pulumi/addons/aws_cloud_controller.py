"""AWS cloud controller: addresses and zones of nodes, load balancers of Services, routes of kubenet.

https://cloud-provider-aws.sigs.k8s.io/prerequisites/ and, for the configuration file, pkg/providers/v1/config of
https://github.com/kubernetes/cloud-provider-aws.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import kube_system
from kops_pulumi.addons.controllers import CloudController, cloud_config
from kops_pulumi.model import Permission
from kops_pulumi.resolve.traits import text

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.resolve.full import FullSpec


class AwsCloudController(CloudController):
    """Always there on AWS."""

    name = "aws-cloud-controller-manager"
    clouds = frozenset({"aws"})
    account = kube_system("aws-cloud-controller-manager")
    verbs = ("machines.describe", "load-balancers.manage")
    provider = "aws"

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """With routes, machines also pass on what is not addressed to them."""
        more = (Permission("machines.pass-foreign-traffic"),) if self.routes(full) else ()
        return (*super().permissions(full), *more)

    def configuration(self, full: FullSpec) -> Iterable[Object]:
        """What the manifest says about load balancers' security groups and nodes' addresses, if anything."""
        cloud = full.cluster.spec.cloud_config
        if cloud is None:
            return
        lines = [
            ("DisableSecurityGroupIngress", "true" if cloud.disable_security_group_ingress else None),
            ("ElbSecurityGroup", cloud.elb_security_group),
            ("NLBSecurityGroupMode", text(cloud.nlb_security_group_mode)),
            *(("NodeIPFamilies", text(family)) for family in cloud.node_ip_families or ()),
        ]
        said = [f"{key} = {value}" for key, value in lines if value]
        if said:
            yield cloud_config("\n".join(["[global]", *said, ""]), hidden=False)


ADDON = AwsCloudController()
