"""Verbs about the tool itself: version, schema, completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kops_pulumi import __version__
from kops_pulumi.cli.output import as_json, as_yaml

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


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


class _Names(click.ParamType[str]):
    """A name of `schemas.SCHEMAS`, which is imported only when it is asked for."""

    name = "what"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself; a usage error with all names for any other."""
        from kops_pulumi.cli.schemas import SCHEMAS

        if value not in SCHEMAS:
            self.fail(f"there is no schema {value!r}; there are: {', '.join(SCHEMAS)}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """The names."""
        from click.shell_completion import CompletionItem

        from kops_pulumi.cli.schemas import SCHEMAS

        return [CompletionItem(name) for name in SCHEMAS if name.startswith(incomplete)]


@click.command()
@click.argument("what", type=_Names(), default="manifest")
def schema(what: str) -> None:
    """Print a JSON Schema: of manifests, or of what a verb prints with -o json.

    The manifest's schema gives completion and checks in editors:

    \b
      kops-pulumi schema > kops.schema.json
      # yaml-language-server: $schema=./kops.schema.json     (first line of cluster.yaml)

    Others: change-report, clusters, instancegroups, keypairs, …; docs/cli/output.md has all.
    """
    from kops_pulumi.cli.schemas import SCHEMAS

    click.echo(as_json(SCHEMAS[what]()))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
@click.option("--no-descriptions", is_flag=True, hidden=True, help="Taken for kops's sake; bash shows none anyway.")
def completion(shell: str, no_descriptions: bool) -> None:  # noqa: ARG001 - kops's flag
    """Print the completion script for a shell.

    \b
      bash:        source <(kops-pulumi completion bash)
      zsh:         source <(kops-pulumi completion zsh)
      fish:        kops-pulumi completion fish | source
      PowerShell:  kops-pulumi completion powershell | Out-String | Invoke-Expression

    Clusters, groups, keysets, zones and versions complete too; nothing is contacted for it.
    """
    from click.shell_completion import get_completion_class

    from kops_pulumi.cli import complete
    from kops_pulumi.cli.app import COMPLETE_VARIABLE, PROGRAM, root

    complete.register()
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(script(root, {}, PROGRAM, COMPLETE_VARIABLE).source())
