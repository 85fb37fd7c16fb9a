"""`validate cluster`: whether a running cluster is healthy; once, or until it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kops_pulumi.cli.durations import DURATION
from kops_pulumi.cli.engine import rehearsable
from kops_pulumi.cli.live import Live
from kops_pulumi.cli.output import as_json, as_yaml, styled, table
from kops_pulumi.cli.rolling import api_options
from kops_pulumi.cli.target import Target, cluster_options
from kops_pulumi.errors import ExitCode

if TYPE_CHECKING:
    from kops_pulumi.automation.validation.looking import Look
    from kops_pulumi.automation.validation.report import Validation


@click.command()
@cluster_options()
@click.option(
    "-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", help="Format.", show_default=True
)
@click.option("--wait", type=DURATION, default="0s", help="Look again and again for this long, until it is healthy.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Times in a row that it must be healthy.",
)
@click.option("--interval", type=DURATION, default="10s", show_default=True, help="Time between two looks.")
@click.option(
    "--max-unready-nodes",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Nodes that may be not ready all the same.",
)
@api_options
@rehearsable
def cluster(
    target: Target,
    output: str,
    wait: float,
    count: int,
    interval: float,
    max_unready_nodes: int,
    kubeconfig: Path | None,
    api_server: str | None,
) -> ExitCode:
    """Look whether a running cluster is healthy.

    It is when the API's name leads to it, every group has its machines and each has become a ready node, every control
    plane has its API server, controller manager and scheduler, no critical pod is waiting, and no certificate ends
    within two weeks. Exit code 0 when it is, 2 when it is not.
    """
    live = Live(target, target.load(), kubeconfig, api_server)
    found = _look(live, wait=wait, count=count, interval=interval, max_unready=max_unready_nodes)
    match output:
        case "json":
            click.echo(as_json(found.to_data()))
        case "yaml":
            click.echo(as_yaml([found.to_data()]))
        case _:
            show(found)
    return ExitCode.OK if found.valid else ExitCode.FINDINGS


def _look(live: Live, *, wait: float, count: int, interval: float, max_unready: int) -> Validation:
    from kops_pulumi.automation.validation import looking

    look = prepared(live, max_unready)
    waited = wait > 0

    def tell(found: Validation, passes: int) -> None:
        if waited and (not found.valid or passes < count):
            state = f"healthy, {passes} of {count} times" if found.valid else f"{found.problems[0]}"
            click.echo(f"{live.clock.now() - live.started:7.0f} s  {state}", err=True)

    return looking.wait(
        look.once, live.clock, patience=wait, interval=interval, count=count if waited else 1, tell=tell
    )


def prepared(live: Live, max_unready: int = 0, *, complete: bool = True) -> Look:
    """How to look at this cluster."""
    from kops_pulumi.automation.validation.looking import Look

    session = live.session
    return Look(
        live.plan,
        live.fleet,
        live.kube,
        session.server,
        live.certificates(),
        datetime.now(UTC),
        max_unready,
        complete=complete,
    )


def show(found: Validation) -> None:
    """Tables of groups, nodes and problems, and a sentence."""
    from kops_pulumi.automation.rolling.events import counted

    plan = found.plan
    groups = [(g.name, g.role.value, g.machine_type, g.min_size, g.max_size, g.subnets) for g in plan.groups]
    click.echo("Instance groups")
    click.echo(table(("NAME", "ROLE", "MACHINETYPE", "MIN", "MAX", "SUBNETS"), groups))
    if found.nodes:
        nodes = [(node.name, found.role(node), node.ready and node.network, node.kubelet) for node in found.nodes]
        click.echo("\nNodes")
        click.echo(table(("NAME", "ROLE", "READY", "VERSION"), nodes))
    if found.problems:
        click.echo("\nProblems")
        click.echo(table(("KIND", "NAME", "MESSAGE"), [(p.kind, p.name, p.message) for p in found.problems]))
    for item in found.certificates:
        if item.warning:
            text = f"warning: the certificate of {item.name} ends in {item.days} days ({item.until:%Y-%m-%d})"
            click.echo(styled(text, "yellow", err=True), err=True)
    click.echo()
    click.echo(
        f"{plan.name} is healthy"
        if found.valid
        else f"{plan.name} is not healthy: {counted(len(found.problems), 'problem')}"
    )
