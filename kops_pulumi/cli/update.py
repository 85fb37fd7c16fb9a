"""`update cluster`: show what would change; with --yes show it, then do it."""

from __future__ import annotations

import click

from kops_pulumi.cli.engine import check_pending, clock, open_stack, rehearsable, show_report
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.output import duration
from kops_pulumi.cli.target import Target, cluster_options

_VERBS = {"cluster": Verb("kops_pulumi.cli.update:cluster", "Show what would change in the cloud; --yes makes it so.")}
_FORMATS = click.Choice(["text", "json", "markdown"])


@click.group(cls=LazyGroup, verbs=_VERBS, aliases={"clusters": "cluster"})
def update() -> None:
    """Show what would change in the cloud; --yes makes it so."""


@click.command()
@cluster_options()
@click.option("-y", "--yes", is_flag=True, help="Make the changes, after showing them.")
@click.option("-o", "--output", type=_FORMATS, default="text", help="Format of the report.", show_default=True)
@click.option("--refresh", is_flag=True, help="First ask the cloud what is really there.")
@click.option("--forget-pending", is_flag=True, help="With --yes: drop operations that an earlier run left unfinished.")
@click.option(
    "--skip",
    type=click.Choice(["addons"]),
    multiple=True,
    help="Leave this part as it is: no add-on is made, changed or deleted, and the API is not contacted.",
)
@rehearsable
def cluster(target: Target, yes: bool, output: str, refresh: bool, forget_pending: bool, skip: tuple[str, ...]) -> None:
    """Show what would change in the cloud; with --yes make it so.

    NAME may be left out when the store has one cluster. The report goes to stdout, progress to stderr; with -o json the
    report has the form that `kops-pulumi schema change-report` describes. With --yes it is the report of what was done.
    """
    planned = target.load()
    stack = open_stack(planned, target.store, skip=skip)
    check_pending(stack, yes=yes, forget=forget_pending)
    from kops_pulumi.cli.progress import watching

    with watching(f"previewing {planned.plan.name}") as watch:
        report = stack.preview(refresh=refresh, watch=watch)
    if not yes or report.empty:
        show_report(report, output)
        _next_step(yes=yes, empty=report.empty, output=output)
        return
    show_report(report, "text", err=output != "text")
    with watching(f"updating {planned.plan.name}") as watch, clock() as took:
        done = stack.up(refresh=refresh, watch=watch)
    if output == "text":
        from kops_pulumi.automation.render import summary

        click.echo(f"{summary(done)} in {duration(took())}")
    else:
        show_report(done, output)


def _next_step(*, yes: bool, empty: bool, output: str) -> None:
    if empty and output == "text":
        click.echo("The cloud is as the manifest says.", err=True)
    elif not yes:
        click.echo("Nothing has been changed; --yes makes these changes.", err=True)
