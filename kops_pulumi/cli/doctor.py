"""`kops-pulumi doctor`: what is here, what is missing, and the command that mends it.

Shows what `automation.health` finds; the only thing it can change is local state with empty attribute files
(`--repair`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kops_pulumi.cli.output import as_json, styled, table
from kops_pulumi.cli.target import store_of, store_option
from kops_pulumi.errors import ExitCode

if TYPE_CHECKING:
    from kops_pulumi.automation.health import Check

_COLOURS = {"ok": "green", "optional": "yellow", "missing": "red", "damaged": "red"}


@click.command()
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Format.")
@click.option("--repair", is_flag=True, help="Remove the empty attribute files that make local state unreadable.")
@store_option
@click.pass_context
def doctor(ctx: click.Context, output: str, repair: bool, state: str | None) -> int:
    """Check engine, language host, SDKs, providers, Python and backend.

    Exits 0 when everything needed is there, 4 when something is missing, 1 when local state is damaged. What is marked
    optional is not needed for rehearsals, or only for one cloud.
    """
    from kops_pulumi.automation import health

    directory = store_of(ctx, state).state
    project = _project(Path.cwd())
    mended = _repair(project, directory) if repair else ()
    checks = health.examine(os.environ, project=project, state=directory)
    if output == "json":
        click.echo(
            as_json({"checks": [check.to_json() for check in checks], "repaired": [str(path) for path in mended]})
        )
    else:
        _show(checks, mended)
    return _exit_code(checks)


def _repair(project: Path | None, state: Path) -> Sequence[Path]:
    """Mend the local backend; the files that went."""
    from kops_pulumi.automation import backend

    directory = backend.find(os.environ, project=project, default=state).directory(os.environ)
    files = backend.damaged(directory) if directory else ()
    backend.repair(files)
    return files


def _project(directory: Path) -> Path | None:
    """The nearest Pulumi.yaml, as the engine looks for it."""
    candidates = (parent / "Pulumi.yaml" for parent in (directory, *directory.parents))
    return next((path for path in candidates if path.is_file()), None)


def _show(checks: Sequence[Check], mended: Sequence[Path]) -> None:
    for path in mended:
        click.echo(f"removed the empty {path}")
    rows = [(check.topic, check.name, check.state, check.found) for check in checks]
    header, *lines = table(["WHAT", "NAME", "STATE", "FOUND"], rows).splitlines()
    click.echo(header)
    for line, check in zip(lines, checks, strict=True):
        click.echo(styled(line, _COLOURS[check.state]) if check.state != "ok" else line)
    _show_commands("To mend it:", [check for check in checks if check.state in {"missing", "damaged"}])
    _show_commands("When you need it:", [check for check in checks if check.state == "optional"])


def _show_commands(title: str, checks: Sequence[Check]) -> None:
    commands = [f"  {check.topic} {check.name}: {check.mend}" for check in checks if check.mend]
    if commands:
        click.echo("\n".join(["", title, *commands]))


def _exit_code(checks: Sequence[Check]) -> ExitCode:
    states = {check.state.value for check in checks}
    if "missing" in states:
        return ExitCode.MISSING_TOOL
    return ExitCode.FAILED if "damaged" in states else ExitCode.OK
