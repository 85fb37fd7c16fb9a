"""Which cluster a verb works on: argument, `--name`, KOPS_CLUSTER_NAME, or the store's only one; or the files of `-f`.

The same options in the same words for every verb, as one decorator. This module must not load manifests itself: it asks
`pipeline`, and shows the warnings that come back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kops_pulumi.errors import KopsError, NotFoundError
from kops_pulumi.store import Store

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from kops_pulumi.pipeline import Planned

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a cluster's manifest is."""

    store: Store
    paths: tuple[Path, ...]
    overlays: tuple[Path, ...]
    name: str | None
    """The name in the store; None when the files were given by hand."""

    def load(self) -> Planned:
        """Run the stages up to the plan; warnings go to stderr, errors are raised as a ManifestError."""
        from kops_pulumi import pipeline
        from kops_pulumi.cli.output import show_findings

        planned = pipeline.load(self.paths, overlays=self.overlays, force=newer_allowed())
        show_findings(planned.findings)
        return planned

    def cluster(self) -> str:
        """The cluster's name, without judging the rest of its manifest."""
        if self.name:
            return self.name
        from kops_pulumi import manifest

        loaded = manifest.load(self.paths, overlays=self.overlays)
        names = [document.name for document in loaded.documents if document.kind == "Cluster" and document.name]
        if not names:
            raise NotFoundError(f"there is no Cluster in {', '.join(map(str, self.paths))}")
        return names[0]


def newer_allowed() -> bool:
    """Whether the user said, before the verb, that a Kubernetes newer than we know will do."""
    return bool(click.get_current_context().find_root().params.get("newer"))


def files_option(function: F) -> F:
    """`-f FILE…` and `--overlay FILE…`; the verb gets `files` and `overlays`."""
    overlay = click.option(
        "--overlay", "overlays", multiple=True, type=FILE, help="A file laid over the manifest; repeatable."
    )
    files = click.option("-f", "--filename", "files", multiple=True, type=FILE, help="A manifest file; repeatable.")
    return files(overlay(function))


def store_option(function: F) -> F:
    """`--state`, here or before the verb."""
    option = click.option(
        "--state", metavar="DIR", help="Directory of clusters; default ./clusters.  [env: KOPS_STATE_STORE]"
    )
    return option(function)


def store_of(ctx: click.Context, state: str | None) -> Store:
    """The store that the flags, the environment or the working directory point to."""
    address = state or ctx.find_root().params.get("state") or os.environ.get("KOPS_STATE_STORE")
    return Store.at(address) if address else Store.near(Path.cwd())


def cluster_name(ctx: click.Context, argument: str | None, flag: str | None) -> str | None:
    """The cluster's name as the user gave it, in kops's order."""
    return argument or flag or ctx.find_root().params.get("name") or os.environ.get("KOPS_CLUSTER_NAME") or None


def complete_names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of the store's clusters, for the shell."""
    from click.shell_completion import CompletionItem

    try:
        names = store_of(ctx, ctx.params.get("state")).names()
    except KopsError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def cluster_options(*, guess: bool = True, argument: bool = True) -> Callable[[F], F]:
    """NAME, --name, --state, -f and --overlay; the verb gets a `target: Target`.

    `guess` takes the store's only cluster when no name is given; without `argument` the name is an option only. A verb
    with a flag `every` is given the store alone when that is set.
    """

    def decorate(function: F) -> F:
        @click.option(
            "--name",
            "name_flag",
            metavar="NAME",
            help="The same, as an option.  [env: KOPS_CLUSTER_NAME]",
            shell_complete=complete_names,
        )
        @files_option
        @store_option
        @click.pass_context
        @wraps(function)
        def command(
            ctx: click.Context,
            /,
            *args: Any,
            name_flag: str | None,
            files: tuple[Path, ...],
            overlays: tuple[Path, ...],
            state: str | None,
            name: str | None = None,
            **kwargs: Any,
        ) -> Any:
            store = store_of(ctx, state)
            if kwargs.get("every"):
                return function(*args, target=Target(store, (), overlays, None), **kwargs)
            given = cluster_name(ctx, name, name_flag)
            if not (files or given or guess):
                raise click.UsageError("which cluster? give its NAME")
            target = find(store, name=given, files=files, overlays=overlays)
            return function(*args, target=target, **kwargs)

        if not argument:
            return command  # type: ignore[return-value]
        positional = click.argument("name", required=False, metavar="[NAME]", shell_complete=complete_names)
        return positional(command)  # type: ignore[return-value]

    return decorate


def find(store: Store, *, name: str | None, files: tuple[Path, ...], overlays: tuple[Path, ...]) -> Target:
    """The target that the options describe; NotFoundError when it is not there."""
    if files:
        return Target(store, files, overlays, None)
    found = name or store.only()
    return Target(store, store.paths(found), overlays, found)
