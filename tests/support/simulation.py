"""A cluster that lives on a fake clock: machines that boot and join, nodes, pods, budgets, and everything that fails.

It is a `model.Fleet` and a `kube.Kube` in one, so that rolling updates can be tried on a thousand nodes in a second.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from kops_pulumi.automation.kube import Budget, Node, Pod
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, FleetGroup, Machine, MachineState, Role


@dataclass
class FakeClock:
    """Time that passes only when somebody sleeps."""

    time: float = 0.0
    on_tick: list[Callable[[float], None]] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        for listener in self.on_tick:
            listener(self.time)


@dataclass
class SimMachine:
    id: str
    group: str
    version: int
    joins_at: float
    """When its node is ready; infinity: never."""
    detached: bool = False
    warm: bool = False
    cordoned: bool = False
    marked: bool = False
    needed: bool = False
    drained_balancers_at: float | None = None


@dataclass
class SimPod:
    pod: Pod
    leaves_at: float | None = None


class Simulation:
    """Fleet and API of one cluster."""

    surges = True
    replaces_itself = True
    reuses_names = False

    def __init__(self, plan: ClusterPlan, clock: FakeClock, *, boot: float = 120.0) -> None:
        self.plan, self.clock, self.boot = plan, clock, boot
        self.roles = {group.name: group.role for group in plan.groups}
        self.version: dict[str, int] = defaultdict(lambda: 1)
        self.desired: dict[str, int] = {}
        self.machines: dict[str, SimMachine] = {}
        self.extra_pods: dict[str, SimPod] = {}
        self.pdbs: list[Budget] = []
        self.log: list[tuple[str, str]] = []
        """What was done: (`detach`, machine), (`terminate`, machine), (`cordon`, node) …"""
        self.calls: defaultdict[str, int] = defaultdict(int)
        """List calls by kind."""
        self.broken: set[tuple[str, int]] = set()
        """Descriptions (group, version) whose machines never join."""
        self.unready: set[str] = set()
        """Machines whose nodes are not ready."""
        self.silent: str | None = None
        """Why the API does not answer."""
        self.deregistering = 0.0
        """Seconds until the balancers send a machine nothing new."""
        self.refusals: dict[tuple[str, str], str] = {}
        """(call, machine) → what the cloud says."""
        self.bad_pods: list[Pod] = []
        self._nodes: list[Node] = []
        self._nodes_of: tuple[object, ...] = ()
        self._next_join = 0.0
        self._number = itertools.count(1)

    # -- setting the stage

    def fill(self, group: str, size: int) -> list[str]:
        """Machines that have been there for long."""
        self.desired[group] = size
        made = [self._start(group, -1.0) for _ in range(size)]
        return [machine.id for machine in made]

    def change(self, *groups: str, broken: bool = False) -> None:
        """Another description of these groups."""
        for group in groups:
            self.version[group] += 1
            if broken:
                self.broken.add((group, self.version[group]))

    def run_pod(self, name: str, machine: str, labels: dict[str, str] | None = None, owner: str = "ReplicaSet") -> Pod:
        pod = Pod("shop", name, machine, "Running", ready=True, labels=labels or {}, owner=owner)
        self.extra_pods[pod.key] = SimPod(pod)
        return pod

    def outdated(self, group: str) -> list[str]:
        return [m.id for m in self.machines.values() if m.group == group and m.version != self.version[group]]

    def done(self, call: str) -> list[str]:
        return [subject for what, subject in self.log if what == call]

    def _start(self, group: str, now: float, *, warm: bool = False) -> SimMachine:
        number = next(self._number)
        version = self.version[group]
        joins = float("inf") if (group, version) in self.broken else now + self.boot
        machine = SimMachine(f"i-{number:05}", group, version, joins if now >= 0 else -1.0, warm=warm)
        self.machines[machine.id] = machine
        return machine

    # -- model.Fleet

    def groups(self) -> Sequence[FleetGroup]:
        self.calls["fleet"] += 1
        self._refuse("groups", "")
        members: defaultdict[str, list[Machine]] = defaultdict(list)
        for machine in self.machines.values():
            members[machine.group].append(self._shown(machine))
        return [self._group(group.name, members[group.name]) for group in self.plan.groups]

    def _group(self, name: str, machines: list[Machine]) -> FleetGroup:
        desired = self.desired.get(name, 0)
        return FleetGroup(name, desired, desired, desired * 2, tuple(sorted(machines, key=lambda m: m.id)))

    def _shown(self, machine: SimMachine) -> Machine:
        state = MachineState.WARM if machine.warm else MachineState.RUNNING
        outdated = machine.version != self.version[machine.group]
        return Machine(machine.id, machine.group, machine.id, state, outdated, machine.detached)

    def detach(self, machine: Machine) -> None:
        self._refuse("detach", machine.id)
        self.log.append(("detach", machine.id))
        self.machines[machine.id].detached = True
        self._start(machine.group, self.clock.time)

    def deregister(self, machine: Machine) -> bool:
        self._refuse("deregister", machine.id)
        found = self.machines[machine.id]
        if found.drained_balancers_at is None:
            self.log.append(("deregister", machine.id))
            found.drained_balancers_at = self.clock.time + self.deregistering
        return self.clock.time >= found.drained_balancers_at

    def terminate(self, machine: Machine) -> None:
        self._refuse("terminate", machine.id)
        self.log.append(("terminate", machine.id))
        gone = self.machines.pop(machine.id, None)
        self.extra_pods = {key: item for key, item in self.extra_pods.items() if item.pod.node != machine.id}
        if gone and not gone.detached and not gone.warm:
            self._start(machine.group, self.clock.time)

    def _refuse(self, call: str, subject: str) -> None:
        reason = self.refusals.get((call, subject)) or self.refusals.get((call, "*"))
        if reason:
            raise KopsError(reason)

    # -- kube.Kube

    def problem(self) -> str | None:
        return self.silent

    def nodes(self) -> Sequence[Node]:
        """Made again only when something happened: the real ones cost nothing to look at either."""
        key = (len(self.log), frozenset(self.unready), len(self.machines), self.clock.time >= self._next_join)
        if key != self._nodes_of:
            self._nodes = [self._node(machine) for machine in self.machines.values() if self._joined(machine)]
            joining = [m.joins_at for m in self.machines.values() if m.joins_at > self.clock.time]
            self._next_join = min(joining, default=float("inf"))
            self._nodes_of = (*key[:3], False)
        return self._nodes

    def _joined(self, machine: SimMachine) -> bool:
        return (
            not machine.warm and self.roles[machine.group] is not Role.BASTION and self.clock.time >= machine.joins_at
        )

    def _node(self, machine: SimMachine) -> Node:
        return Node(
            name=machine.id,
            group=machine.group,
            ready=machine.id not in self.unready,
            schedulable=not machine.cordoned,
            machine=machine.id,
            kubelet="v1.37.0",
            control_plane=self.roles[machine.group] is Role.CONTROL_PLANE,
            marked=machine.marked,
            needs_update=machine.needed,
        )

    def pods(self) -> Sequence[Pod]:
        self._let_pods_go()
        planes = [m for m in self.machines.values() if self.roles[m.group] is Role.CONTROL_PLANE and self._joined(m)]
        static = [pod for machine in planes for pod in self._static(machine)]
        return [*static, *(item.pod for item in self.extra_pods.values()), *self.bad_pods]

    def _static(self, machine: SimMachine) -> list[Pod]:
        names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]
        etcd = [f"etcd-{cluster.name}" for cluster in self.plan.etcd]
        ready = machine.id not in self.unready
        return [
            Pod(
                "kube-system",
                f"{name}-{machine.id}",
                machine.id,
                "Running",
                ready=ready,
                priority_class="system-node-critical",
                labels={"k8s-app": name},
                owner="Node",
            )
            for name in names + etcd
        ]

    def pods_on(self, node: str) -> Sequence[Pod]:
        self._let_pods_go()
        return [item.pod for item in self.extra_pods.values() if item.pod.node == node]

    def budgets(self) -> Sequence[Budget]:
        self.calls["budgets"] += 1
        return self.pdbs

    def mark(self, node: str, *, needed: bool = False) -> None:
        self._refuse("mark", node)
        self.log.append(("mark", node))
        self.machines[node].marked = True
        self.machines[node].needed |= needed

    def cordon(self, node: str) -> None:
        self._refuse("cordon", node)
        self.log.append(("cordon", node))
        self.machines[node].cordoned = True

    def evict(self, pod: Pod) -> str | None:
        self.log.append(("evict", pod.key))
        holding = next((budget for budget in self.pdbs if budget.covers(pod) and budget.allowed <= 0), None)
        if holding:
            return "it would violate the pod's disruption budget"
        item = self.extra_pods[pod.key]
        item.pod = replace(pod, leaving=True)
        item.leaves_at = self.clock.time if item.leaves_at is None else item.leaves_at
        return None

    def _let_pods_go(self) -> None:
        now = self.clock.time
        gone = [key for key, item in self.extra_pods.items() if item.leaves_at is not None and now > item.leaves_at]
        for key in gone:
            del self.extra_pods[key]

    def delete_node(self, node: str) -> None:
        self.log.append(("delete node", node))
