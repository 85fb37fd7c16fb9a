"""`set` and `unset`: single values of a manifest by their path, as in kops, without an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.complete import complete_groups, complete_paths
from kops_pulumi.cli.editing import Work, edits
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.errors import ExitCode

if TYPE_CHECKING:
    from kops_pulumi.draft import Draft

_HERE = "kops_pulumi.cli.set"
_ALIASES = {"clusters": "cluster", "ig": "instancegroup", "instancegroups": "instancegroup"}
_SET = {
    "cluster": Verb(f"{_HERE}:set_cluster", "Set values of a cluster: PATH=VALUE."),
    "instancegroup": Verb(f"{_HERE}:set_group", "Set values of an instance group: PATH=VALUE."),
}
_UNSET = {
    "cluster": Verb(f"{_HERE}:unset_cluster", "Take values of a cluster away: PATH."),
    "instancegroup": Verb(f"{_HERE}:unset_group", "Take values of an instance group away: PATH."),
}


@click.group("set", cls=LazyGroup, verbs=_SET, aliases=_ALIASES)
def set_values() -> None:
    """Set values in a manifest: PATH=VALUE, several at once; all or none are written."""


@click.group("unset", cls=LazyGroup, verbs=_UNSET, aliases=_ALIASES)
def unset_values() -> None:
    """Take values out of a manifest, by PATH; what is absent already is no error."""


@click.command()
@click.argument("settings", nargs=-1, required=True, metavar="[CLUSTER] PATH=VALUE...", shell_complete=complete_paths)
@edits(before="settings")
def set_cluster(work: Work, settings: tuple[str, ...]) -> ExitCode:
    """Set values of a cluster.

    \b
      kops-pulumi set cluster prod.example.com spec.kubernetesVersion=1.37.1
      kops-pulumi set cluster spec.sshAccess=192.0.2.0/24,198.51.100.7/32     joins the list
      kops-pulumi set cluster 'spec.sshAccess=[192.0.2.0/24]'                 is the list
      kops-pulumi set cluster 'spec.etcdClusters[*].version=3.6.7'            every item; [0], [main]: one of them
    """
    return work.finish(assigned(work.draft, "Cluster", "", settings))


@click.command()
@click.argument("group", metavar="GROUP", shell_complete=complete_groups)
@click.argument("settings", nargs=-1, required=True, metavar="PATH=VALUE...", shell_complete=complete_paths)
@edits()
def set_group(work: Work, group: str, settings: tuple[str, ...]) -> ExitCode:
    """Set values of an instance group.

    \b
      kops-pulumi set instancegroup nodes-eu-central-1a spec.minSize=3 spec.maxSize=6
    """
    return work.finish(assigned(work.draft, "InstanceGroup", group, settings))


@click.command()
@click.argument("settings", nargs=-1, required=True, metavar="[CLUSTER] PATH...", shell_complete=complete_paths)
@edits(before="settings")
def unset_cluster(work: Work, settings: tuple[str, ...]) -> ExitCode:
    """Take values of a cluster away; defaults take their place.

    \b
      kops-pulumi unset cluster prod.example.com spec.kubelet.maxPods 'spec.subnets[old]'
    """
    return work.finish(removed(work.draft, "Cluster", "", settings))


@click.command()
@click.argument("group", metavar="GROUP", shell_complete=complete_groups)
@click.argument("settings", nargs=-1, required=True, metavar="PATH...", shell_complete=complete_paths)
@edits()
def unset_group(work: Work, group: str, settings: tuple[str, ...]) -> ExitCode:
    """Take values of an instance group away; defaults take their place."""
    return work.finish(removed(work.draft, "InstanceGroup", group, settings))


def assigned(draft: Draft, kind: str, name: str, settings: tuple[str, ...]) -> Draft:
    """The draft with values set in one document, in order."""
    from kops_pulumi.manifest import Set
    from kops_pulumi.spec.assign import assignments, holds

    title = draft.find(kind, name).title
    for setting in settings:
        data = _data(draft, kind, name)
        for found in assignments(setting, kind, data):
            if not holds(data, found):
                draft = draft.edited(Set(title, found.path, found.value))
    return draft


def removed(draft: Draft, kind: str, name: str, settings: tuple[str, ...]) -> Draft:
    """The draft with values taken out of one document."""
    from kops_pulumi.manifest import Unset
    from kops_pulumi.spec.assign import removals

    title = draft.find(kind, name).title
    for setting in settings:
        for path in removals(setting, kind, _data(draft, kind, name)):
            draft = draft.edited(Unset(title, path))
    return draft


def _data(draft: Draft, kind: str, name: str) -> dict[str, Any]:
    from kops_pulumi.spec.written import as_written

    return as_written(draft.find(kind, name))
