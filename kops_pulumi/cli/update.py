"""`update cluster`: show what would change; with --yes show it, then do it; or write it as Terraform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.engine import check_pending, clock, open_stack, rehearsable, show_report
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.output import duration
from kops_pulumi.cli.target import FILE, Target, cluster_options

if TYPE_CHECKING:
    from kops_pulumi.automation.report import ChangeReport
    from kops_pulumi.automation.scope import Scope
    from kops_pulumi.automation.stack import ClusterStack
    from kops_pulumi.pipeline import Planned

_VERBS = {"cluster": Verb("kops_pulumi.cli.update:cluster", "Show what would change in the cloud; --yes makes it so.")}
_FORMATS = click.Choice(["text", "json", "markdown"])


@click.group(cls=LazyGroup, verbs=_VERBS, aliases={"clusters": "cluster"})
def update() -> None:
    """Show what would change in the cloud; --yes makes it so."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for."""

    yes: bool
    output: str
    kind: str
    out: Path
    refresh: bool
    forget_pending: bool
    skip: tuple[str, ...]
    groups: tuple[str, ...]
    roles: tuple[str, ...]
    save_plan: Path | None
    plan: Path | None
    ignore_skew: bool
    prune: bool


@click.command()
@cluster_options()
@click.option("-y", "--yes", is_flag=True, help="Make the changes, after showing them.")
@click.option("-o", "--output", type=_FORMATS, default="text", help="Format of the report.", show_default=True)
@click.option(
    "--target",
    "kind",
    type=click.Choice(["direct", "terraform"]),
    default="direct",
    show_default=True,
    help="direct: by the engine. terraform: write the same resources as a Terraform configuration; no cloud is asked.",
)
@click.option(
    "--out",
    type=FILE,
    default=Path("out/terraform"),
    show_default=True,
    help="Directory of the Terraform configuration.",
)
@click.option("--refresh", is_flag=True, help="First ask the cloud what is really there; what drifted is shown.")
@click.option(
    "--instance-group",
    "--instance-groups",
    "groups",
    multiple=True,
    metavar="GROUP",
    help="Leave all other instance groups as they are; repeatable, or with commas.",
)
@click.option(
    "--instance-group-roles",
    "roles",
    multiple=True,
    metavar="ROLE",
    help="The same by role: control-plane, apiserver, node, bastion.",
)
@click.option("--save-plan", type=FILE, help="Write what would change to this file, for --plan.")
@click.option("--plan", type=FILE, help="With --yes: make exactly the changes of this file, or none.")
@click.option("--forget-pending", is_flag=True, help="With --yes: drop operations that an earlier run left unfinished.")
@click.option(
    "--skip",
    type=click.Choice(["addons"]),
    multiple=True,
    help="Leave this part as it is: no add-on is made, changed or deleted, and the API is not contacted.",
)
@click.option(
    "--ignore-kubelet-version-skew",
    "ignore_skew",
    is_flag=True,
    help="Let worker groups have a newer kubelet before control planes run that version.",
)
@click.option("--prune", is_flag=True, help="For kops's sake: what the manifest no longer has is always deleted here.")
@rehearsable
def cluster(target: Target, **chosen: Any) -> None:
    """Show what would change in the cloud; with --yes make it so.

    NAME may be left out when the store has one cluster. The report goes to stdout, progress to stderr; with -o json the
    report has the form that `kops-pulumi schema change-report` describes. With --yes it is the report of what was done.
    """
    wanted = Wanted(**chosen)
    planned = target.load()
    if wanted.prune:
        click.echo("--prune: nothing was deferred; what the manifest no longer has goes with every update", err=True)
    if wanted.kind == "terraform":
        from kops_pulumi.cli.update_terraform import write

        write(planned, wanted)
        return
    _update(planned, target, wanted)


