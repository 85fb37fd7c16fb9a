"""Whether etcd survives the loss of a machine: of every etcd cluster, a quorum of members must be healthy elsewhere.

A member's health is that of its static pod: kubelet asks etcd's own `/readyz`, which reads through the leader, so a
ready pod is a member that has a quorum and keeps up with it. The API shows those pods; a member without a ready pod on
a ready node counts as lost. A cluster of one member has no quorum to keep: its API is away while its machine is
replaced, and the member comes back with its volume.

https://etcd.io/docs/latest/op-guide/monitoring/#health-check
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kops_pulumi.automation.kube import Node, Pod
from kops_pulumi.model import EtcdCluster

_NAMESPACE = "kube-system"


def lost_quorum(clusters: Iterable[EtcdCluster], nodes: Sequence[Node], pods: Sequence[Pod], leaving: str) -> list[str]:
    """Why the machine's node `leaving` may not go now, a sentence for each etcd cluster; empty when it may."""
    by_name = {node.name: node for node in nodes}
    return [reason for cluster in clusters if (reason := _reason(cluster, by_name, pods, leaving))]


def _reason(cluster: EtcdCluster, nodes: Mapping[str, Node], pods: Sequence[Pod], leaving: str) -> str | None:
    size = len(cluster.members)
    if size == 1 or not _runs_here(cluster, nodes.get(leaving)):
        return None
    others = {pod.node for pod in pods if _healthy(pod, cluster.name, nodes) and pod.node != leaving}
    needed = size // 2 + 1
    if len(others) >= needed:
        return None
    return f"etcd {cluster.name} would keep {len(others)} healthy of {size} members, and needs {needed}"


def _runs_here(cluster: EtcdCluster, node: Node | None) -> bool:
    """A node that never joined may run a member all the same: it counts as one."""
    return node is None or node.group in {member.group for member in cluster.members}


def _healthy(pod: Pod, cluster: str, nodes: Mapping[str, Node]) -> bool:
    node = nodes.get(pod.node or "")
    labelled = pod.namespace == _NAMESPACE and pod.labels.get("k8s-app") == f"etcd-{cluster}"
    return labelled and pod.ready and not pod.leaving and node is not None and node.ready
