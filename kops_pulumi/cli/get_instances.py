"""`get instances`: the machines of a cluster, with their nodes; asks the cloud and the API, changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.engine import rehearsable
from kops_pulumi.cli.live import Live
from kops_pulumi.cli.output import as_json, as_yaml, table
from kops_pulumi.cli.rolling import api_options
from kops_pulumi.cli.target import Target, cluster_options
from kops_pulumi.errors import KopsError

if TYPE_CHECKING:
    from kops_pulumi.automation.rolling.view import View

_COLUMNS = {
    "ID": "id",
    "NODE": "node",
    "GROUP": "instanceGroup",
    "STATE": "state",
    "OUTDATED": "outdated",
    "READY": "ready",
    "VERSION": "version",
    "MACHINETYPE": "machineType",
    "ZONE": "zone",
}
"""What the table shows, by header; the other formats have everything."""


@click.command()
@cluster_options()
@click.option(
    "-o", "--output", type=click.Choice(["table", "yaml", "json", "name"]), default="table", help="Format.",
    show_default=True,
)  # fmt: skip
@api_options
@rehearsable
def instances(target: Target, output: str, kubeconfig: Path | None, api_server: str | None) -> None:
    """The machines of a cluster, and the nodes that they have become.

    When the API does not answer, machines are listed without what only nodes know.
    """
    live = Live(target, target.load(), kubeconfig, api_server)
    found = _machines(live)
    match output:
        case "json":
            click.echo(as_json(found))
        case "yaml":
            click.echo(as_yaml(found))
        case "name":
            click.echo("\n".join(item["id"] for item in found))
        case _:
            rows = [tuple(item[key] for key in _COLUMNS.values()) for item in found]
            click.echo(table(tuple(_COLUMNS), rows))


def _machines(live: Live) -> list[dict[str, Any]]:
    from kops_pulumi.automation.rolling.view import View

    view = View(live.plan, live.fleet, live.kube if _answers(live) else None)
    view.ask()
    return _rows(view)


def _answers(live: Live) -> bool:
    """Whether the API tells of nodes; said when it does not."""
    try:
        problem = live.kube.problem()
    except KopsError as error:
        problem = error.message
    if problem:
        click.echo(f"nodes are not known: {problem}", err=True)
    return problem is None


def _rows(view: View) -> list[dict[str, Any]]:
    machines = [machine for group in view.groups for machine in group.machines]
    nodes = view.nodes_of(machines)
    return [
        {
            "id": machine.id,
            "node": node.name if (node := nodes.get(machine.id)) else None,
            "instanceGroup": machine.group,
            "role": view.roles[machine.group].value,
            "state": "detached" if machine.detached else machine.state.value,
            "outdated": machine.outdated,
            "ready": node.ready if node else None,
            "version": node.kubelet if node else None,
            "machineType": machine.machine_type,
            "zone": machine.zone,
            "addresses": list(machine.addresses),
        }
        for machine in machines
    ]
