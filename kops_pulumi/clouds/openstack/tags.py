"""The tags by which operators, controllers and `delete` find a cluster's things in Neutron and Octavia (pure).

Tags are plain texts of at most 60 characters (https://docs.openstack.org/api-ref/network/v2/#standard-attributes-tag-extension);
kops cuts longer ones and adds a hash, and so do we.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kops_pulumi.plan.names import Names

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan


def owned(plan: ClusterPlan, **more: str) -> list[str]:
    """Tags of something we make, sorted: whose it is, and what else it is known by."""
    names = Names.of(plan)
    found = {"KubernetesCluster": plan.name, **more}
    return sorted(names.fit("tag", f"{key}={value}") for key, value in found.items())
