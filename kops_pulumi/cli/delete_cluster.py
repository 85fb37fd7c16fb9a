"""`delete cluster`: list what goes and what stays; with --yes, and the name typed at a terminal, do it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.durations import DURATION
from kops_pulumi.cli.engine import clock, open_state, rehearsable, world_here
from kops_pulumi.cli.output import as_json, duration, table
from kops_pulumi.cli.target import Target, cluster_options, newer_allowed
from kops_pulumi.errors import KopsError

if TYPE_CHECKING:
    from kops_pulumi.automation.stack import ClusterStack, StateResource
    from kops_pulumi.model import ClusterPlan
    from kops_pulumi.model.leftovers import Leftover, Leftovers

_STAYS = "left-overs stay"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for."""

    yes: bool
    output: str
    remove_manifest: bool
    leftovers: str
    wait: float
    interval: float
    count: int
    unregister: bool
    purge: bool


@click.command()
@cluster_options(guess=False)
@click.option("-y", "--yes", is_flag=True, help="Delete, after listing what goes (and typing the name at a terminal).")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Format of the list.")
@click.option(
    "--leftovers",
    type=click.Choice(["ask", "remove", "keep"]),
    default="ask",
    show_default=True,
    help="What controllers in the cluster made (load balancers, volumes, …); without a terminal, ask means keep.",
)
@click.option("--wait", type=DURATION, default="10m", show_default=True, help="How long left-overs may take to go.")
@click.option("--interval", type=DURATION, default="10s", show_default=True, help="Between two looks at them.")
@click.option("--count", type=int, default=0, help="Give up after so many looks without progress; 0: never.")
@click.option("--purge", is_flag=True, help="Empty the cluster's own bucket first, etcd's backups included.")
@click.option("--unregister", is_flag=True, help="Forget the cluster, and leave everything in the cloud as it is.")
@click.option("--remove-manifest", is_flag=True, help="Delete the manifest's files too, once the cluster is gone.")
@rehearsable
def cluster(target: Target, **chosen: Any) -> None:
    """Remove a cluster from the cloud.

    Lists what would go and what stays: things that existed before (shared networks, subnets, …) are never touched. With
    --yes everything of ours goes, the protected etcd volumes and keys included. The manifest stays unless
    --remove-manifest is given.
    """
    wanted = Wanted(**chosen)
    name = target.cluster()
    stack = open_state(name, target.store)
    resources = stack.resources()
    plan = _plan(target)
    finder = _finder(plan, stack)
    found = _left(finder, stack)
    _list(name, resources, plan, found, wanted.output)
    if not resources:
        click.echo(f"{name} has nothing in the cloud.", err=True)
    _refuse_protected(target)
    if not wanted.yes:
        click.echo("Nothing has been deleted; --yes deletes the cluster.", err=True)
        return
    if resources or found:
        _confirm(name)
    if wanted.unregister:
        _forget(name, stack)
    else:
        _delete(name, stack, plan, finder, found, wanted)
    _forget_context(name)
    if wanted.remove_manifest and target.name:
        for path in target.store.remove(target.name):
            click.echo(f"removed {path}", err=True)


def _delete(
    name: str,
    stack: ClusterStack,
    plan: ClusterPlan | None,
    finder: Leftovers | None,
    found: Sequence[Leftover],
    wanted: Wanted,
) -> None:
    """Machines first, so that no controller makes again what goes next; then left-overs, then everything else."""
    chosen = _chosen(found, wanted.leftovers)
    known = set(stack.ids())
    if chosen and finder:
        from kops_pulumi.automation.leftovers import Patience, remove
        from kops_pulumi.cli.progress import watching

        with watching(f"stopping the machines of {name}") as watch:
            stack.destroy_machines(watch=watch)
        patience = Patience(wanted.wait, wanted.interval, wanted.count)
        remove(finder, chosen, known, patience, lambda line: click.echo(line, err=True))
        click.echo(f"removed {len(chosen)} left-overs", err=True)
    if wanted.purge:
        _purge(plan, stack)
    if stack.resources():
        _destroy(name, stack)


def _chosen(found: Sequence[Leftover], mode: str) -> tuple[Leftover, ...]:
    """The left-overs to remove; volumes, which hold somebody's data, are asked about on their own."""
    if not found or mode == "remove":
        return tuple(found)
    if mode == "ask" and sys.stdin.isatty():
        chosen: list[Leftover] = []
        for data, question in ((False, "Remove the left-overs too?"), (True, "And those that hold data?")):
            some = [item for item in found if item.holds_data is data]
            if some and click.confirm(question, err=True):
                chosen += some
        return tuple(chosen)
    click.echo(
        f"{len(found)} {_STAYS}, and may block the network's removal; --leftovers remove takes them too", err=True
    )
    return ()


