"""`get addons | assets`: what the manifest installs in the cluster, and everything that is fetched for it."""

from __future__ import annotations

import click

from kops_pulumi.cli.output import as_json, as_yaml, table
from kops_pulumi.cli.target import Target, cluster_options


@click.command()
@cluster_options()
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "yaml", "json", "name"]),
    default="table",
    help="Format.",
    show_default=True,
)
def addons(target: Target, output: str) -> None:
    """What is installed in the cluster, in the order of installation: network plug-in, add-ons, and the user's own."""
    from kops_pulumi.plan import views

    plan = target.load().plan
    data = plan.to_data()["deliveries"]
    match output:
        case "json":
            click.echo(as_json(data))
        case "yaml":
            click.echo(as_yaml(data))
        case "name":
            click.echo("\n".join(delivery.name for delivery in plan.deliveries))
        case _:
            found = views.addons(plan)
            click.echo(table([column.upper() for column in found.columns], found.rows))


@click.command()
@cluster_options()
@click.option(
    "-o", "--output", type=click.Choice(["table", "yaml", "json"]), default="table", help="Format.", show_default=True
)
@click.option("--copy", is_flag=True, help="Write the shell script that fills the mirrors, instead of the list.")
def assets(target: Target, output: str, copy: bool) -> None:
    """Every image, chart and file that the cluster fetches, with its mirror (`spec.assets`) and its SHA-256 digest."""
    from kops_pulumi import clouds
    from kops_pulumi.bootstrap import inventory
    from kops_pulumi.model import plain

    planned = target.load()
    found = inventory.items(planned.full, planned.plan, clouds.get(planned.plan.cloud))
    if copy:
        click.echo(inventory.script(found), nl=False)
    elif output == "table":
        rows = [
            (item.kind.value, item.name, item.mirror if item.mirror != item.source else "", item.sha256[:12])
            for item in found
        ]
        click.echo(table(("KIND", "NAME", "MIRROR", "SHA256"), rows))
    else:
        data = [plain(item) for item in found]
        click.echo(as_json(data) if output == "json" else as_yaml(data))
