"""AWS cloud controller: addresses and zones of nodes, load balancers of Services, routes of kubenet.

https://cloud-provider-aws.sigs.k8s.io/prerequisites/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.model import Permission

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class AwsCloudController(BuiltIn):
    """Always there on AWS."""

    name = "aws-cloud-controller-manager"
    clouds = frozenset({"aws"})
    account = kube_system("aws-cloud-controller-manager")
    verbs = ("machines.describe", "load-balancers.manage")

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Routes to nodes' pods, for kubenet: pods' own addresses travel over the network."""
        networking = full.cluster.spec.networking
        if networking is None or networking.kubenet is None:
            return ()
        return (Permission("routes.manage"), Permission("machines.pass-foreign-traffic"))


ADDON = AwsCloudController()