def _left(finder: Leftovers | None, stack: ClusterStack) -> Sequence[Leftover]:
    """What there is; a cloud that does not answer keeps nobody from seeing the list."""
    try:
        return finder.find(set(stack.ids())) if finder else ()
    except KopsError as error:
        click.echo(f"cannot look for left-overs: {error}", err=True)
        return ()


def _finder(plan: ClusterPlan | None, stack: ClusterStack) -> Leftovers | None:
    """Who finds left-overs: the simulated cloud or the real one; nobody without a readable manifest."""
    if plan is None:
        return None
    if world := world_here():
        from kops_pulumi.rehearsal.leftovers import RehearsedLeftovers

        return RehearsedLeftovers(plan.name, world.store)
    from kops_pulumi import clouds
    from kops_pulumi.automation import leftovers

    return leftovers.of(plan, stack.provider_settings(clouds.leaf(plan.cloud, "provider").PACKAGE))


def _plan(target: Target) -> ClusterPlan | None:
    """The cluster's plan; None when the manifest is not good enough for one."""
    from kops_pulumi import pipeline

    try:
        return pipeline.load(target.paths, overlays=target.overlays, force=newer_allowed()).plan
    except KopsError:
        return None


def _purge(plan: ClusterPlan | None, stack: ClusterStack) -> None:
    """Empty a bucket of ours, whose own objects the stack does not all know."""
    place = plan.object_store if plan else None
    if plan is None or place is None or place.adopted or world_here():
        return
    from kops_pulumi import clouds

    module = clouds.leaf(plan.cloud, "leftovers")
    settings = stack.provider_settings(clouds.leaf(plan.cloud, "provider").PACKAGE)
    count = module.empty(place.bucket, plan.region, settings)
    click.echo(f"emptied {place.scheme}://{place.bucket}: {count} versions of objects", err=True)


def _forget(name: str, stack: ClusterStack) -> None:
    stack.forget()
    click.echo(f"forgot {name}; everything it has in the cloud is still there", err=True)


def _forget_context(name: str) -> None:
    """The cluster's entries in the user's kubeconfig go with it, where there are some."""
    if world_here():
        return
    from kops_pulumi.cli.export import forget

    path = forget(name)
    if path:
        click.echo(f"removed {name} from {path}", err=True)


def _refuse_protected(target: Target) -> None:
    """`spec.protect: true` is the user's own word against this verb; a manifest that cannot be read says nothing."""
    from kops_pulumi import manifest

    loaded = manifest.load(target.paths, overlays=target.overlays)
    specs = [document.data.get("spec") for document in loaded.documents if document.kind == "Cluster"]
    if any(isinstance(spec, dict) and spec.get("protect") is True for spec in specs):
        raise KopsError("the manifest protects this cluster: spec.protect: true", hint="remove that line first")


def _list(
    name: str,
    resources: tuple[StateResource, ...],
    plan: ClusterPlan | None,
    leftovers: Sequence[Leftover],
    output: str,
) -> None:
    from kops_pulumi.automation.render import short_type
    from kops_pulumi.automation.report import Kind
    from kops_pulumi.plan import views

    adopted = views.adopted(plan) if plan else ()

    found = sorted((r for r in resources if r.kind is Kind.RESOURCE), key=lambda r: (r.type, r.name))
    goes = [resource for resource in found if not resource.external]
    stays = [*adopted, *((short_type(resource.type), resource.name) for resource in found if resource.external)]
    if output == "json":
        rows = [{"type": r.type, "name": r.name, "protected": r.protected} for r in goes]
        keep = [{"what": what, "name": which} for what, which in stays]
        over = [{"kind": x.kind, "id": x.id, "name": x.name, "holdsData": x.holds_data} for x in leftovers]
        click.echo(as_json({"cluster": name, "delete": rows, "keep": keep, "leftovers": over}))
        return
    if goes:
        click.echo(table(("TYPE", "NAME", "PROTECTED"), [(short_type(r.type), r.name, r.protected) for r in goes]))
        click.echo(f"\n{len(goes)} resources of {name} go, {sum(r.protected for r in goes)} of them protected.")
    if leftovers:
        click.echo("\nControllers in the cluster made these, which no stack knows:")
        click.echo(table(("KIND", "NAME", "ID", "DATA"), [(x.kind, x.name, x.id, x.holds_data) for x in leftovers]))
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
