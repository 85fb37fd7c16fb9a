"""The cluster's own API, as far as the verbs of a cluster's life need it: nodes, pods, budgets, evictions.

`Kube` is what rolling updates and validation program against; `client.py` is the real one, over `session.py`; tests and
rehearsals serve the same calls over HTTP. Values here are a few fields of the API's objects, so that a cluster of
thousands of pods fits in memory: https://kubernetes.io/docs/reference/kubernetes-api/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

SCHEDULED_TAINT: Final = "kops.k8s.io/scheduled-for-update"
"""On nodes that are about to be replaced, with PreferNoSchedule: pods had better not go there. kops's key."""
NEEDS_UPDATE: Final = "kops.k8s.io/needs-update"
"""Annotation of a node that is to be replaced whatever its description says. kops's key."""
NO_BALANCERS: Final = "node.kubernetes.io/exclude-from-external-load-balancers"
"""https://kubernetes.io/docs/reference/labels-annotations-taints/"""
CRITICAL: Final = frozenset({"system-cluster-critical", "system-node-critical"})


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the cluster."""

    name: str
    group: str | None
    """Its instance group, from our label."""
    ready: bool
    network: bool = True
    """False while the condition NetworkUnavailable holds."""
    schedulable: bool = True
    machine: str | None = None
    """The cloud's id of its machine: the end of its provider id."""
    kubelet: str = ""
    """As it reports: `v1.37.0`."""
    control_plane: bool = False
    marked: bool = False
    """It has our taint: the scheduler prefers others."""
    needs_update: bool = False
    """It is to be replaced, whatever its machine was made from."""
    reason: str = ""
    """Why it is not ready, in its own words."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod."""

    namespace: str
    name: str
    node: str | None
    phase: str
    ready: bool
    priority_class: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    """Kind of its controller: ReplicaSet, DaemonSet, Node (a static pod) …"""
    leaving: bool = False
    """It is being deleted."""
    reason: str = ""
    """Why it is not ready."""

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget: how many of the pods that it selects may go now."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    allowed: int
    expressions: Sequence[tuple[str, str, tuple[str, ...]]] = ()
    """matchExpressions: key, operator, values."""

    def covers(self, pod: Pod) -> bool:
        """Whether the budget selects the pod."""
        return (
            pod.namespace == self.namespace
            and all(pod.labels.get(key) == value for key, value in self.labels.items())
            and all(_holds(pod.labels, *expression) for expression in self.expressions)
        )


def _holds(labels: Mapping[str, str], key: str, operator: str, values: tuple[str, ...]) -> bool:
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
    return key not in labels


class Kube(Protocol):
    """One cluster's API. What it shows is kept up to date by itself: looking costs no call.

    What changes something raises KopsError when the API refuses or does not answer.
    """

    def problem(self) -> str | None:
        """Why what it shows may be old (the API does not answer); None when it is up to date."""
        ...

    def nodes(self) -> Sequence[Node]:
        """All nodes."""
        ...

    def pods(self) -> Sequence[Pod]:
        """All pods."""
        ...

    def pods_on(self, node: str) -> Sequence[Pod]:
        """The pods of one node."""
        ...

    def budgets(self) -> Sequence[Budget]:
        """All PodDisruptionBudgets, asked for now."""
        ...

    def mark(self, node: str, *, needed: bool = False) -> None:
        """Let the scheduler prefer other nodes; `needed` notes that it is to be replaced though it is up to date."""
        ...

    def cordon(self, node: str) -> None:
        """No new pods, and no new traffic from load balancers of Services."""
        ...

    def evict(self, pod: Pod) -> str | None:
        """Ask it to go; None when it does or is gone, else why it may not go now."""
        ...

    def delete_node(self, node: str) -> None:
        """Forget a node whose machine goes. Gone already: nothing happens."""
        ...
