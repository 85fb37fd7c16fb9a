"""`rolling-update cluster` and `delete instance`: show which machines would go; with --yes replace them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kops_pulumi.cli.complete import complete_groups
from kops_pulumi.cli.durations import DURATION
from kops_pulumi.cli.engine import rehearsable
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.live import Live
from kops_pulumi.cli.output import as_json, duration, styled, table
from kops_pulumi.cli.target import FILE, Target, cluster_options
from kops_pulumi.errors import ExitCode, NotFoundError

if TYPE_CHECKING:
    from kops_pulumi.automation.rolling import Event, Outcome, Roll
    from kops_pulumi.automation.rolling.group import Job
    from kops_pulumi.automation.rolling.settings import Answer, Options, Rules
    from kops_pulumi.model import Machine
    from kops_pulumi.pipeline import Planned

F = TypeVar("F", bound=Callable[..., Any])
_VERBS = {"cluster": Verb("kops_pulumi.cli.rolling:cluster", "Replace machines that are outdated; --yes does it.")}
_HEADERS = ("NAME", "STATUS", "NEEDUPDATE", "READY", "MIN", "TARGET", "MAX", "NODES")


@click.group(cls=LazyGroup, verbs=_VERBS, aliases={"clusters": "cluster"})
def rolling_update() -> None:
    """Replace machines that are outdated."""


def _seconds(flag: str, default: str, text: str) -> Callable[[F], F]:
    return click.option(flag, type=DURATION, default=default, show_default=True, help=text)


def drain_options(function: F) -> F:
    """What a single machine's replacement can be told, too."""
    for option in reversed(
        (
            click.option("--cloudonly", is_flag=True, help="Do not ask the API: neither drain nor validate."),
            _seconds("--drain-timeout", "15m", "Longest time that a node's pods may take to leave."),
            _seconds("--post-drain-delay", "5s", "Wait after a node is empty, before its machine goes."),
            click.option(
                "--fail-on-drain-error/--no-fail-on-drain-error",
                default=True,
                show_default=True,
                help="Keep a machine whose pods do not leave.",
            ),
            click.option(
                "--fail-on-validate-error/--no-fail-on-validate-error",
                default=True,
                show_default=True,
                help="Stop when the cluster does not become valid.",
            ),
            click.option(
                "--validate-count",
                type=click.IntRange(min=1),
                default=2,
                show_default=True,
                help="Times in a row that the cluster must be valid.",
            ),
            _seconds("--validation-timeout", "15m", "Longest time until the cluster is valid."),
        )
    ):
        function = option(function)
    return api_options(function)


def api_options(function: F) -> F:
    """How to reach the API; the verb gets `kubeconfig` and `api_server`."""
    server = click.option("--api-server", metavar="URL", help="Another address of the API.")
    file = click.option(
        "--kubeconfig", type=FILE, metavar="FILE", help="Reach the API with this file instead of the stack's own."
    )
    return file(server(function))


@click.command()
@cluster_options()
@click.option("-y", "--yes", is_flag=True, help="Replace the machines, after showing which.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", help="Format.", show_default=True
)
@click.option(
    "--instance-group",
    "--instance-groups",
    "names",
    multiple=True,
    metavar="GROUP",
    help="Only these groups; repeatable, or with commas.",
    shell_complete=complete_groups,
)
@click.option(
    "--instance-group-roles",
    "roles",
    multiple=True,
    metavar="ROLE",
    help="Only groups of these roles: control-plane, apiserver, node, bastion.",
)
@click.option("--force", is_flag=True, help="Replace machines that are up to date, too.")
@click.option("-i", "--interactive", is_flag=True, help="Ask before each machine.")
@_seconds("--bastion-interval", "15s", "Wait after a bastion.")
@_seconds("--control-plane-interval", "15s", "Wait after a control plane.")
@_seconds("--node-interval", "15s", "Wait after a node.")
@drain_options
@rehearsable
def cluster(
    target: Target,
    yes: bool,
    output: str,
    names: tuple[str, ...],
    roles: tuple[str, ...],
    interactive: bool,
    kubeconfig: Path | None,
    api_server: str | None,
    **chosen: Any,
) -> ExitCode:
    """Replace machines that are outdated, a few at a time, so that the cluster does not notice.

    Shows which groups have how many of them; with --yes they go: bastions, then control planes one by one, then API
    servers, then nodes. Each node is cordoned, taken out of its load balancers and drained within its
    PodDisruptionBudgets before its machine goes; the cluster is valid before the next one. What stopped goes on with
    the same command.
    """
    live = Live(target, target.load(), kubeconfig, api_server)
    roll = _roll(live, options(chosen, interactive=interactive), names, roles)
    jobs = roll.jobs()
    _show(live, roll, jobs, output)
    if not jobs:
        click.echo("No machine has to be replaced.", err=True)
        return ExitCode.OK
    if not yes:
        click.echo("Nothing has been changed; --yes replaces these machines.", err=True)
        return ExitCode.OK
    return report(live, roll.run())


