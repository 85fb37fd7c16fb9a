"""One node before its machine goes: cordon, out of the load balancers, evict what can be evicted.

Evictions respect PodDisruptionBudgets; what a budget refuses is asked for again until `drain_timeout`, and then named
with the budgets that hold it. Pods of DaemonSets and static pods stay: they go with the machine.

https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from kops_pulumi.automation.kube import Budget, Kube, Node, Pod
from kops_pulumi.automation.rolling.context import Context, DeregisterError, DrainError, Process, pause
from kops_pulumi.automation.rolling.events import What, counted
from kops_pulumi.automation.rolling.gate import patiently
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Machine

_STAYING: Final = frozenset({"DaemonSet", "Node"})
_SHOWN: Final = 5


def drain(ctx: Context, kube: Kube, machine: Machine, node: Node) -> Process:
    """Yield until nothing that could leave is left on the node, and the delay after that is over."""
    until = ctx.now() + ctx.options.drain_timeout
    try:
        yield from patiently(ctx, lambda: kube.cordon(node.name), until)
    except KopsError as error:
        raise DrainError(f"{node.name} cannot be cordoned: {error.message}", hint=error.hint) from error
    ctx.half_drained[machine.id] = node.name
    ctx.tell(What.CORDONED, machine.group, node.name)
    yield from deregister(ctx, machine, until)
    yield from _evict(ctx, kube, machine, node.name, until)
    ctx.tell(What.DRAINED, machine.group, node.name)
    yield from pause(ctx, ctx.options.post_drain_delay)


def deregister(ctx: Context, machine: Machine, until: float) -> Process:
    """Yield until the machine's load balancers send it nothing new."""
    while True:
        try:
            if ctx.view.fleet.deregister(machine):
                return
        except KopsError as error:
            raise DeregisterError(
                f"{machine.id} cannot be taken out of its load balancers: {error.message}", hint=error.hint
            ) from error
        if ctx.now() >= until:
            raise DeregisterError(
                f"{machine.id} is still in use by its load balancers after {ctx.options.drain_timeout:.0f} s",
                hint="look at its target groups; --drain-timeout gives it longer",
            )
        yield


def _evict(ctx: Context, kube: Kube, machine: Machine, node: str, until: float) -> Process:
    while True:
        left = [pod for pod in kube.pods_on(node) if _goes(pod)]
        refused = {pod.key: reason for pod in left if not pod.leaving and (reason := kube.evict(pod))}
        if not left and kube.problem() is None:
            return
        if ctx.now() >= until:
            raise _blocked(kube, node, left, ctx.options.drain_timeout)
        if left:
            ctx.tell(What.DRAINING, machine.group, node, _waiting(left, refused))
        yield


def _goes(pod: Pod) -> bool:
    return pod.owner not in _STAYING and pod.phase not in {"Succeeded", "Failed"}


def _waiting(left: Sequence[Pod], refused: dict[str, str]) -> str:
    first = next(iter(refused), left[0].key)
    reason = refused.get(first)
    return f"{counted(len(left), 'pod')} left, {first}" + (f" may not go yet: {reason}" if reason else " is leaving")


def _blocked(kube: Kube, node: str, left: Sequence[Pod], timeout: float) -> DrainError:
    budgets: Sequence[Budget] = ()
    with suppress(KopsError):
        budgets = kube.budgets()
    lines = [_line(pod, budgets) for pod in left[:_SHOWN]]
    more = [f"and {len(left) - _SHOWN} more"] if len(left) > _SHOWN else []
    message = f"{node} is not empty after {timeout:.0f} s:\n  " + "\n  ".join([*lines, *more])
    hint = "give those budgets room (more replicas, a higher maxUnavailable), or wait longer with --drain-timeout"
    return DrainError(message, hint=hint)


def _line(pod: Pod, budgets: Iterable[Budget]) -> str:
    if pod.leaving:
        return f"{pod.key} does not end"
    holding = [f"{budget.namespace}/{budget.name}" for budget in budgets if budget.allowed <= 0 and budget.covers(pod)]
    return f"{pod.key} is held by PodDisruptionBudget {', '.join(holding)}" if holding else f"{pod.key} is still there"
