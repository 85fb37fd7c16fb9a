"""`update cluster --target terraform`: the cluster as a Terraform configuration. Needs neither engine nor cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kops_pulumi.cli.output import as_json
from kops_pulumi.errors import KopsError

if TYPE_CHECKING:
    from kops_pulumi.cli.update import Wanted
    from kops_pulumi.pipeline import Planned

_DIRECT_ONLY = ("refresh", "forget_pending", "groups", "roles", "save_plan", "plan")


def write(planned: Planned, wanted: Wanted) -> None:
    """Write what differs, and say what to do with it."""
    given = [name for name in _DIRECT_ONLY if getattr(wanted, name)]
    if given:
        flags = {"groups": "--instance-group", "roles": "--instance-group-roles"}
        named = ", ".join(flags.get(name, f"--{name.replace('_', '-')}") for name in given)
        raise KopsError(
            f"{named} needs --target direct", hint="Terraform plans and refreshes by itself: `terraform plan`"
        )
    from kops_pulumi import terraform

    files = terraform.files(planned, skip=wanted.skip)
    touched = terraform.write(files, wanted.out)
    if wanted.output == "json":
        data = {"directory": str(wanted.out), "files": sorted(files), "written": sorted(map(str, touched))}
        click.echo(as_json(data))
        return
    click.echo(f"{len(files)} files in {wanted.out}, {len(touched) or 'none'} of them changed")
    click.echo(f"apply it: terraform -chdir={wanted.out} init && terraform -chdir={wanted.out} apply", err=True)
    if planned.plan.deliveries and "addons" not in wanted.skip:
        click.echo(
            "a new cluster takes two steps, for add-ons need its API: first with --skip addons, then without "
            "(docs/terraform.md)",
            err=True,
        )
