"""Rotation of authorities and keys: `create`, `promote`, `distrust`, `trust` and `delete keypair`.

Each is one edit of a Keyset document (`plan/keysets.py` says what may be done); an update and a roll of the machines
follow each. The keys themselves are made by the update and live in the stack's encrypted state.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.complete import complete_keysets
from kops_pulumi.cli.editing import Work, edits
from kops_pulumi.cli.groups import end
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.errors import ExitCode, KopsError, NotFoundError

if TYPE_CHECKING:
    from kops_pulumi.draft import Draft

_HERE = "kops_pulumi.cli.keypairs"
_ALL = "all"
Step = Callable[[dict[str, Any]], dict[str, Any]]


def _group(name: str, summary: str, text: str) -> click.Group:
    verbs = {"keypair": Verb(f"{_HERE}:{name}_keypair", summary)}
    return LazyGroup(name, verbs=verbs, aliases={"keypairs": "keypair"}, help=text)


promote = _group("promote", "Let a newer key sign.", "Let a newer generation of a keyset sign.")
distrust = _group("distrust", "Accept older keys no more.", "Accept older generations of a keyset no more.")
trust = _group("trust", "Accept a distrusted key again.", "Accept a distrusted generation of a keyset again.")


@click.command()
@click.argument("keyset", metavar="{KEYSET|all}", shell_complete=complete_keysets)
@click.option("--primary", is_flag=True, help="Let it sign at once; for a key that nobody holds yet, or that leaked.")
@click.option("--cert", hidden=True)
@click.option("--key", hidden=True)
@edits()
def create(work: Work, keyset: str, primary: bool, cert: str | None, key: str | None) -> ExitCode:
    """Add a generation of an authority or key, the first step of a rotation: everybody trusts it, the old one signs.

    `all` means every authority and the service accounts' key. Then: update, roll the machines, `promote keypair`,
    update, roll, `distrust keypair`, update, roll; `export kubeconfig` after each step, for clients' trust changes too.
    """
    if cert or key:
        hint = "keys are made by the update; to bring your own CA, import it into the state (docs/rotation.md)"
        raise click.UsageError(f"--cert and --key are not taken: private keys live in encrypted state only; {hint}")
    from kops_pulumi.plan import keysets

    def step(spec: dict[str, Any]) -> dict[str, Any]:
        made = keysets.create(spec)
        return keysets.promote(made) if primary else made

    return work.finish(_stepped(work, keyset, step))


@click.command("keypair")
@click.argument("keyset", metavar="{KEYSET|all}", shell_complete=complete_keysets)
@click.argument("id_", metavar="[ID]", required=False)
@edits()
def promote_keypair(work: Work, keyset: str, id_: str | None) -> ExitCode:
    """Let a newer key sign; what the old one signed is still accepted. Without ID: the newest that is trusted."""
    from kops_pulumi.plan import keysets

    return work.finish(_stepped(work, keyset, lambda spec: keysets.promote(spec, id_)))


@click.command("keypair")
@click.argument("keyset", metavar="{KEYSET|all}", shell_complete=complete_keysets)
@click.argument("ids", metavar="[ID]...", nargs=-1)
@edits()
def distrust_keypair(work: Work, keyset: str, ids: tuple[str, ...]) -> ExitCode:
    """Accept keys no more. Without ID: all that are older than the one that signs.

    They are kept for the way back (`trust keypair`) until `delete keypair` removes them for good.
    """
    from kops_pulumi.plan import keysets

    at = datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")

    def step(spec: dict[str, Any]) -> dict[str, Any]:
        for id_ in ids or (None,):
            spec = keysets.distrust(spec, at, id_)
        return spec

    return work.finish(_stepped(work, keyset, step))


@click.command("keypair")
@click.argument("keyset", metavar="KEYSET", shell_complete=complete_keysets)
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@edits()
def trust_keypair(work: Work, keyset: str, ids: tuple[str, ...]) -> ExitCode:
    """Accept distrusted keys again: the way back from `distrust keypair`."""
    from kops_pulumi.plan import keysets

    def step(spec: dict[str, Any]) -> dict[str, Any]:
        for id_ in ids:
            spec = keysets.trust(spec, id_)
        return spec

    return work.finish(_stepped(work, keyset, step))


@click.command()
@click.argument("keyset", metavar="KEYSET", shell_complete=complete_keysets)
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Remove them; without, only tell what would go.")
@edits()
def delete(work: Work, keyset: str, ids: tuple[str, ...], yes: bool) -> ExitCode:
    """Remove distrusted keys that are older than the one that signs: the next update deletes them for good."""
    from kops_pulumi.plan import keysets

    def step(spec: dict[str, Any]) -> dict[str, Any]:
        for id_ in ids:
            spec = keysets.remove(spec, id_)
        return spec

    return end(work, _stepped(work, keyset, step), yes=yes)


def _stepped(work: Work, keyset: str, step: Step) -> Draft:
    """The draft with one step taken for a keyset, or for all that can take it."""
    from kops_pulumi.model import CertificateKind

    certificates = [c for c in work.planned().plan.certificates if c.kind is not CertificateKind.GIVEN]
    if keyset != _ALL:
        known = [certificate.key for certificate in certificates]
        if keyset not in known:
            raise NotFoundError(f"there is no keyset {keyset}", hint=f"there are: {', '.join(known)}")
        return _changed(work.draft, keyset, step)
    draft, refusals = work.draft, list[KopsError]()
    rotatable = [c.key for c in certificates if c.kind is not CertificateKind.SECRET_KEY]
    for name in rotatable:
        try:
            draft = _changed(draft, name, step)
        except KopsError as error:
            refusals.append(error)
    if len(refusals) == len(rotatable):
        raise refusals[0]
    return draft


def _changed(draft: Draft, keyset: str, step: Step) -> Draft:
    from kops_pulumi.manifest import Set
    from kops_pulumi.plan import keysets
    from kops_pulumi.spec.written import as_written

    if draft.has("Keyset", keyset):
        spec = as_written(draft.find("Keyset", keyset))["spec"]
        return draft.edited(Set(f"Keyset/{keyset}", ("spec",), step(spec)))
    return draft.with_document(
        {
            "apiVersion": "kops.k8s.io/v1alpha2",
            "kind": "Keyset",
            "metadata": {"name": keyset, "labels": {"kops.k8s.io/cluster": draft.find("Cluster").name}},
            "spec": step(dict(keysets.NEW)),
        }
    )
