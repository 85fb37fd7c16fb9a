"""An add-on in Python: called while the cluster's program runs, with the cluster; what it returns can be waited for."""

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace

from kops_pulumi.components.addons import AddOnContext


def install(cluster: AddOnContext) -> list[pulumi.Resource]:
    """A namespace that knows which cluster it is in."""
    namespace = Namespace(f"{cluster.name}-namespace", metadata={"name": "shop"}, opts=cluster.options)
    facts = ConfigMap(
        f"{cluster.name}-cluster",
        metadata={"name": "cluster", "namespace": namespace.metadata.name},
        data={"name": cluster.plan.name, "region": cluster.plan.region, "network": cluster.values["network.id"]},
        opts=cluster.options,
    )
    return [namespace, facts]
