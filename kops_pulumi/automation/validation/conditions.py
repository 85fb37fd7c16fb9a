"""The conditions of a healthy cluster, as pure functions over a `State`.

A group has as many machines as it wants; every machine has joined and its node is ready, network included; every
control-plane node has its three pods ready; every critical pod runs. A node that says nothing of its network has one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kops_pulumi.automation.kube import CRITICAL, Node, Pod
from kops_pulumi.model import FleetGroup, Machine, MachineState, Role

Kind = Literal["dns", "api", "InstanceGroup", "Machine", "Node", "Pod", "Certificate"]

CONTROL_PLANE_PODS: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
_LABELS: Final = ("k8s-app", "component")
"""kubeadm labels static pods with `component`; kops with `k8s-app`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be."""

    kind: Kind
    name: str
    message: str
    group: str | None = None
    """The instance group it is about; None: the whole cluster."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.message}"


@dataclass(frozen=True, slots=True)
class State:
    """What cloud and API tell of a cluster at one time."""

    roles: Mapping[str, Role]
    """Role of each instance group, by name."""
    groups: Sequence[FleetGroup]
    nodes: Sequence[Node]
    pods: Sequence[Pod]
    gone: frozenset[str] = frozenset()
    """Machines that were ended a moment ago: their nodes do not count, even if the API still shows them."""
    uncounted: frozenset[str] = frozenset()
    """Groups whose size nobody fixes (Karpenter's): they always have enough machines."""


def node_of(machine: Machine, by_machine: Mapping[str, Node], by_name: Mapping[str, Node]) -> Node | None:
    """The node that a machine has become; None while it has not joined."""
    return by_machine.get(machine.id) or (by_name.get(machine.name) if machine.name else None)


def indexes(nodes: Sequence[Node]) -> tuple[dict[str, Node], dict[str, Node]]:
    """The nodes by their machine's id, and by their own name."""
    return {node.machine: node for node in nodes if node.machine}, {node.name: node for node in nodes}


def problems(state: State) -> tuple[Problem, ...]:
    """Everything that is wrong, groups and machines first."""
    return (*_machines(state), *_nodes(state), *_control_planes(state), *_critical(state))


def _machines(state: State) -> Iterator[Problem]:
    """Every group is complete and every machine of it has joined; of bastions, no nodes, the number counts."""
    by_machine, by_name = indexes(state.nodes)
    strangers = _strangers(state, by_machine)
    for group in state.groups:
        bastion = state.roles.get(group.name) is Role.BASTION
        present = [m for m in group.machines if _present(m)]
        attached = sum(not machine.detached for machine in present) + strangers[group.name]
        if attached < group.desired and group.name not in state.uncounted:
            message = f"did not have enough nodes {attached} vs {group.desired}"
            yield Problem("InstanceGroup", group.name, message, group.name)
        for machine in present if not bastion else ():
            if node_of(machine, by_machine, by_name) is None:
                yield Problem("Machine", machine.id, "has not yet joined the cluster", group.name)


def _present(machine: Machine) -> bool:
    return machine.state in {MachineState.PENDING, MachineState.RUNNING}


def _strangers(state: State, by_machine: Mapping[str, Node]) -> Mapping[str, int]:
    """Nodes by group whose machine the last list did not have: it was started since."""
    known = {machine.id for group in state.groups for machine in group.machines} | state.gone
    names = {machine.name for group in state.groups for machine in group.machines}
    counts: dict[str, int] = defaultdict(int)
    for id_, node in by_machine.items():
        if node.group and id_ not in known and node.name not in names:
            counts[node.group] += 1
    return counts


def _nodes(state: State) -> Iterator[Problem]:
    for node in state.nodes:
        if node.machine in state.gone:
            continue
        if not node.ready:
            why = f": {node.reason}" if node.reason else ""
            yield Problem("Node", node.name, f"is not ready{why}", node.group)
        elif not node.network:
            yield Problem("Node", node.name, "has no network yet", node.group)


def _control_planes(state: State) -> Iterator[Problem]:
    """Each control-plane node has its own API server, controller manager and scheduler."""
    nodes = [node for node in state.nodes if node.control_plane and node.machine not in state.gone]
    running: dict[str, set[str]] = defaultdict(set)
    for pod in state.pods:
        if pod.namespace == "kube-system" and pod.ready and pod.node:
            running[pod.node].update(pod.labels[label] for label in _LABELS if label in pod.labels)
    for node in nodes:
        for component in CONTROL_PLANE_PODS:
            if node.ready and component not in running[node.name]:
                yield Problem("Node", node.name, f"has no ready {component} pod", node.group)


def _critical(state: State) -> Iterator[Problem]:
    """Pods of the system's priority classes run and are ready; those that are done or on their way out do not count."""
    groups = {node.name: node.group for node in state.nodes}
    gone = {node.name for node in state.nodes if node.machine in state.gone}
    for pod in state.pods:
        if pod.priority_class not in CRITICAL or pod.leaving or pod.phase == "Succeeded" or pod.node in gone:
            continue
        group = groups.get(pod.node) if pod.node else None
        if pod.phase in {"Pending", "Unknown", "Failed"}:
            why = f": {pod.reason}" if pod.reason else ""
            yield Problem("Pod", pod.key, f"{pod.priority_class} pod is {pod.phase.lower()}{why}", group)
        elif not pod.ready:
            yield Problem("Pod", pod.key, f"{pod.priority_class} pod is not ready", group)