def options(chosen: Mapping[str, Any], *, interactive: bool = False) -> Options:
    """The options of a roll, from flags of the same names."""
    from kops_pulumi.automation.rolling import Options

    return Options(
        force=chosen.get("force", False),
        cloud_only=chosen["cloudonly"],
        drain_timeout=chosen["drain_timeout"],
        post_drain_delay=chosen["post_drain_delay"],
        validation_timeout=chosen["validation_timeout"],
        validate_count=chosen["validate_count"],
        fail_on_drain_error=chosen["fail_on_drain_error"],
        fail_on_validate_error=chosen["fail_on_validate_error"],
        bastion_interval=chosen.get("bastion_interval", 15.0),
        control_plane_interval=chosen.get("control_plane_interval", 15.0),
        node_interval=chosen.get("node_interval", 15.0),
        confirm=_ask if interactive else None,
    )


def _ask(question: str) -> Answer:
    answer: Answer = click.prompt(question, type=click.Choice(["yes", "no", "always"]), default="yes", err=True)
    return answer


def _roll(live: Live, opts: Options, names: tuple[str, ...] = (), roles: tuple[str, ...] = ()) -> Roll:
    from kops_pulumi.automation.rolling import Roll

    selection = selected(live.planned, names, roles)
    kube = None if opts.cloud_only else live.kube
    tell = Progress()
    return Roll(
        live.plan,
        live.fleet,
        kube,
        clock=live.clock,
        tell=tell,
        options=opts,
        rules=rules(live.planned),
        selection=selection,
    )


def selected(planned: Planned, names: tuple[str, ...], roles: tuple[str, ...]) -> Any:
    """The groups that the flags name; NotFoundError for a group or a role that is not there."""
    from kops_pulumi.automation.rolling.roll import Selection
    from kops_pulumi.model import Role
    from kops_pulumi.resolve.traits import SPELLINGS

    wanted = {name for given in names for name in given.split(",") if name}
    known = [group.name for group in planned.plan.groups]
    if missing := sorted(wanted - set(known)):
        raise NotFoundError(f"there is no instance group {', '.join(missing)}", hint=f"there are: {', '.join(known)}")
    spoken = {spelling.lower(): role for spelling, role in SPELLINGS.items()} | {role.value: role for role in Role}
    given = {role.lower() for text in roles for role in text.split(",") if role}
    if unknown := sorted(given - spoken.keys()):
        raise NotFoundError(
            f"there is no role {', '.join(unknown)}", hint=f"roles are: {', '.join(role.value for role in Role)}"
        )
    return Selection(frozenset(wanted), frozenset(spoken[role] for role in given))


def rules(planned: Planned) -> dict[str, Rules]:
    """`rollingUpdate` of each group: its own words, the cluster's where it says nothing."""
    from kops_pulumi.automation.rolling.settings import Rules

    common = planned.full.cluster.spec.rolling_update

    def said(field: str, own: Any) -> Any:
        value = getattr(own, field) if own else None
        return value if value is not None else getattr(common, field) if common else None

    found = {}
    for group in planned.full.groups:
        own = group.spec.rolling_update
        drains = said("drain_and_terminate", own)
        found[group.metadata.name] = Rules(
            said("max_surge", own), said("max_unavailable", own), drain_and_terminate=drains is not False
        )
    return found


