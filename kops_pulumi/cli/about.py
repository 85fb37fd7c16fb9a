"""Verbs about the tool itself: version, schema, completion."""

from __future__ import annotations

import click

from kops_pulumi import __version__
from kops_pulumi.cli.output import as_json, as_yaml


@click.command()
@click.option("--short", is_flag=True, help="Only the version.")
@click.option("-o", "--output", type=click.Choice(["text", "json", "yaml"]), default="text", help="Format.")
def version(short: bool, output: str) -> None:
    """Print the version, and the Kubernetes versions it supports."""
    if short:
        click.echo(__version__)
        return
    facts = {"version": __version__, "kubernetes": _kubernetes()}
    if output == "json":
        click.echo(as_json(facts))
    elif output == "yaml":
        click.echo(as_yaml([facts]))
    else:
        click.echo(f"kops-pulumi {__version__} (Kubernetes {', '.join(facts['kubernetes'])})")


def _kubernetes() -> list[str]:
    from kops_pulumi.resolve.versions import SUPPORTED_MINORS, newest_minor

    newest = newest_minor()
    return [f"1.{minor}" for minor in range(newest - SUPPORTED_MINORS + 1, newest + 1)]


@click.command()
@click.argument("what", type=click.Choice(["manifest", "change-report"]), default="manifest")
def schema(what: str) -> None:
    """Print a JSON Schema, with descriptions.

    The manifest's schema gives completion and checks in editors:

    \b
      kops-pulumi schema > kops.schema.json
      # yaml-language-server: $schema=./kops.schema.json     (first line of cluster.yaml)
    """
    if what == "change-report":
        from kops_pulumi.automation import report

        click.echo(as_json(report.json_schema()))
    else:
        from kops_pulumi.spec.schema import json_schema

        click.echo(as_json(json_schema()))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    \b
      bash:  source <(kops-pulumi completion bash)
      zsh:   source <(kops-pulumi completion zsh)
      fish:  kops-pulumi completion fish | source
    """
    from click.shell_completion import get_completion_class

    from kops_pulumi.cli.app import COMPLETE_VARIABLE, PROGRAM, root

    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(script(root, {}, PROGRAM, COMPLETE_VARIABLE).source())
