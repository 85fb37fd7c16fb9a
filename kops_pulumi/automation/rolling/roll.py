"""All groups in their order: bastions, control planes one by one, API servers, nodes; and what ends a roll.

Errors of a worker group are collected, and the next group is still rolled. Those of bastions, control planes and API
servers stop the roll, and so does, anywhere, a cluster that does not become valid or a machine that its load balancers
do not let go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kops_pulumi.automation.kube import Kube
from kops_pulumi.automation.rolling import group as groups
from kops_pulumi.automation.rolling.context import Context, FatalRollError, Process, RollError
from kops_pulumi.automation.rolling.events import Tell, What
from kops_pulumi.automation.rolling.settings import TICK, Clock, Limits, Options, Rules
from kops_pulumi.automation.rolling.view import View
from kops_pulumi.errors import ExitCode, KopsError
from kops_pulumi.model import ClusterPlan, Fleet, Group, Machine, MachineState, Role

ORDER: Final = (Role.BASTION, Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE)


class Interrupted(KopsError):  # noqa: N818 - reads as the event it is
    """Ctrl-C, or a signal like it."""

    exit_code = ExitCode.INTERRUPTED


@dataclass(frozen=True, slots=True)
class Selection:
    """Which groups are meant; empty means all."""

    names: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()

    def takes(self, group: Group) -> bool:
        """Whether the group is meant."""
        return (not self.names or group.name in self.names) and (not self.roles or group.role in self.roles)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a roll ended that was not stopped."""

    replaced: int
    failures: Mapping[str, RollError] = field(default_factory=dict)
    """By group, in the order they happened."""


class Roll:
    """One roll of one cluster."""

    def __init__(
        self,
        plan: ClusterPlan,
        fleet: Fleet,
        kube: Kube | None,
        *,
        clock: Clock,
        tell: Tell = lambda _event: None,
        options: Options | None = None,
        rules: Mapping[str, Rules] | None = None,
        selection: Selection | None = None,
    ) -> None:
        """`rules` by group; `kube` may be None with `cloud_only`."""
        self.options = options or Options()
        self.view = View(plan, fleet, None if self.options.cloud_only else kube)
        self._plan, self._clock, self._tell = plan, clock, tell
        self._rules, self.selection = rules or {}, selection or Selection()

    def jobs(self) -> list[groups.Job]:
        """What is to be done, in order, as the cloud tells now: groups that have machines to replace."""
        self.view.ask()
        return [job for group in self._ordered() if (job := self._job(group)).machines]

    def run(self) -> Outcome:
        """Replace what is to be replaced. Raises RollError where it has to stop, Interrupted on Ctrl-C."""
        ctx = Context(self.view, self.options, self._clock, self._tell)
        jobs = self.jobs()
        ctx.total = sum(len(job.machines) for job in jobs)
        try:
            if self.options.force:
                # A later run without --force knows by these marks what is left.
                groups.mark(ctx, [machine for job in jobs for machine in job.machines])
            return self._stages(ctx, jobs)
        except KeyboardInterrupt:
            raise _interrupted(ctx, force=self.options.force) from None

    def replace(self, machine: Machine, *, surge: bool) -> Outcome:
        """Replace this one machine; with `surge` another is started first, where the cloud can do that."""
        ctx = Context(self.view, self.options, self._clock, self._tell, total=1)
        group = next(group for group in self._plan.groups if group.name == machine.group)
        can = surge and self.view.fleet.surges and group.managed and group.role in {Role.NODE, Role.API_SERVER}
        allowed = Limits(1, 0) if can else Limits(0, 1)
        try:
            self._drive(groups.roll(ctx, groups.Job(group, Rules(), (machine,), allowed)))
        except KeyboardInterrupt:
            raise _interrupted(ctx, force=False) from None
        return Outcome(ctx.done)

    def _stages(self, ctx: Context, jobs: Sequence[groups.Job]) -> Outcome:
        bastions = [job for job in jobs if job.group.role is Role.BASTION]
        self._together(ctx, bastions)
        failures: dict[str, RollError] = {}
        for job in jobs:
            if job.group.role is Role.BASTION:
                continue
            try:
                self._one(ctx, job)
            except FatalRollError:
                raise
            except RollError as error:
                ctx.tell(What.FAILED, job.group.name, detail=error.message)
                if job.group.role is not Role.NODE:
                    raise
                failures[job.group.name] = error
        return Outcome(ctx.done, failures)

    def _one(self, ctx: Context, first: groups.Job) -> None:
        """A group, as it is now: machines may have come and gone since the roll began."""
        if ctx.done:
            self.view.ask()
        going = {machine.id for machine in first.machines}
        now = self._job(first.group)
        # What came meanwhile is up to date, or made so by the next run; nothing is rolled twice.
        job = groups.Job(now.group, now.rules, tuple(machine for machine in now.machines if machine.id in going))
        ctx.total -= len(first.machines) - len(job.machines)
        if job.machines:
            self._drive(groups.roll(ctx, job))
            ctx.tell(What.DONE, job.group.name)

    def _together(self, ctx: Context, jobs: Sequence[groups.Job]) -> None:
        """Bastions: every group at once, for nothing depends on them."""
        self._drive(_side_by_side([groups.roll(ctx, job) for job in jobs]))
        for job in jobs:
            ctx.tell(What.DONE, job.group.name)

    def _drive(self, process: Process) -> None:
        for _ in process:
            self._clock.sleep(TICK)

    def _ordered(self) -> Iterator[Group]:
        rank = {role: number for number, role in enumerate(ORDER)}
        chosen = (group for group in self._plan.groups if self.selection.takes(group))
        return iter(sorted(chosen, key=lambda group: (rank[group.role], group.name)))

    def _job(self, group: Group) -> groups.Job:
        machines = [m for m in self.view.group(group.name).machines if m.state is not MachineState.STOPPING]
        nodes = self.view.nodes_of(machines)
        wanted = [
            machine
            for machine in machines
            if self.options.force or machine.outdated or machine.detached or _asked_for(nodes, machine)
        ]
        return groups.Job(group, self._rules.get(group.name, Rules()), tuple(wanted))


def _asked_for(nodes: Mapping[str, object], machine: Machine) -> bool:
    return bool(getattr(nodes.get(machine.id), "needs_update", False))


def _side_by_side(processes: Collection[Process]) -> Process:
    """All of them to their end, then the first error."""
    running, failure = list(processes), None
    while running:
        for process in list(running):
            try:
                next(process)
            except StopIteration:
                running.remove(process)
            except RollError as error:
                running.remove(process)
                failure = failure or error
        if running:
            yield
    if failure:
        raise failure


def _interrupted(ctx: Context, *, force: bool) -> Interrupted:
    again = "run the same command without --force" if force else "run the same command again"
    lines = [f"{again} to go on: machines that were replaced are not replaced again"]
    if ctx.half_drained:
        nodes = " ".join(sorted(ctx.half_drained.values()))
        lines.append(f"cordoned and not yet replaced; to take them back: kubectl uncordon {nodes}")
    return Interrupted(f"stopped: {ctx.done} of {ctx.total} machines are replaced", hint="\n  ".join(lines))
