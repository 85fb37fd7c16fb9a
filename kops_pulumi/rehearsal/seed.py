"""The adopted world: what a manifest says exists already (shared VPCs and subnets, hosted zones, profiles …).

`seed(store, plan)` creates these things once, marked as adopted; destroying the cluster must leave exactly them. What
a plan adopts on a cloud is that cloud's table (`aws/adopted.py`). This module must not know a cloud's types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from kops_pulumi.rehearsal import aws, gcp, openstack, vsphere
from kops_pulumi.rehearsal.aws.adopted import adopted as adopted_on_aws
from kops_pulumi.rehearsal.gcp.adopted import adopted as adopted_on_gce
from kops_pulumi.rehearsal.kinds import Adopted, Cloud, Package
from kops_pulumi.rehearsal.lifecycle import adopt
from kops_pulumi.rehearsal.openstack.adopted import adopted as adopted_on_openstack
from kops_pulumi.rehearsal.store import Record, Store
from kops_pulumi.rehearsal.vsphere.adopted import adopted as adopted_on_vsphere

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan

_CLOUDS: Final[Mapping[str, tuple[Package, Callable[[ClusterPlan], Iterable[Adopted]]]]] = {
    "aws": (aws.AWS, adopted_on_aws),
    "gce": (gcp.GCP, adopted_on_gce),
    "openstack": (openstack.OPENSTACK, adopted_on_openstack),
    "vsphere": (vsphere.VSPHERE, adopted_on_vsphere),
}


def seed(store: Store, plan: ClusterPlan) -> list[Record]:
    """Let everything exist that the plan adopts; the answer is what was added now (seeding twice adds nothing)."""
    if plan.cloud not in _CLOUDS:
        return []
    package, things = _CLOUDS[plan.cloud]
    wanted = {(thing.type, thing.id): thing for thing in things(plan)}
    missing = [thing for (type_, id_), thing in wanted.items() if store.get(type_, id_) is None]
    return [adopt(package, store, Cloud(region=plan.region), thing) for thing in missing]
