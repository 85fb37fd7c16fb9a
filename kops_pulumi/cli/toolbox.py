"""`toolbox`: look inside a cluster's manifest offline: the plan, and the resources it becomes. No engine, no cloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.output import as_json, as_yaml, table
from kops_pulumi.cli.target import Target, cluster_options

if TYPE_CHECKING:
    from kops_pulumi.plan.views import Table

_HERE = "kops_pulumi.cli.toolbox"
_VERBS = {
    "plan": Verb(f"{_HERE}:plan", "What the cluster is made of, on any cloud."),
    "network": Verb(f"{_HERE}:network", "Subnets, routes and ways out."),
    "firewall": Verb(f"{_HERE}:firewall", "Who may reach whom, and why."),
    "addons": Verb(f"{_HERE}:addons", "What is installed in the cluster, from where, and why."),
    "node": Verb("kops_pulumi.cli.toolbox_node:node", "What a machine of an instance group will get."),
    "instance-selector": Verb(
        "kops_pulumi.cli.instance_selector:instance_selector",
        "A group of the machine types that have what you ask for.",
    ),
    "dump": Verb("kops_pulumi.cli.toolbox_dump:dump", "All of a running cluster that is not secret; logs with --dir."),
    "template": Verb("kops_pulumi.cli.template:template", "Render manifests from Jinja2 templates."),
    "graph": Verb(f"{_HERE}:graph", "The cluster as a Mermaid diagram."),
    "resources": Verb(f"{_HERE}:resources", "The Pulumi resources, as the engine would get them."),
}
_FORMATS = click.Choice(["table", "yaml", "json"])


@click.group(cls=LazyGroup, verbs=_VERBS)
def toolbox() -> None:
    """Look inside a cluster; everything here but dump works offline."""


def _output(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("-o", "--output", type=_FORMATS, default="table", help="Format.", show_default=True)(function)


@click.command()
@cluster_options()
@_output
def plan(target: Target, output: str) -> None:
    """What the cluster is made of, on any cloud: the plan that components turn into resources."""
    from kops_pulumi.plan import views

    planned = target.load().plan
    _show(planned.to_data(), output, views.summary(planned))


@click.command()
@cluster_options()
@_output
def network(target: Target, output: str) -> None:
    """Subnets, routes and ways out."""
    from kops_pulumi.plan import views

    planned = target.load().plan
    _show(planned.to_data()["network"], output, views.network(planned))


@click.command()
@cluster_options()
@_output
def firewall(target: Target, output: str) -> None:
    """Who may reach whom, on which ports, and why; everything else is closed."""
    from kops_pulumi.plan import views

    planned = target.load().plan
    _show(planned.to_data()["rules"], output, (views.firewall(planned),))


@click.command()
@cluster_options()
@_output
def addons(target: Target, output: str) -> None:
    """What is installed in the cluster: name, version, stage, source, and why it is on."""
    from kops_pulumi.plan import views

    planned = target.load().plan
    _show(planned.to_data()["deliveries"], output, (views.addons(planned),))


@click.command()
@cluster_options()
def graph(target: Target) -> None:
    """The cluster as a Mermaid diagram, for documents and reviews."""
    from kops_pulumi.plan import views

    click.echo(views.mermaid(target.load().plan).rstrip("\n"))


@click.command()
@cluster_options()
@_output
def resources(target: Target, output: str) -> None:
    """The Pulumi resources that the manifest becomes, secrets masked, in a stable order.

    JSON and YAML are a list of type, name, parent and inputs.
    """
    from kops_pulumi import program, testing

    planned = target.load()
    recorded = testing.record(lambda: program.deploy(planned, secrets=program.placeholders(planned)))
    if output == "table":
        counts = sorted(Counter(resource.type for resource in recorded).items())
        click.echo(table(("TYPE", "COUNT"), [*counts, ("total", sum(count for _, count in counts))]))
        return
    data = [resource.to_data() for resource in recorded]
    click.echo(as_json(data) if output == "json" else as_yaml(data))


def _show(data: Any, output: str, tables: Iterable[Table]) -> None:
    if output == "json":
        click.echo(as_json(data))
    elif output == "yaml":
        click.echo(as_yaml(data if isinstance(data, list) else [data]))
    else:
        click.echo("\n\n".join(f"{t.title}\n{table(t.columns, t.rows)}" for t in tables if t.rows))
