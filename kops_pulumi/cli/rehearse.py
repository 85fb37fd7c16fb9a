"""`rehearse -- COMMAND…`: run any command, `pulumi up` above all, against a simulated cloud."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from kops_pulumi.cli.engine import world_path
from kops_pulumi.cli.target import store_of, store_option


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--world", type=click.Path(file_okay=False, path_type=Path), help="Directory of the simulated cloud.")
@click.option("--fresh", is_flag=True, help="Begin with an empty cloud and no stacks.")
@store_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def rehearse(ctx: click.Context, world: Path | None, fresh: bool, state: str | None, command: tuple[str, ...]) -> int:
    """Run any command against a simulated cloud: no account, no credentials, nothing real changes.

    The simulated cloud and its stacks stay between runs (in the cache, one for each project) until --fresh. The
    command's exit code is returned.

    \b
      kops-pulumi rehearse -- pulumi up --stack local
      kops-pulumi rehearse -- python my_service.py
    """
    from kops_pulumi.rehearsal.run import run

    path = world or world_path(store_of(ctx, state))
    if fresh and path.exists():
        shutil.rmtree(path)
    return run(command, path)
