"""What a roll knows of the cluster: nodes and pods as the API's watch tells, machines as the cloud last told.

The cloud is asked when a group begins and ends, and when something does not come as expected; in between its last
answer is brought up to date by what we did ourselves. So the calls of a roll grow with the number of groups, not of
machines.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from kops_pulumi.automation.kube import Kube, Node, Pod
from kops_pulumi.automation.validation.conditions import Problem, State, indexes, node_of, problems
from kops_pulumi.model import ClusterPlan, Fleet, FleetGroup, Machine, Role


class View:
    """Machines and nodes of one cluster."""

    def __init__(self, plan: ClusterPlan, fleet: Fleet, kube: Kube | None) -> None:
        """Without `kube`, only the cloud is known."""
        self.plan, self.fleet, self.kube = plan, fleet, kube
        self.roles: Mapping[str, Role] = {group.name: group.role for group in plan.groups}
        self._uncounted = frozenset(group.name for group in plan.groups if not group.managed)
        self._groups: dict[str, FleetGroup] = {}
        self._gone: frozenset[str] = frozenset()

    def ask(self) -> None:
        """Let the cloud tell again."""
        self._groups = {group.name: group for group in self.fleet.groups()}

    def group(self, name: str) -> FleetGroup:
        """A group as last told; one that the cloud does not have is empty."""
        return self._groups.get(name) or FleetGroup(name, 0, 0, 0, ())

    @property
    def groups(self) -> Sequence[FleetGroup]:
        """All groups, by name."""
        return [self._groups[name] for name in sorted(self._groups)]

    def nodes(self) -> Sequence[Node]:
        """The API's nodes; none when it is not asked."""
        return self.kube.nodes() if self.kube else ()

    def pods(self) -> Sequence[Pod]:
        """The API's pods; none when it is not asked."""
        return self.kube.pods() if self.kube else ()

    def nodes_of(self, machines: Collection[Machine]) -> dict[str, Node]:
        """The nodes of machines that have joined, by the machine's id."""
        by_machine, by_name = indexes(self.nodes())
        found = ((machine.id, node_of(machine, by_machine, by_name)) for machine in machines)
        return {id_: node for id_, node in found if node is not None}

    def detached(self, machine: Machine) -> Machine:
        """Remember that it was taken out of its group; the machine as it is now."""
        now = replace(machine, detached=True)
        self._change(machine, now)
        return now

    def ended(self, machine: Machine) -> None:
        """Remember that it was ended; where names are used again, its successor has its place."""
        if self.fleet.reuses_names:
            self._change(machine, replace(machine, outdated=False))
            return
        self._change(machine, None)
        self._gone |= {machine.id}

    def _change(self, machine: Machine, now: Machine | None) -> None:
        group = self.group(machine.group)
        rest = (other for other in group.machines if other.id != machine.id)
        kept = sorted((*rest, *((now,) if now else ())), key=lambda other: other.id)
        self._groups[group.name] = replace(group, machines=tuple(kept))

    def problems(self, about: str | None = None) -> tuple[Problem, ...]:
        """What keeps the cluster from being valid; for a worker group, problems of other worker groups do not count."""
        if self.kube is None:
            return ()
        if silent := self.kube.problem():
            return (Problem("api", self.plan.name, silent),)
        groups = [group for group in self.groups if self._concerns(group.name, about)]
        nodes = [node for node in self.kube.nodes() if self._concerns(node.group, about)]
        state = State(self.roles, groups, nodes, self.kube.pods(), self._gone, self._uncounted)
        return tuple(problem for problem in problems(state) if self._concerns(problem.group, about))

    def _concerns(self, group: str | None, about: str | None) -> bool:
        """Whether a group's state matters for another's roll; what belongs to no group always does."""
        if about is None or group is None or group == about or self.roles.get(about) is Role.CONTROL_PLANE:
            return True
        return self.roles.get(group) not in {Role.NODE, Role.BASTION}
