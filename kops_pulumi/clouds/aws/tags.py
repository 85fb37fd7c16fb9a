"""The tags by which controllers, operators and kops's own tools find a cluster's things (pure).

Keys are kops's, so that a cluster taken over keeps its tags: https://kops.sigs.k8s.io/ and, for subnets,
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kops_pulumi.model import ClusterPlan, EtcdCluster, EtcdMember, Group, Identity, Role, Subnet, SubnetType
from kops_pulumi.plan.network import PUBLIC_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

PUBLIC_BALANCERS = "kubernetes.io/role/elb"
INTERNAL_BALANCERS = "kubernetes.io/role/internal-elb"

_ROLE_TAGS: Mapping[Role, tuple[str, ...]] = {
    Role.CONTROL_PLANE: ("control-plane", "master"),
    Role.API_SERVER: ("apiserver",),
    Role.NODE: ("node",),
    Role.BASTION: ("bastion",),
}
_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
"""What the cluster autoscaler reads to know a group's machines before there is one."""


def cluster_key(plan: ClusterPlan) -> str:
    """The tag key that says whose a thing is; its value is `owned` or `shared`."""
    return f"kubernetes.io/cluster/{plan.name}"


def owned(plan: ClusterPlan, name: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Tags of something we make, sorted by key."""
    base = {"KubernetesCluster": plan.name, "Name": name, cluster_key(plan): "owned"}
    return dict(sorted({**plan.labels, **base, **(more or {})}.items()))


def subnet(plan: ClusterPlan, subnet: Subnet) -> dict[str, str]:
    """Tags of a subnet of ours: its type, which load balancers may go there, which self-started groups use it."""
    used_by = {g.name for g in plan.groups if not g.managed and subnet.name in g.subnets}
    more = {
        "SubnetType": subnet.type.value,
        **dict.fromkeys(_balancers(plan, subnet), "1"),
        **{f"kops.k8s.io/instance-group/{name}": "true" for name in used_by},
    }
    return owned(plan, f"{subnet.name}.{plan.name}", more)


def _balancers(plan: ClusterPlan, subnet: Subnet) -> tuple[str, ...]:
    """Public subnets take internal load balancers too when no subnet is private; dual-stack ones go before private."""
    others = plan.network.subnets
    dual_stack = any(s.zone == subnet.zone for s in others if s.type is SubnetType.DUAL_STACK)
    match subnet.type:
        case SubnetType.PUBLIC | SubnetType.UTILITY if {s.type for s in others} <= PUBLIC_TYPES:
            return (PUBLIC_BALANCERS, INTERNAL_BALANCERS)
        case SubnetType.PUBLIC | SubnetType.UTILITY:
            return (PUBLIC_BALANCERS,)
        case SubnetType.PRIVATE if dual_stack:
            return ()
    return (INTERNAL_BALANCERS,)


def group(plan: ClusterPlan, group: Group) -> dict[str, str]:
    """Tags of a group and of its machines, disks and interfaces."""
    managed = plan.options.termination_tag
    template = {f"{_TEMPLATE}/label/{key}": value for key, value in group.node_labels.items()}
    taints = {f"{_TEMPLATE}/taint/{key}": rest for key, _, rest in (t.partition("=") for t in group.taints)}
    watched = {managed: ""} if managed else {}
    name = {"kops.k8s.io/instancegroup": group.name}
    return owned(
        plan, group.physical_name, {**template, **taints, **_role_tags(group.role), **watched, **name, **group.tags}
    )


def role(plan: ClusterPlan, identity: Identity) -> dict[str, str]:
    """Tags of an IAM role; a service account's says whose it is. No tag may hold a `*`."""
    account = {
        "service-account.kops.k8s.io/name": identity.service_account,
        "service-account.kops.k8s.io/namespace": identity.namespace,
    }
    more = {key: value.replace("*", "wildcard") for key, value in account.items() if value}
    return owned(plan, identity.name, more)


def etcd_volume(plan: ClusterPlan, cluster: EtcdCluster, member: EtcdMember) -> dict[str, str]:
    """Tags of a member's data volume: whose it is, and who its peers are."""
    peers = ",".join(sorted(peer.name for peer in cluster.members))
    more = {f"k8s.io/etcd/{cluster.name}": f"{member.name}/{peers}", **_role_tags(Role.CONTROL_PLANE)}
    return owned(plan, member.volume_name, more)


def _role_tags(role: Role) -> dict[str, str]:
    return {f"k8s.io/role/{word}": "1" for word in _ROLE_TAGS[role]}
