"""The fleet of a cluster: the cloud's own, and around it, where no group manages machines, the engine that makes them.

A cloud without groups has its machines as resources of the stack. There "outdated" is what the engine would replace,
and ending a machine is a targeted update that replaces just that resource.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from kops_pulumi import clouds
from kops_pulumi.automation.report import Action, ChangeReport
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, Fleet, FleetGroup, Machine
from kops_pulumi.plan.names import logical

if TYPE_CHECKING:
    from kops_pulumi.automation.stack import ClusterStack


class Engine(Protocol):
    """What of a stack is needed to replace single machines."""

    def preview(self) -> ChangeReport:
        """What an update would change."""
        ...

    def ids(self) -> Mapping[str, str]:
        """URN of every resource by the cloud's id of it."""
        ...

    def replace(self, urn: str) -> None:
        """Make this one resource anew, and nothing else."""
        ...


def of(plan: ClusterPlan, stack: ClusterStack) -> Fleet:
    """The real fleet of a plan, with the credentials and settings of the stack's provider."""
    module = clouds.leaf(plan.cloud, "fleet")
    package = clouds.leaf(plan.cloud, "provider").PACKAGE
    fleet: Fleet = module.connect(plan, stack.provider_settings(package))
    return fleet


class EngineFleet:
    """Machines that the engine makes: a fleet whose machines no group starts again."""

    surges = False
    replaces_itself = False
    reuses_names = True

    def __init__(self, fleet: Fleet, engine: Engine) -> None:
        self._fleet, self._engine = fleet, engine
        self._urns: Mapping[str, str] = {}

    def groups(self) -> Sequence[FleetGroup]:
        """As the cloud tells them; outdated are those that the engine would replace."""
        self._urns = self._engine.ids()
        report = self._engine.preview()
        doomed = {change.urn for change in report.changes if change.action is Action.REPLACE}
        return [_marked(group, self._urns, doomed) for group in self._fleet.groups()]

    def detach(self, machine: Machine) -> None:
        """There is no group to leave."""
        raise KopsError(f"{machine.id} is in no group that could start another machine")

    def deregister(self, machine: Machine) -> bool:
        """As the cloud does it."""
        return self._fleet.deregister(machine)

    def terminate(self, machine: Machine) -> None:
        """Let the engine make it anew; the order in which old and new one exist is the component's."""
        urn = self._urns.get(machine.id)
        if urn is None:
            raise KopsError(
                f"{machine.id} is not in the stack's state", hint="kops-pulumi update cluster --refresh looks again"
            )
        self._engine.replace(urn)


def _marked(group: FleetGroup, urns: Mapping[str, str], doomed: set[str]) -> FleetGroup:
    machines = (replace(m, outdated=m.outdated or urns.get(m.id) in doomed) for m in group.machines)
    return replace(group, machines=tuple(machines))


def to_be_rolled(plan: ClusterPlan, report: ChangeReport) -> list[str]:
    """URNs of machines (and what is attached to them) that an update would make anew where no group manages machines.

    They serve until they are rolled: an update itself would drain nobody.
    """
    if clouds.get(plan.cloud).capabilities.groups:
        return []
    names = [logical(plan.name, "instances", group.name) for group in plan.groups]
    return [
        change.urn
        for change in report.changes
        if change.action is Action.REPLACE and any(change.name.startswith(f"{name}-") for name in names)
    ]


def managed(fleet: Fleet, engine: Engine) -> Fleet:
    """The fleet itself where groups start machines again, else one that the engine helps."""
    return fleet if fleet.replaces_itself else EngineFleet(fleet, engine)
