"""Rotation of authorities and keys, as plan data: generations that are created, promoted and distrusted.

A keyset that was never rotated has one generation and no document. Rotation writes a Keyset document into the manifest
and goes in three steps, each followed by an update and a roll of the machines:

    create    a new generation; everybody trusts both, the old one signs
    promote   the new one signs; what the old one signed is still accepted
    distrust  only the new one is accepted; the old key is kept for the way back until it is removed

Every step can be taken back as long as the next one has not been taken. The functions below take and give the `spec`
of a Keyset document (docs/adr/0016); they refuse what would leave a client or server without trust. Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from kops_pulumi.errors import Finding, KopsError, ManifestError
from kops_pulumi.model import Generation, Trust
from kops_pulumi.spec.base import plain

if TYPE_CHECKING:
    from kops_pulumi.spec import Keyset

Spec: TypeAlias = Mapping[str, Any]
"""`spec` of a Keyset document: `primaryID`, `keys: [{id, distrustTimestamp?}]`."""

NEW: Spec = {"primaryID": "1", "keys": [{"id": "1"}]}
"""What the manifest means when it says nothing of a keyset."""


def create(spec: Spec) -> dict[str, Any]:
    """With one more generation: trusted, not yet signing."""
    changed = _copy(spec)
    newest = max(int(key["id"]) for key in changed["keys"])
    changed["keys"].append({"id": str(newest + 1)})
    return changed


def promote(spec: Spec, id_: str | None = None) -> dict[str, Any]:
    """With another primary: `id_`, or the newest trusted generation after the present primary."""
    trusted = [key["id"] for key in spec["keys"] if "distrustTimestamp" not in key]
    newer = [key for key in trusted if int(key) > int(spec["primaryID"])]
    if id_ is None and not newer:
        raise KopsError("there is no newer key to promote", hint="make one with `create keypair` first")
    chosen = id_ if id_ is not None else max(newer, key=int)
    if chosen not in trusted:
        raise KopsError(f"the key {chosen} is not there or distrusted", hint=f"trusted: {', '.join(trusted)}")
    return {**_copy(spec), "primaryID": chosen}


def distrust(spec: Spec, at: str, id_: str | None = None) -> dict[str, Any]:
    """Without trust in `id_`, or in everything older than the primary; `at` is the time to write down (RFC 3339)."""
    primary = spec["primaryID"]
    if id_ == primary:
        raise KopsError(f"the key {id_} is the primary and signs", hint="promote another one first")
    wanted = [key["id"] for key in spec["keys"] if (key["id"] == id_ if id_ else int(key["id"]) < int(primary))]
    if not wanted:
        said = f"there is no key {id_}" if id_ else "no key is older than the primary"
        raise KopsError(said, hint=f"keys: {', '.join(key['id'] for key in spec['keys'])}")
    changed = _copy(spec)
    for key in changed["keys"]:
        if key["id"] in wanted:
            key.setdefault("distrustTimestamp", at)
    return changed


def trust(spec: Spec, id_: str) -> dict[str, Any]:
    """With trust in a distrusted generation again: the way back."""
    changed = _copy(spec)
    found = [key for key in changed["keys"] if key["id"] == id_]
    if not found:
        raise KopsError(f"there is no key {id_}", hint=f"keys: {', '.join(key['id'] for key in spec['keys'])}")
    found[0].pop("distrustTimestamp", None)
    return changed


def remove(spec: Spec, id_: str) -> dict[str, Any]:
    """Without a distrusted generation: its key is deleted for good.

    Only what is older than the primary can go, so that no later generation ever gets the same number.
    """
    gone = [key for key in spec["keys"] if key["id"] == id_]
    if not gone or "distrustTimestamp" not in gone[0] or int(id_) > int(spec["primaryID"]):
        raise KopsError(f"the key {id_} cannot be removed", hint="only distrusted keys older than the primary can")
    changed = _copy(spec)
    changed["keys"] = [key for key in changed["keys"] if key["id"] != id_]
    return changed


def generations(spec: Spec) -> tuple[Generation, ...]:
    """The generations that a spec says, oldest first."""
    return tuple(Generation(key["id"], _trust(key, spec["primaryID"])) for key in spec["keys"])


def of(documents: Iterable[Keyset], known: Iterable[str]) -> dict[str, tuple[Generation, ...]]:
    """Generations by keyset from a manifest's documents; ManifestError for those that make no sense."""
    names = sorted(known)
    found: dict[str, tuple[Generation, ...]] = {}
    findings: list[Finding] = []
    for document in documents:
        name, spec = document.metadata.name, plain(document.spec)
        problem = _problem(name, spec, names)
        if problem:
            path, message, hint = problem
            findings.append(Finding(path, message, hint, document=f"Keyset/{name}"))
        else:
            found[name] = generations(spec)
    if findings:
        raise ManifestError(findings)
    return found


def _problem(name: str, spec: Spec, names: list[str]) -> tuple[tuple[str, ...], str, str] | None:
    ids = [key["id"] for key in spec["keys"]]
    primary = next((key for key in spec["keys"] if key["id"] == spec["primaryID"]), None)
    if name not in names:
        return ("metadata", "name"), f"this cluster has no keyset {name!r}", f"there are: {', '.join(names)}"
    if len(set(ids)) < len(ids) or ids != sorted(ids, key=int):
        return ("spec", "keys"), "ids must be different and in the order of the keys", "oldest first"
    if primary is None:
        return ("spec", "primaryID"), f"there is no key {spec['primaryID']!r}", f"keys: {', '.join(ids)}"
    if "distrustTimestamp" in primary:
        return ("spec", "primaryID"), "the primary is distrusted: nobody would accept what it signs", "trust it again"
    return None


def _trust(key: Mapping[str, Any], primary: str) -> Trust:
    if key["id"] == primary:
        return Trust.PRIMARY
    return Trust.DISTRUSTED if "distrustTimestamp" in key else Trust.TRUSTED


def _copy(spec: Spec) -> dict[str, Any]:
    return copy.deepcopy(dict(spec))
