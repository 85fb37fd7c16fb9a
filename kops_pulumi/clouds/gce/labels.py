"""Labels of a cluster's things on GCE, by which controllers, operators and kops's own tools find them (pure).

Keys and values are lower-case letters, digits, dashes and underscores, 63 at most
(https://cloud.google.com/compute/docs/labeling-resources); what the user wrote in `cloudLabels` is made so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kops_pulumi.clouds.gce.names import safe
from kops_pulumi.model import ClusterPlan, EtcdCluster, EtcdMember, Group, Role
from kops_pulumi.plan.names import limited

CLUSTER = "k8s-io-cluster-name"
GROUP = "k8s-io-instance-group"
_LIMIT = 63
_ILLEGAL = re.compile(r"[^a-z0-9_-]")
_ROLES: Mapping[Role, Mapping[str, str]] = {
    Role.CONTROL_PLANE: {"k8s-io-role-control-plane": "control-plane", "k8s-io-role-master": "master"},
    Role.API_SERVER: {"k8s-io-role-apiserver": "apiserver"},
    Role.NODE: {"k8s-io-role-node": "node"},
    Role.BASTION: {"k8s-io-role-bastion": "bastion"},
}


def owned(plan: ClusterPlan, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Labels of something we make, sorted by key."""
    return dict(sorted({**legal(plan.labels), CLUSTER: cluster(plan.name), **(more or {})}.items()))


def cluster(name: str) -> str:
    """The value that says whose a thing is."""
    return limited(safe(name), _LIMIT)


def group(plan: ClusterPlan, group: Group) -> dict[str, str]:
    """Labels of a group's machines."""
    return owned(plan, {**legal(group.tags), **_ROLES[group.role], GROUP: value(group.name)})


def value(name: str) -> str:
    """An instance group's name as a label has it."""
    return limited(safe(name), _LIMIT)


def etcd_volume(plan: ClusterPlan, etcd: EtcdCluster, member: EtcdMember) -> dict[str, str]:
    """Labels of a member's disk: whose it is (kops writes `a/a`, with the slash as `-2f`)."""
    named = limited(f"{member.name}-2f{member.name}", _LIMIT)
    return owned(plan, {f"k8s-io-etcd-{etcd.name}": named, "k8s-io-role-master": "master"})


def legal(labels: Mapping[str, str]) -> dict[str, str]:
    """The user's labels as GCE takes them; a key begins with a letter."""
    return {_key(key): limited(_ILLEGAL.sub("-", value.lower()), _LIMIT) for key, value in labels.items()}


def _key(text: str) -> str:
    clean = _ILLEGAL.sub("-", text.lower())
    return limited(clean if clean[:1].isalpha() else f"l-{clean}", _LIMIT)
