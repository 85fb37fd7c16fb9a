"""`validate -f FILE`: every mistake of a manifest at once, with its place; no engine, no cloud, no network.

`validate cluster` looks at a cluster that runs (`validate_cluster.py`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.output import as_json, show_findings
from kops_pulumi.cli.target import newer_allowed
from kops_pulumi.errors import ExitCode, Finding, ManifestError, errors_in

_VERBS = {"cluster": Verb("kops_pulumi.cli.validate_cluster:cluster", "Look whether a running cluster is healthy.")}


@click.group(cls=LazyGroup, verbs=_VERBS, invoke_without_command=True)
@click.option(
    "-f", "--filename", "files", multiple=True, type=click.Path(path_type=Path), help="A manifest; repeatable."
)
@click.option(
    "--overlay", "overlays", multiple=True, type=click.Path(path_type=Path), help="A file laid over it; repeatable."
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Format of the findings.")
@click.pass_context
def validate(ctx: click.Context, files: tuple[Path, ...], overlays: tuple[Path, ...], output: str) -> int:
    """Check manifests (with -f): syntax, fields, values, and what they mean together; or a cluster that runs.

    Findings go to stderr as `file:line:column: path: message (way out)`; with -o json, to stdout as a list.
    Exit code 0 when the manifest is good (warnings allowed), 2 when it is not.
    """
    if ctx.invoked_subcommand:
        return ExitCode.OK
    if not files:
        raise click.UsageError("which manifest? give it with -f FILE; or say `validate cluster`")
    findings = _findings(files, overlays)
    errors = errors_in(findings)
    if output == "json":
        click.echo(as_json([_plain(finding) for finding in findings]))
    else:
        show_findings(findings)
        _conclude(files, len(errors), len(findings) - len(errors))
    return ExitCode.FINDINGS if errors else ExitCode.OK


def _findings(files: tuple[Path, ...], overlays: tuple[Path, ...]) -> tuple[Finding, ...]:
    from kops_pulumi import pipeline

    try:
        return tuple(pipeline.load(files, overlays=overlays, force=newer_allowed()).findings)
    except ManifestError as error:
        return error.findings


def _conclude(files: tuple[Path, ...], errors: int, warnings: int) -> None:
    """A closing line for people; silent in pipes, where findings and the exit code say it all."""
    if not sys.stderr.isatty():
        return
    names = ", ".join(map(str, files))
    counts = f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}"
    click.echo(f"{names}: {counts}" if errors or warnings else f"{names}: good", err=True)


def _plain(finding: Finding) -> dict[str, object]:
    place = finding.location
    return {
        "severity": finding.severity.value,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "document": finding.document,
        "path": finding.dotted,
        "message": finding.message,
        "hint": finding.hint,
    }
