"""One group's roll: mark its nodes, surge, then drain and end the others, a few at a time, and validate in between.

While no machine of the group's current description has ever become a ready node, only one machine is touched, until
its replacement is valid: a description that gives no usable nodes costs one machine at most.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kops_pulumi.automation.kube import Node
from kops_pulumi.automation.rolling import drain, gate, quorum
from kops_pulumi.automation.rolling.context import Context, DrainError, Process, QuorumError, RollError, Stopped, pause
from kops_pulumi.automation.rolling.events import What, counted
from kops_pulumi.automation.rolling.settings import VALIDATION_TICK, Limits, Rules, limits
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Group, Machine, MachineState, Role

_AFTER = "after removing a machine"
SurgeProcess: TypeAlias = Generator[None, None, list[Machine]]


@dataclass(frozen=True, slots=True)
class Job:
    """A group with the machines of it that are to go."""

    group: Group
    rules: Rules
    machines: tuple[Machine, ...]
    limits: Limits | None = None
    """Given by hand (one machine of `delete instance`), else from the rules."""


def roll(ctx: Context, job: Job) -> Process:
    """Yield until every machine of the job is replaced; raises RollError when that cannot be."""
    group = job.group
    warm = [machine for machine in job.machines if machine.state is MachineState.WARM]
    going = [machine for machine in job.machines if machine.state is not MachineState.WARM]
    if group.role is not Role.BASTION and going:
        yield from gate.valid(ctx, group.name, 1, "before its group is rolled")
    ctx.tell(What.GROUP, group.name, detail=counted(len(job.machines), "machine"))
    mark(ctx, going)
    for machine in warm:
        yield from _end(ctx, machine, None)
    allowed = job.limits or _limits(ctx, job)
    surge = min(allowed.surge, len(going)) if not ctx.options.cloud_only else 0
    unproven = not _proven(ctx, job)
    going = _ordered(ctx, going)
    extra: list[Machine] = []
    if surge:
        extra = yield from _surge(ctx, group, going, surge, unproven=unproven)
        unproven = False
    if not job.rules.drain_and_terminate:
        stay = counted(len(going), "machine")
        ctx.tell(What.SKIPPED, group.name, detail=f"rollingUpdate.drainAndTerminate is false: {stay} not ended")
        return
    taken = {machine.id for machine in extra}
    order = [machine for machine in going if machine.id not in taken] + extra
    # Where surging failed for some, nothing extra runs in their place.
    at_once = 1 if ctx.options.confirm else max(1, len(extra) + allowed.unavailable)
    yield from _replace(ctx, group, order, at_once, unproven=unproven)


def _limits(ctx: Context, job: Job) -> Limits:
    size = ctx.view.group(job.group.name).desired or len(job.machines)
    return limits(job.rules, job.group.role, size, surges=ctx.view.fleet.surges and job.group.managed)


def mark(ctx: Context, machines: Sequence[Machine]) -> None:
    """Let pods prefer nodes that stay. A mark that fails costs a second move of some pods, no more."""
    kube = ctx.view.kube
    if kube is None:
        return
    for node in ctx.view.nodes_of(machines).values():
        if node.schedulable and not node.marked:
            try:
                kube.mark(node.name, needed=ctx.options.force)
            except KopsError as error:
                ctx.tell(What.WARNING, node.group or "", node.name, f"is not marked: {error.message}")
            else:
                ctx.tell(What.MARKED, node.group or "", node.name)


def _proven(ctx: Context, job: Job) -> bool:
    """Some machine of the current description is a ready node already."""
    if ctx.view.kube is None:
        return True
    going = {machine.id for machine in job.machines}
    current = [m for m in ctx.view.group(job.group.name).machines if not m.outdated and m.id not in going]
    return any(node.ready for node in ctx.view.nodes_of(current).values())


def _ordered(ctx: Context, machines: Sequence[Machine]) -> list[Machine]:
    """Those that are no ready node first, for they serve nobody; detached ones last, for they are extra already."""
    nodes = ctx.view.nodes_of(machines)

    def rank(machine: Machine) -> tuple[bool, bool, str]:
        node = nodes.get(machine.id)
        return machine.detached, bool(node and node.ready), machine.id

    return sorted(machines, key=rank)


def _surge(ctx: Context, group: Group, machines: Sequence[Machine], surge: int, *, unproven: bool) -> SurgeProcess:
    """Detach machines from the end, so that others are started for them; those that refuse are passed over."""
    extra: list[Machine] = []
    for machine in reversed(machines):
        if len(extra) == surge:
            break
        if not machine.detached:
            try:
                ctx.view.fleet.detach(machine)
            except KopsError as error:
                ctx.tell(What.WARNING, group.name, machine.id, f"cannot be detached: {error.message}")
                continue
            ctx.tell(What.DETACHED, group.name, machine.id)
        extra.append(ctx.view.detached(machine))
        if unproven and len(extra) < surge:
            yield from _settle(ctx, group, "after detaching a machine")
            unproven = False
    if extra:
        yield from _settle(ctx, group, "after detaching machines")
    return extra


def _settle(ctx: Context, group: Group, when: str) -> Process:
    yield from pause(ctx, ctx.options.interval(group.role))
    yield from gate.valid(ctx, group.name, ctx.options.validate_count, when)


def _replace(ctx: Context, group: Group, machines: Sequence[Machine], at_once: int, *, unproven: bool) -> Process:
    """Drain and end them, `at_once` side by side; after every completion nothing new begins until all is valid.

    When one fails, those that are half drained are brought to their end, and nothing new is begun.
    """
    waiting, running = list(machines), list[Process]()
    check: Process | None = None
    failure: RollError | None = None
    while waiting or running or check:
        while waiting and not check and not failure and len(running) < (1 if unproven else at_once):
            running.append(_one(ctx, group, waiting.pop(0)))
        finished, failed = _advance(running)
        failure = failure or failed
        if failure:
            check = None
            if not running:
                raise failure
        elif finished:
            check = _validated(ctx, group)
        if check:
            done, failed = _advance([check])
            failure = failed
            if done or failed:
                check, unproven = None, False
        if failure and not running:
            raise failure
        if waiting or running or check:
            yield


def _advance(running: list[Process]) -> tuple[bool, RollError | None]:
    """Let each process take a step, and take the finished ones away; whether any finished, and how one failed."""
    finished, failure = False, None
    for process in list(running):
        try:
            next(process)
        except StopIteration:
            finished = True
            running.remove(process)
        except RollError as error:
            failure = failure or error
            running.remove(process)
    return finished, failure


def _validated(ctx: Context, group: Group) -> Process:
    if group.role is not Role.BASTION:
        yield from gate.valid(ctx, group.name, ctx.options.validate_count, _AFTER)


def _one(ctx: Context, group: Group, machine: Machine) -> Process:
    """One machine: may it go, does it go quietly, is it gone."""
    node = ctx.view.nodes_of([machine]).get(machine.id)
    subject = f"{machine.id} ({node.name})" if node and node.name != machine.id else machine.id
    _confirmed(ctx, group, subject)
    if group.role is Role.CONTROL_PLANE and not ctx.options.cloud_only:
        yield from _safe(ctx, group, machine, node)
    kube = ctx.view.kube
    if node is not None and kube is not None:
        try:
            yield from drain.drain(ctx, kube, machine, node)
        except DrainError as error:
            if ctx.options.fail_on_drain_error:
                raise
            ctx.tell(What.WARNING, group.name, subject, f"{error.message}; it goes all the same")
    elif not ctx.options.cloud_only:
        yield from drain.deregister(ctx, machine, ctx.now() + ctx.options.drain_timeout)
    yield from _end(ctx, machine, node)
    yield from pause(ctx, ctx.options.interval(group.role))


def _confirmed(ctx: Context, group: Group, subject: str) -> None:
    if ctx.options.confirm is None or not ctx.asking:
        return
    answer = ctx.options.confirm(f"replace {subject} of {group.name}?")
    if answer == "no":
        raise Stopped("stopped, as you said", hint="run the same command again to go on")
    ctx.asking = answer != "always"


def _safe(ctx: Context, group: Group, machine: Machine, node: Node | None) -> Process:
    """Yield until etcd can spare the machine; raises QuorumError when it cannot for too long."""
    started = ctx.now()
    while True:
        name = node.name if node else machine.name or machine.id
        reasons = quorum.lost_quorum(ctx.view.plan.etcd, ctx.view.nodes(), ctx.view.pods(), name)
        if not reasons:
            return
        if ctx.now() - started >= ctx.options.validation_timeout:
            hint = "bring the other members back first; see kubectl -n kube-system get pods -l component=etcd"
            raise QuorumError(f"{machine.id} may not go: {'; '.join(reasons)}", hint=hint)
        ctx.tell(What.WAITING, group.name, machine.id, "; ".join(reasons))
        yield from pause(ctx, VALIDATION_TICK)


def _end(ctx: Context, machine: Machine, node: Node | None) -> Process:
    """End the machine; where names are used again its Node goes first, or the successor would be cordoned."""
    fleet, kube = ctx.view.fleet, ctx.view.kube
    try:
        if fleet.reuses_names and node is not None and kube is not None:
            kube.delete_node(node.name)
        fleet.terminate(machine)
    except RollError:
        raise
    except KopsError as error:
        raise RollError(f"{machine.id} cannot be replaced: {error.message}", hint=error.hint) from error
    ctx.ended(machine, machine.id)
    if not fleet.replaces_itself:
        ctx.view.ask()
    yield from ()
