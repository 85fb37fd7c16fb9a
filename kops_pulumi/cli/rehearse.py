"""`rehearse -- COMMAND…`: run any command, `pulumi up` above all, against a simulated cloud."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import click

from kops_pulumi.cli.target import files_option, newer_allowed


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--world", type=click.Path(file_okay=False, path_type=Path), help="Directory of the simulated cloud.")
@click.option("--fresh", is_flag=True, help="Begin with an empty cloud and no stacks.")
@click.option(
    "--fault",
    "troubles",
    multiple=True,
    metavar="KIND[,KEY=VALUE]...",
    help="Break something: throttle, error, partial, crash or slow; with operation=, type=, name=, times=.",
)
@files_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def rehearse(
    world: Path | None,
    fresh: bool,
    troubles: tuple[str, ...],
    files: tuple[Path, ...],
    overlays: tuple[Path, ...],
    command: tuple[str, ...],
) -> int:
    """Run any command against a simulated cloud: no account, no credentials, nothing real changes.

    The simulated cloud and its stacks stay between runs until --fresh. What a manifest adopts (shared networks, zones,
    …) exists in it when the manifest is named with -f. The command's exit code is returned.

    \b
      kops-pulumi rehearse -- pulumi up --stack local
      kops-pulumi rehearse -f shared.yaml -- python my_service.py
      kops-pulumi rehearse --fault error,type=aws:autoscaling/* -- pulumi up --stack local
    """
    from kops_pulumi import pipeline, rehearsal
    from kops_pulumi.rehearsal.faults import parse

    path = world or rehearsal.default_path(os.environ)
    if fresh and path.exists():
        shutil.rmtree(path)
    plans = [pipeline.load(files, overlays, force=newer_allowed()).plan] if files else []
    stack = _stack_of(command)
    if stack and not any((path / "backend").glob(f".pulumi/stacks/*/{stack}.json")):
        rehearsal.run([command[0], "stack", "init", "--no-select", stack], path)
    return rehearsal.run(command, path, faults=[parse(text) for text in troubles], plans=plans)


def _stack_of(command: Sequence[str]) -> str | None:
    """The stack that a `pulumi` command works on: the engine itself offers to make a missing one only at a terminal."""
    if Path(command[0]).name != "pulumi" or not {"up", "preview"} & set(command[1:2]):
        return None
    words = [word for argument in command[2:] for word in argument.split("=", 1)]
    return next((value for flag, value in pairwise(words) if flag in {"-s", "--stack"}), None)
