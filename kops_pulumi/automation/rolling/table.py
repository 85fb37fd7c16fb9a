"""What a roll would do, as rows: groups with their machines, and which of these would go."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from kops_pulumi.automation.rolling.group import Job
from kops_pulumi.automation.rolling.view import View
from kops_pulumi.model import ClusterPlan, FleetGroup, Machine, MachineState


@dataclass(frozen=True, slots=True)
class Row:
    """One group."""

    name: str
    role: str
    status: str
    """`Ready` or `NeedsUpdate`."""
    need_update: int
    ready: int
    """Machines that need no update."""
    min: int
    target: int
    max: int
    nodes: int
    """Machines that have joined."""
    machines: tuple[str, ...]
    """Ids of those that would go, sorted."""

    def to_data(self) -> dict[str, Any]:
        """Plain JSON values; the keys are those of the schema."""
        return {
            "name": self.name,
            "role": self.role,
            "status": self.status,
            "needUpdate": self.need_update,
            "ready": self.ready,
            "min": self.min,
            "target": self.target,
            "max": self.max,
            "nodes": self.nodes,
            "machines": list(self.machines),
        }


def rows(plan: ClusterPlan, view: View, jobs: Iterable[Job], shown: Collection[str]) -> list[Row]:
    """A row for each of the groups `shown`, in the plan's order."""
    going = {job.group.name: job.machines for job in jobs}
    return [
        _row(group.role.value, view.group(group.name), going.get(group.name, ()), view)
        for group in plan.groups
        if group.name in shown
    ]


def _row(role: str, group: FleetGroup, going: tuple[Machine, ...], view: View) -> Row:
    there = [machine for machine in group.machines if machine.state is not MachineState.STOPPING]
    return Row(
        name=group.name,
        role=role,
        status="NeedsUpdate" if going else "Ready",
        need_update=len(going),
        ready=len(there) - len(going),
        min=group.min_size,
        target=group.desired,
        max=group.max_size,
        nodes=len(view.nodes_of(there)),
        machines=tuple(sorted(machine.id for machine in going)),
    )
