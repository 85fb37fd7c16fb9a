"""`create instancegroup` and `delete instancegroup`: groups in the manifest; the cloud follows at the next update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.complete import complete_groups, complete_zones
from kops_pulumi.cli.create import COMMA
from kops_pulumi.cli.editing import Work, edits
from kops_pulumi.cli.target import newer_allowed
from kops_pulumi.errors import ExitCode, KopsError, NotFoundError

if TYPE_CHECKING:
    from kops_pulumi.draft import Draft

_ROLES = {
    "node": "Node",
    "control-plane": "ControlPlane",
    "controlplane": "ControlPlane",
    "master": "ControlPlane",
    "apiserver": "APIServer",
    "bastion": "Bastion",
}
"""kops's spellings."""


@click.command()
@click.argument("group", metavar="GROUP")
@click.option(
    "--role",
    type=click.Choice(list(_ROLES), case_sensitive=False),
    default="node",
    show_default=True,
    metavar="ROLE",
    help="node, control-plane, apiserver or bastion.",
)
@click.option("--subnet", "subnets", type=COMMA, default=(), help="Subnets, comma-separated; default: all that fit.")
@click.option("--zone", "zones", type=COMMA, default=(), shell_complete=complete_zones, help="Zones, comma-separated.")
@click.option("--edit/--no-edit", "editing", default=False, help="Open it in an editor before it is written.")
@edits()
def create(
    work: Work, group: str, role: str, subnets: tuple[str, ...], zones: tuple[str, ...], editing: bool
) -> ExitCode:
    """Add an instance group to a cluster.

    Machine type and image are written down, as `create cluster` does, so that they do not move by themselves.
    """
    spec = work.planned().full.cluster.spec
    wanted = subnets or _subnets([(s.name, s.type or "", s.zone or "") for s in spec.subnets or ()], role, zones)
    body: dict[str, Any] = {"role": _ROLES[role.lower()], "minSize": 1, "maxSize": 1, "subnets": list(wanted)}
    if zones:
        body["zones"] = list(zones)
    draft = work.draft.with_document(
        {
            "apiVersion": "kops.k8s.io/v1alpha2",
            "kind": "InstanceGroup",
            "metadata": {"name": group, "labels": {"kops.k8s.io/cluster": work.draft.find("Cluster").name}},
            "spec": body,
        }
    )
    draft = written_down(draft, group)
    if editing:
        from kops_pulumi.cli.edit import in_editor

        draft = in_editor(draft, draft.find("InstanceGroup", group))
    return work.finish(draft)


@click.command()
@click.argument("group", metavar="GROUP", shell_complete=complete_groups)
@click.option("-y", "--yes", is_flag=True, help="Take it out; without, only tell what would go.")
@edits()
def delete(work: Work, group: str, yes: bool) -> ExitCode:
    """Take an instance group out of the manifest; its machines go with the next `update cluster --yes`."""
    draft = work.draft.without("InstanceGroup", group)
    return end(work, draft, yes=yes)


def end(work: Work, draft: Draft, *, yes: bool) -> ExitCode:
    """Finish a deletion; without --yes check it, and say what would go."""
    if yes or work.dry_run:
        return work.finish(draft)
    draft.check(force=newer_allowed())
    for title in draft.gone() or (document.title for document in draft.changes()):
        click.echo(f"would remove {title}" if title in draft.gone() else f"would change {title}")
    click.echo("Nothing has been removed; --yes takes it out of the manifest.", err=True)
    return ExitCode.OK


def _subnets(there: list[tuple[str, str, str]], role: str, zones: tuple[str, ...]) -> list[str]:
    """The subnets where machines of a role live: utility ones for bastions, the others for everybody else."""
    utility = {name for name, kind, _ in there if kind == "Utility"}
    fitting = [one for one in there if (one[0] in utility) == (role == "bastion" and bool(utility))]
    found = [name for name, _, zone in fitting if not zones or zone in zones or not zone]
    if not found:
        known = ", ".join(sorted({zone for _, _, zone in fitting if zone}))
        raise NotFoundError(f"no subnet is in the zones {', '.join(zones)}", hint=f"there are subnets in {known}")
    return found


def written_down(draft: Draft, group: str) -> Draft:
    """With the machine type and image that the defaults give it now."""
    from kops_pulumi.manifest import Set

    full = draft.check(force=newer_allowed()).full
    made = next((g.spec for g in full.groups if g.metadata.name == group), None)
    if made is None:
        raise KopsError(f"the group {group} came to nothing")
    title = f"InstanceGroup/{group}"
    found = {"machineType": made.machine_type, "image": made.image}
    return draft.edited(*(Set(title, ("spec", key), value) for key, value in found.items() if value))
