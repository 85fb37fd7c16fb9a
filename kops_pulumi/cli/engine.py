"""What the verbs that touch the engine share: opening the stack, rehearsing, showing reports."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kops_pulumi.cli.output import as_json, styled
from kops_pulumi.errors import EngineError
from kops_pulumi.store import Store

if TYPE_CHECKING:
    from kops_pulumi.automation.report import ChangeReport
    from kops_pulumi.automation.stack import ClusterStack
    from kops_pulumi.pipeline import Planned

F = TypeVar("F", bound=Callable[..., Any])


def rehearsable(function: F) -> F:
    """`--rehearse`, here or before the verb: run the same command again, inside a rehearsal."""

    @click.option("--rehearse", "rehearsing", is_flag=True, help="Use a simulated cloud: nothing real changes.")
    @click.pass_context
    @wraps(function)
    def command(ctx: click.Context, /, *args: Any, rehearsing: bool, **kwargs: Any) -> Any:
        if rehearsing or ctx.find_root().params.get("rehearsing"):
            return _rehearse()
        return function(*args, **kwargs)

    return command  # type: ignore[return-value]


def _rehearse() -> int:
    """This very command line, without --rehearse, as a child of a rehearsal."""
    from kops_pulumi import rehearsal

    arguments = [argument for argument in sys.argv[1:] if argument != "--rehearse"]
    return rehearsal.run([sys.executable, "-m", "kops_pulumi", *arguments])


def open_stack(planned: Planned, store: Store) -> ClusterStack:
    """The cluster's stack, with ctrl-C explained and, under --debug, the engine's own words on stderr."""
    from kops_pulumi.automation.stack import ClusterStack

    return ClusterStack.of(planned, state=store.state, **stack_options(store))


def stack_options(store: Store) -> dict[str, Any]:
    """How a stack talks to somebody at a terminal."""
    ctx = click.get_current_context().find_root()
    return {
        "project_file": store.root.parent / "Pulumi.yaml",
        "on_interrupt": _explain_interrupt,
        "on_output": _say if ctx.params.get("debug") else None,
    }


def _say(line: str) -> None:
    click.echo(line, err=True)


def _explain_interrupt(count: int) -> None:
    if count == 1:
        _say("stopping after the operations in flight; once more stops at once and may leave things half-made")
    else:
        _say("stopping at once")


def refuse_pending(stack: ClusterStack, *, forget: bool) -> None:
    """An interrupted run may have made things that the state does not know: never go on over them silently."""
    pending = stack.pending()
    if pending and not forget:
        raise EngineError(
            "an earlier run was cut off during:\n  " + "\n  ".join(pending),
            hint="look in the cloud for these, delete what is half-made, then run again with --forget-pending",
        )
    if pending:
        stack.forget_pending()


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
