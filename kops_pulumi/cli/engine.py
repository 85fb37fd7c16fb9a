"""What the verbs that touch the engine share: opening the stack, rehearsing, showing reports."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kops_pulumi.cli.output import as_json, styled
from kops_pulumi.cli.target import Target
from kops_pulumi.errors import EngineError
from kops_pulumi.store import Store

if TYPE_CHECKING:
    from kops_pulumi.automation.recovery import Finder
    from kops_pulumi.automation.report import ChangeReport
    from kops_pulumi.automation.scope import Scope
    from kops_pulumi.automation.stack import ClusterStack
    from kops_pulumi.model import ClusterPlan
    from kops_pulumi.pipeline import Planned
    from kops_pulumi.rehearsal import World

F = TypeVar("F", bound=Callable[..., Any])


_WORLD = f"{__name__}.world"
"""Where the click context keeps the open world of a rehearsal."""


def rehearsable(function: F) -> F:
    """`--rehearse`, here or before the verb: the verb runs against the simulated cloud."""

    @click.option("--rehearse", "rehearsing", is_flag=True, help="Use a simulated cloud: nothing real changes.")
    @click.pass_context
    @wraps(function)
    def command(ctx: click.Context, /, *args: Any, rehearsing: bool, target: Target, **kwargs: Any) -> Any:
        if not (rehearsing or ctx.find_root().params.get("rehearsing")):
            return function(*args, target=target, **kwargs)
        from kops_pulumi import rehearsal

        click.echo("rehearsal: the cloud is simulated, nothing real changes", err=True)
        with rehearsal.world(rehearsal.default_path(os.environ)) as here:
            ctx.meta[_WORLD] = here
            return function(*args, target=target, **kwargs)

    return command  # type: ignore[return-value]


def open_stack(
    planned: Planned, store: Store, *, skip: tuple[str, ...] = (), scope: Scope | None = None
) -> ClusterStack:
    """The cluster's stack with its program; the parts to skip and the groups out of scope stay as they are."""
    from kops_pulumi.automation.stack import ClusterStack

    secrets = None
    if world := world_here():
        from kops_pulumi.program import placeholders
        from kops_pulumi.rehearsal import seed

        seed(world.store, planned.plan)
        world.clusters.know(planned.plan)
        secrets = placeholders(planned)
    place = _place(store, planned.plan.name)
    return ClusterStack.of(planned, skip=skip, scope=scope, secrets=secrets, **place, **_manners())


def open_state(name: str, store: Store) -> ClusterStack:
    """The stack of a cluster by name, to read or destroy what is there."""
    from kops_pulumi.automation.settings import StackSettings
    from kops_pulumi.automation.stack import ClusterStack

    return ClusterStack(StackSettings.read(name, **_place(store, name)), **_manners())


def world_here() -> World | None:
    """The world of a rehearsal; None when the cloud is real."""
    world: World | None = click.get_current_context().meta.get(_WORLD)
    return world


def _place(store: Store, name: str) -> dict[str, Any]:
    """Where the state is: beside the store's manifests, or in the world of a rehearsal."""
    world = world_here()
    return {
        "state": world.path if world else store.state,
        "environ": world.environment if world else os.environ,
        "project_file": store.root.parent / "Pulumi.yaml",
        "beside": None if world else store.root / name,
    }


def _manners() -> dict[str, Any]:
    """How a stack talks to somebody at a terminal: ctrl-C is explained; --debug shows the engine's own words."""
    debug = click.get_current_context().find_root().params.get("debug")
    return {"on_interrupt": _explain_interrupt, "on_output": _say if debug else None}


def _say(line: str) -> None:
    click.echo(line, err=True)


def _explain_interrupt(count: int) -> None:
    if count == 1:
        _say("stopping after the operations in flight; once more stops at once and may leave things half-made")
    else:
        _say("stopping at once")


def check_pending(stack: ClusterStack, plan: ClusterPlan, *, yes: bool, forget: bool) -> None:
    """An interrupted run may have made things that the state does not know: no update makes them a second time.

    With --yes they are looked for in the cloud and adopted; when that cannot be decided, nothing is done.
    """
    pending = stack.pending()
    if not pending:
        return
    if yes and forget:
        stack.forget_pending()
        return
    message = "an earlier run was cut off during:\n  " + "\n  ".join(pending)
    if not yes:
        _say(f"{styled('warning:', 'yellow', err=True)} {message}\n  an update with --yes adopts what was made of it")
        return
    from kops_pulumi.automation import recovery

    verdict = recovery.recover(stack, _finder(stack, plan), _say)
    if verdict.undecided:
        hint = "look in the cloud for these, delete what is half-made, then update with --yes --forget-pending"
        raise EngineError(message, hint=hint)


def _finder(stack: ClusterStack, plan: ClusterPlan) -> Finder | None:
    """Who looks: the simulated cloud or the real one."""
    if world := world_here():
        from kops_pulumi.rehearsal.finder import RehearsedFinder

        return RehearsedFinder(world.store)
    from kops_pulumi import clouds
    from kops_pulumi.automation import recovery

    return recovery.of(plan, stack.provider_settings(clouds.leaf(plan.cloud, "provider").PACKAGE))


def show_report(report: ChangeReport, output: str, *, err: bool = False) -> None:
    """A change report on stdout in the form asked for."""
    from kops_pulumi.automation import render

    match output:
        case "json":
            click.echo(as_json(report.to_data()), err=err)
        case "markdown":
            click.echo(render.markdown(report), nl=False, err=err)
        case _:
            click.echo(render.text(report, lambda text, colour: styled(text, colour, err=err)), err=err)


@contextmanager
def clock() -> Iterator[Callable[[], float]]:
    """Seconds since the block began."""
    started = time.monotonic()
    yield lambda: time.monotonic() - started
