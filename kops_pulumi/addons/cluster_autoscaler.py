"""cluster-autoscaler: grows and shrinks instance groups with the pods that wait.

https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md#iam-policy
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.errors import Finding
from kops_pulumi.model import Permission

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec

_PRICE_CLOUDS = frozenset({"gce"})


class ClusterAutoscaler(BuiltIn):
    """`spec.clusterAutoscaler`."""

    name = "cluster-autoscaler"
    clouds = frozenset({"aws", "gce"})
    section = ("cluster_autoscaler", "clusterAutoscaler")
    account = kube_system("cluster-autoscaler")
    verbs = ("groups.scale",)

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """The price expander knows the prices of some clouds only."""
        if self.settings(full).expander == "price" and full.cloud not in _PRICE_CLOUDS:
            text = f"the price expander does not know the prices of {full.cloud}"
            yield self.finding(text, "expander", hint="use least-waste, random, most-pods or priority")

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Sizes of machine types, unless the autoscaler uses the list it was built with."""
        return () if self.settings(full).aws_use_static_instance_list else (Permission("machine-types.read"),)


ADDON = ClusterAutoscaler()
