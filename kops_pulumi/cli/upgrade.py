"""`upgrade cluster`: newer Kubernetes and images in the manifest; what else changes with them is shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kops_pulumi.cli.complete import complete_versions
from kops_pulumi.cli.editing import Work, edits
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.output import show_findings, styled, table
from kops_pulumi.cli.target import newer_allowed
from kops_pulumi.errors import ExitCode

if TYPE_CHECKING:
    from kops_pulumi.automation.upgrade import Proposal
    from kops_pulumi.draft import Draft
    from kops_pulumi.pipeline import Planned

_VERBS = {"cluster": Verb("kops_pulumi.cli.upgrade:cluster", "Move a manifest to a newer Kubernetes; --yes writes it.")}


@click.group(cls=LazyGroup, verbs=_VERBS, aliases={"clusters": "cluster"})
def upgrade() -> None:
    """Move a manifest to a newer Kubernetes."""


@click.command()
@edits(cluster=True)
@click.option(
    "--kubernetes-version",
    "wanted",
    metavar="VERSION",
    help="Where to go; by default the newest patch of this minor, else the next minor.",
    shell_complete=complete_versions,
)
@click.option("-y", "--yes", is_flag=True, help="Write the manifest, after showing what changes.")
def cluster(work: Work, wanted: str | None, yes: bool) -> ExitCode:
    """Move a manifest to a newer Kubernetes, one minor at a time, and its images and add-ons with it.

    Shows what would be written, which add-ons and defaults change with it, and what the new version no longer has. Only
    the manifest changes; `reconcile cluster` (or update and rolling-update) brings the cluster there.
    """
    from kops_pulumi.automation import upgrade as upgrades

    before = work.planned()
    found = upgrades.proposals(before, wanted)
    if not found:
        click.echo(f"Nothing to upgrade: {work.name} has the newest versions this tool knows.", err=True)
        return ExitCode.OK
    draft = work.draft.edited(*(proposal.edit for proposal in found))
    after = draft.check(force=newer_allowed())
    if work.dry_run:
        return work.finish(draft)
    _show(found, before, after)
    gone = upgrades.removed_apis(after)
    for line in gone:
        click.echo(f"{styled('error:', 'red', err=True)} {line}", err=True)
    if gone:
        click.echo("Nothing has been written: move these objects to a newer apiVersion first.", err=True)
        return ExitCode.FINDINGS
    return _write(work, draft, yes=yes)


def _write(work: Work, draft: Draft, *, yes: bool) -> ExitCode:
    if not yes:
        click.echo("Nothing has been written; --yes writes the manifest.", err=True)
        return ExitCode.OK
    code = work.finish(draft)
    click.echo(f"bring the cluster there: kops-pulumi reconcile cluster {work.name}", err=True)
    return code


def _show(found: tuple[Proposal, ...], before: Planned, after: Planned) -> None:
    from kops_pulumi.automation import upgrade as upgrades

    rows = [(item.item, ".".join(map(str, item.path)), item.old, item.new) for item in found]
    click.echo(table(("ITEM", "PROPERTY", "OLD", "NEW"), rows))
    if changed := upgrades.effects(before, after):
        click.echo("\nWith it changes")
        click.echo(table(("WHAT", "NAME", "OLD", "NEW"), [(e.what, e.name, e.old, e.new) for e in changed]))
    old = {str(finding) for finding in before.findings}
    show_findings([finding for finding in after.findings if str(finding) not in old])