def _show(live: Live, roll: Roll, jobs: list[Job], output: str) -> None:
    from kops_pulumi.automation.rolling import table as tables

    shown = [group.name for group in live.plan.groups if roll.selection.takes(group)]
    rows = tables.rows(live.plan, roll.view, jobs, shown)
    if output == "json":
        click.echo(as_json([row.to_data() for row in rows]))
        return
    columns = ((r.name, r.status, r.need_update, r.ready, r.min, r.target, r.max, r.nodes) for r in rows)
    click.echo(table(_HEADERS, list(columns)))


def report(live: Live, outcome: Outcome) -> ExitCode:
    """How it ended; what failed in worker groups, all of it."""
    for group, error in outcome.failures.items():
        click.echo(f"{styled('error:', 'red', err=True)} {group}: {error}", err=True)
    machines = "1 machine" if outcome.replaced == 1 else f"{outcome.replaced} machines"
    click.echo(f"replaced {machines} of {live.plan.name} in {duration(live.clock.now() - live.started)}", err=True)
    return ExitCode.FAILED if outcome.failures else ExitCode.OK


class Progress:
    """A line for everything that happens; waiting is told when its reason changes, and every minute."""

    _EVERY = 60.0

    def __init__(self) -> None:
        self._waiting: tuple[str, str, float] = ("", "", 0.0)

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if event.what in {"validating", "draining", "waiting"} and self._told(event):
            return
        parts = [event.what.value.ljust(10), event.group, event.subject, event.detail.partition("\n")[0]]
        line = "  ".join(part for part in parts if part)
        left = f", about {duration(event.left)} left" if event.left else ""
        count = f"  ({event.done} of {event.total}{left})" if event.what == "ended" else ""
        click.echo(f"{event.at:7.0f} s  {line}{count}", err=True)

    def _told(self, event: Event) -> bool:
        what, detail, at = self._waiting
        if (event.what.value, event.detail) == (what, detail) and event.at - at < self._EVERY:
            return True
        self._waiting = (event.what.value, event.detail, event.at)
        return False


@click.command("instance")
@click.argument("machine", metavar="INSTANCE|NODE")
@cluster_options(argument=False)
@click.option("-y", "--yes", is_flag=True, help="Replace it, after showing it.")
@click.option("--surge/--no-surge", default=True, show_default=True, help="Start another machine before, if possible.")
@drain_options
@rehearsable
def instance(
    target: Target,
    machine: str,
    yes: bool,
    surge: bool,
    kubeconfig: Path | None,
    api_server: str | None,
    **chosen: Any,
) -> ExitCode:
    """Replace one machine: by its id in the cloud, or by its node's name.

    It is drained as a rolling update drains it, and its group starts another one: before it goes, where the cloud can
    do that, else after.
    """
    live = Live(target, target.load(), kubeconfig, api_server)
    roll = _roll(live, options(chosen))
    roll.view.ask()
    found = _find(roll, machine)
    node = roll.view.nodes_of([found]).get(found.id)
    row = (found.id, node.name if node else None, found.group, found.zone, found.machine_type, found.outdated)
    click.echo(table(("ID", "NODE", "GROUP", "ZONE", "MACHINETYPE", "OUTDATED"), [row]))
    if not yes:
        click.echo("Nothing has been changed; --yes replaces this machine.", err=True)
        return ExitCode.OK
    return report(live, roll.replace(found, surge=surge))


def _find(roll: Roll, name: str) -> Machine:
    machines = [machine for group in roll.view.groups for machine in group.machines]
    nodes = roll.view.nodes_of(machines)
    for machine in machines:
        node = nodes.get(machine.id)
        if name in {machine.id, machine.name, node.name if node else None}:
            return machine
    raise NotFoundError(f"there is no machine or node {name}", hint="kops-pulumi get instances lists them")