def _update(planned: Planned, target: Target, wanted: Wanted) -> None:
    scope = _scope(planned, wanted)
    stack = open_stack(planned, target.store, skip=wanted.skip, scope=scope)
    check_pending(stack, planned.plan, yes=wanted.yes, forget=wanted.forget_pending)
    whole = _preview(stack, planned, wanted)
    stack, report = _held_back(planned, target, wanted, scope, stack, whole)
    _deal_with_plans(stack, planned, wanted, report)
    if not wanted.yes or report.empty:
        show_report(report, wanted.output)
        _next_step(yes=wanted.yes, report=report, output=wanted.output, waiting=report is not whole)
        return
    show_report(report, "text", err=wanted.output != "text")
    _carry_out(stack, planned, wanted)


def _held_back(
    planned: Planned, target: Target, wanted: Wanted, scope: Scope | None, stack: ClusterStack, report: ChangeReport
) -> tuple[ClusterStack, ChangeReport]:
    """Without what has to wait: worker groups for control planes, machines for their roll."""
    from kops_pulumi.cli import skew

    if scope is None and not wanted.ignore_skew and (later := skew.waiting(planned, target, stack, report)):
        stack = open_stack(planned, target.store, skip=wanted.skip, scope=later)
        report = _preview(stack, planned, wanted)
    if skew.machines_wait(planned, stack, report):
        report = _preview(stack, planned, wanted)
    return stack, report


def _scope(planned: Planned, wanted: Wanted) -> Scope | None:
    """The instance groups that the user named; the others are said to stay."""
    if not (wanted.groups or wanted.roles):
        return None
    from kops_pulumi.automation.scope import Scope

    scope = Scope.of(planned.plan, wanted.groups, wanted.roles)
    if scope.left_out:
        click.echo(f"left as they are: instance groups {', '.join(scope.left_out)}", err=True)
    return scope


def _preview(stack: ClusterStack, planned: Planned, wanted: Wanted) -> ChangeReport:
    from kops_pulumi.cli.progress import watching

    with watching(f"previewing {planned.plan.name}") as watch:
        return stack.preview(refresh=wanted.refresh, watch=watch)


def _carry_out(stack: ClusterStack, planned: Planned, wanted: Wanted) -> None:
    from kops_pulumi.cli.progress import watching

    with watching(f"updating {planned.plan.name}") as watch, clock() as took:
        done = stack.up(refresh=wanted.refresh, watch=watch)
    if wanted.output == "text":
        from kops_pulumi.automation.render import summary

        click.echo(f"{summary(done)} in {duration(took())}")
    else:
        show_report(done, wanted.output)


def _deal_with_plans(stack: ClusterStack, planned: Planned, wanted: Wanted, report: ChangeReport) -> None:
    """Write the plan that is to be saved; refuse when the world is not the one of the plan that was given."""
    if wanted.save_plan is None and wanted.plan is None:
        return
    from kops_pulumi.automation.changeplan import SavedPlan

    now = SavedPlan.of(
        planned.plan,
        report,
        stack.export(),
        skip=wanted.skip,
        groups=(*wanted.groups, *wanted.roles),
        refresh=wanted.refresh,
    )
    if wanted.plan is not None:
        SavedPlan.read(wanted.plan).check(now, wanted.plan)
    if wanted.save_plan is not None:
        now.write(wanted.save_plan)
        hint = f"make exactly these changes: update cluster … --yes --plan {wanted.save_plan}"
        click.echo(f"wrote {wanted.save_plan}; {hint}", err=True)


def _next_step(*, yes: bool, report: ChangeReport, output: str, waiting: bool) -> None:
    """What the user can do now; `waiting`: something was left for later, and that was said."""
    if report.empty and output == "text":
        rest = "But for what waits, the" if waiting else "The"
        click.echo(f"{rest} cloud is as the manifest says.", err=True)
    elif not yes:
        click.echo("Nothing has been changed; --yes makes these changes.", err=True)
