"""What the verbs that edit a manifest share: finding it, and ending: check, then print (`--dry-run`) or write.

A verb turns the draft that it is given into another one; whether that is good enough is decided here, for all alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kops_pulumi.cli.output import as_json, as_yaml, show_findings
from kops_pulumi.cli.target import cluster_name, complete_names, newer_allowed, store_of, store_option
from kops_pulumi.errors import ExitCode, ManifestError
from kops_pulumi.store import Store

if TYPE_CHECKING:
    from kops_pulumi.draft import Draft
    from kops_pulumi.pipeline import Planned

F = TypeVar("F", bound=Callable[..., Any])

_PATHS = ("spec", "metadata", "cluster", "instancegroup", "instanceGroup", "ig", "apiVersion", "kind", "")
"""How paths into a manifest begin."""


@dataclass(frozen=True, slots=True)
class Work:
    """One verb's work on one cluster's manifest."""

    store: Store
    name: str
    draft: Draft
    dry_run: bool = False
    output: str = "yaml"

    def planned(self) -> Planned:
        """The plan of the manifest as it is; ManifestError when it has mistakes already."""
        return self.draft.check(force=newer_allowed())

    def finish(self, draft: Draft) -> ExitCode:
        """Check the edited manifest; print what is new, or write it. What is refused is not written."""
        return finish(draft, cluster=self.name, dry_run=self.dry_run, output=self.output)


def finish(draft: Draft, *, cluster: str, dry_run: bool, output: str) -> ExitCode:
    """End a verb's work on a draft."""
    if not draft.changed:
        click.echo("Nothing to change: the manifest says so already.", err=True)
        return ExitCode.OK
    try:
        planned = draft.check(force=newer_allowed())
    except ManifestError as error:
        show_findings(error.findings)
        click.echo("Nothing has been written.", err=True)
        return ExitCode.FINDINGS
    show_findings(planned.findings)
    if dry_run:
        _print(draft, output)
    else:
        _write(draft)
        click.echo(f"see what it becomes: kops-pulumi update cluster {cluster}", err=True)
    return ExitCode.OK


def _print(draft: Draft, output: str) -> None:
    from kops_pulumi.spec.written import as_written

    documents = [as_written(document) for document in draft.changes()]
    if output == "json":
        click.echo(as_json(documents))
    elif documents:
        click.echo(as_yaml(documents))
    for title in draft.gone():
        click.echo(f"would remove {title}", err=True)


def _write(draft: Draft) -> None:
    changed, gone = draft.changes(), draft.gone()
    paths = draft.save()
    where = ", ".join(str(path) for path in paths)
    for title in (document.title for document in changed):
        click.echo(f"wrote {title} to {where}")
    for title in gone:
        click.echo(f"removed {title} from {where}")
    if not changed and not gone:
        click.echo(f"wrote {where}")


def from_here(path: Path) -> Path:
    """The path as one would type it: from this directory, when it is below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def dry_run_options(function: F) -> F:
    """`--dry-run` and `-o`, for verbs that write a manifest."""
    form = click.option(
        "-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", help="Format of --dry-run."
    )
    dry = click.option("--dry-run", is_flag=True, help="Print what would be written instead of writing it.")
    return dry(form(function))


def name_option(function: F) -> F:
    """`--name CLUSTER`, where the argument is something else."""
    option = click.option(
        "--name", metavar="CLUSTER", help="The cluster.  [env: KOPS_CLUSTER_NAME]", shell_complete=complete_names
    )
    return option(function)


def edits(*, cluster: bool = False, before: str | None = None) -> Callable[[F], F]:
    """The options of a verb that edits one cluster's manifest; it gets `work: Work` and returns a draft's end.

    `cluster` takes the cluster as an argument, `[CLUSTER]`, besides `--name`; `before` names an argument whose first
    word may be the cluster.
    """

    def decorate(function: F) -> F:
        @name_option
        @store_option
        @dry_run_options
        @click.pass_context
        @wraps(function)
        def command(
            ctx: click.Context,
            /,
            *args: Any,
            name: str | None,
            state: str | None,
            dry_run: bool,
            output: str,
            cluster: str | None = None,
            **kwargs: Any,
        ) -> Any:
            if before:
                cluster, kwargs[before] = _parted(ctx, kwargs[before])
            found = opened(store_of(ctx, state), cluster_name(ctx, cluster, name))
            work = Work(found.store, found.name, found.draft, dry_run, output)
            return function(*args, work=work, **kwargs)

        made: Any = command
        if cluster:
            made = click.argument("cluster", required=False, metavar="[CLUSTER]", shell_complete=complete_names)(made)
        return made  # type: ignore[no-any-return]

    return decorate


def _parted(ctx: click.Context, words: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """The cluster, when the first word is none of the paths that follow, and the paths."""
    if words and "=" not in words[0] and words[0].partition(".")[0].partition("[")[0] not in _PATHS:
        if len(words) == 1:
            raise click.UsageError(f"what about {words[0]}? name a field, such as spec.kubernetesVersion", ctx=ctx)
        return words[0], words[1:]
    return None, words


def opened(store: Store, name: str | None) -> Work:
    """The manifest of a cluster of the store, or of its only one, to be edited."""
    from kops_pulumi.draft import Draft

    found = name or store.only()
    return Work(store, found, Draft.open([from_here(path) for path in store.paths(found)]))
