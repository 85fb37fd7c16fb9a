"""`delete cluster`: list what goes and what stays; with --yes, and the name typed at a terminal, do it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kops_pulumi.cli.editing import dry_run_options
from kops_pulumi.cli.engine import clock, open_state, rehearsable
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.output import as_json, duration, table
from kops_pulumi.cli.target import FILE, Target, cluster_options, newer_allowed, store_of, store_option
from kops_pulumi.errors import ExitCode, KopsError

if TYPE_CHECKING:
    from kops_pulumi.automation.stack import ClusterStack, StateResource

_VERBS = {
    "cluster": Verb("kops_pulumi.cli.delete:cluster", "Remove a cluster from the cloud."),
    "instance": Verb("kops_pulumi.cli.rolling:instance", "Replace one machine; --yes does it."),
    "instancegroup": Verb("kops_pulumi.cli.groups:delete", "Take an instance group out of the manifest."),
    "keypair": Verb("kops_pulumi.cli.keypairs:delete", "Remove distrusted keys for good."),
    "secret": Verb("kops_pulumi.cli.secrets:delete", "Take a secret away from a cluster."),
    "sshpublickey": Verb("kops_pulumi.cli.sshkeys:delete", "Take the operators' SSH key out of the manifest."),
}
_ALIASES = {"ig": "instancegroup", "keypairs": "keypair", "secrets": "secret", "sshpublickeys": "sshpublickey"}


@click.group(cls=LazyGroup, verbs=_VERBS, aliases=_ALIASES, invoke_without_command=True)
@click.option(
    "-f", "--filename", "files", multiple=True, type=FILE, help="Documents to take out; a file, a folder or -."
)
@click.option("-y", "--yes", is_flag=True, help="With -f: take them out; without, only tell what would go.")
@store_option
@dry_run_options
@click.pass_context
def delete(
    ctx: click.Context, files: tuple[Path, ...], yes: bool, state: str | None, dry_run: bool, output: str
) -> ExitCode:
    """Remove a cluster from the cloud, or documents from its manifest.

    With -f: the groups, keys and objects that files name go from the manifests of their clusters.
    """
    if files:
        from kops_pulumi.cli.register import remove

        return remove(store_of(ctx, state), files, yes=yes, dry_run=dry_run, output=output)
    if ctx.invoked_subcommand is None:
        raise click.UsageError("say what: `delete cluster NAME`, or `delete -f FILE`", ctx=ctx)
    return ExitCode.OK


@click.command()
@cluster_options(guess=False)
@click.option("-y", "--yes", is_flag=True, help="Delete, after listing what goes (and typing the name at a terminal).")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Format of the list.")
@click.option("--remove-manifest", is_flag=True, help="Delete the manifest's files too, once the cluster is gone.")
@rehearsable
def cluster(target: Target, yes: bool, output: str, remove_manifest: bool) -> None:
    """Remove a cluster from the cloud.

    Lists what would go and what stays: things that existed before (shared networks, subnets, …) are never touched. With
    --yes everything of ours goes, the protected etcd volumes and keys included. The manifest stays unless
    --remove-manifest is given.
    """
    name = target.cluster()
    stack = open_state(name, target.store)
    resources = stack.resources()
    _list(name, resources, _adopted(target), output)
    if not resources:
        click.echo(f"{name} has nothing in the cloud.", err=True)
    _refuse_protected(target)
    if not yes:
        click.echo("Nothing has been deleted; --yes deletes the cluster.", err=True)
        return
    if resources:
        _confirm(name)
        _destroy(name, stack)
    if remove_manifest and target.name:
        for path in target.store.remove(target.name):
            click.echo(f"removed {path}", err=True)


def _refuse_protected(target: Target) -> None:
    """`spec.protect: true` is the user's own word against this verb; a manifest that cannot be read says nothing."""
    from kops_pulumi import manifest

    loaded = manifest.load(target.paths, overlays=target.overlays)
    specs = [document.data.get("spec") for document in loaded.documents if document.kind == "Cluster"]
    if any(isinstance(spec, dict) and spec.get("protect") is True for spec in specs):
        raise KopsError("the manifest protects this cluster: spec.protect: true", hint="remove that line first")


def _adopted(target: Target) -> tuple[tuple[str, str], ...]:
    """What the manifest says existed before; nothing when the manifest is not good enough to tell."""
    from kops_pulumi import pipeline
    from kops_pulumi.plan import views

    try:
        planned = pipeline.load(target.paths, overlays=target.overlays, force=newer_allowed())
    except KopsError:
        return ()
    return views.adopted(planned.plan)


def _list(name: str, resources: tuple[StateResource, ...], adopted: tuple[tuple[str, str], ...], output: str) -> None:
    from kops_pulumi.automation.render import short_type
    from kops_pulumi.automation.report import Kind

    found = sorted((r for r in resources if r.kind is Kind.RESOURCE), key=lambda r: (r.type, r.name))
    goes = [resource for resource in found if not resource.external]
    stays = [*adopted, *((short_type(resource.type), resource.name) for resource in found if resource.external)]
    if output == "json":
        rows = [{"type": r.type, "name": r.name, "protected": r.protected} for r in goes]
        click.echo(as_json({"cluster": name, "delete": rows, "keep": [{"what": w, "name": n} for w, n in stays]}))
        return
    if goes:
        click.echo(table(("TYPE", "NAME", "PROTECTED"), [(short_type(r.type), r.name, r.protected) for r in goes]))
        click.echo(f"\n{len(goes)} resources of {name} go, {sum(r.protected for r in goes)} of them protected.")
    if stays:
        click.echo("These existed before and stay: " + ", ".join(f"{what} {which}" for what, which in stays))


def _confirm(name: str) -> None:
    """At a terminal a cluster's name has to be typed; scripts have said --yes."""
    if sys.stdin.isatty() and click.prompt(f"Type the cluster's name to delete it ({name})", err=True) != name:
        raise KopsError("that is not the cluster's name; nothing has been deleted")


def _destroy(name: str, stack: ClusterStack) -> None:
    from kops_pulumi.automation.report import Action
    from kops_pulumi.cli.progress import watching

    with watching(f"deleting {name}") as watch, clock() as took:
        report = stack.destroy(watch=watch)
    click.echo(f"deleted {report.count(Action.DELETE)} resources of {name} in {duration(took())}", err=True)
