"""Plans for tests of a cluster's life: as many groups as wanted, built by the real stages."""

from __future__ import annotations

from kops_pulumi import addons, clouds, cni, plan
from kops_pulumi.model import ClusterPlan
from tests.support.specs import full, group


def plan_of(*groups: str, members: int | None = None, **spec: object) -> ClusterPlan:
    """A plan with groups named like their roles: `cp-a`, `api-a`, `bastion-a`; anything else is a worker group.

    Every control-plane group runs a member of each etcd cluster.
    """
    made = tuple(group(name, _role(name), maxSize=200) for name in groups)
    planes = [name for name in groups if _role(name) == "ControlPlane"]
    etcd = [
        {"name": name, "etcdMembers": [{"name": plane, "instanceGroup": plane} for plane in planes]}
        for name in ("main", "events")
    ]
    spec = full(groups=made, etcdClusters=etcd, **spec)
    return plan.build(spec, clouds.get("aws"), cni.for_spec(spec), addons.enabled(spec))


def _role(name: str) -> str:
    prefix = name.partition("-")[0]
    return {"cp": "ControlPlane", "api": "APIServer", "bastion": "Bastion"}.get(prefix, "Node")
