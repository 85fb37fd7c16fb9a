"""The one place that runs the stages in order: manifest → spec → resolve → plan → bootstrap.

Everything that needs a plan (the program every stack runs, the commands, tests) calls `load`. Findings of all stages
are collected; errors stop the pipeline after the stage that found them. No stage imports pulumi or touches a cloud.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kops_pulumi import addons, bootstrap, clouds, cni, manifest, plan, resolve, spec
from kops_pulumi.errors import Finding, ManifestError, errors_in, in_reading_order
from kops_pulumi.plan import custom

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import ParsedManifest

__all__ = ["Planned", "load", "run"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A manifest's way through the stages: every default filled in, the plan, and what is doubtful (warnings)."""

    full: FullSpec
    plan: ClusterPlan
    findings: tuple[Finding, ...]


def load(
    paths: str | Path | Iterable[str | Path],
    overlays: str | Path | Iterable[str | Path] = (),
    *,
    force: bool = False,
    ssh_public_keys: Sequence[str] = (),
) -> Planned:
    """Read a manifest, of one file or several, and plan the cluster; ManifestError has all findings up to then.

    `force` accepts versions newer than this tool knows; `ssh_public_keys` count when the manifest has no SSHCredential.
    """
    parsed = spec.parse(manifest.load(_files(paths), _files(overlays)))
    return run(parsed, force=force, ssh_public_keys=ssh_public_keys)


def _files(given: str | Path | Iterable[str | Path]) -> list[str | Path]:
    """One path may stand for a list of one: a string would otherwise be read letter by letter."""
    return [given] if isinstance(given, str | Path) else list(given)


def run(parsed: ParsedManifest, *, force: bool = False, ssh_public_keys: Sequence[str] = ()) -> Planned:
    """Plan an already parsed manifest."""
    parsed = _with_keys(parsed, ssh_public_keys)
    cloud = clouds.get(parsed.cluster.spec.cloud_provider)
    resolution = resolve.resolve(parsed, cloud, force=force, cni=cni.for_spec, addons=addons.REGISTRY)
    findings = in_reading_order([*parsed.findings, *resolution.findings])
    files, missing = _texts(parsed)
    findings = in_reading_order([*findings, *missing])
    full = resolution.full
    if full is None or errors_in(findings):
        raise ManifestError(findings)
    try:
        bare = plan.build(full, cloud, cni.for_spec(full), addons.enabled(full), files)
    except ManifestError as error:
        raise ManifestError((*findings, *(_placed(finding, parsed) for finding in error.findings))) from None
    nodes = bootstrap.machines(bare, full, cloud)
    findings = _with(findings, bootstrap.findings(nodes, full), parsed)
    planned = bootstrap.attach(bare, full, nodes)
    findings = _with(findings, bootstrap.oversized(planned, cloud.capabilities.user_data_limit), parsed)
    findings = _with(findings, bootstrap.undeliverable(planned, cloud.capabilities.delivery_limit), parsed)
    return Planned(full, planned, findings)


def _with(known: Sequence[Finding], further: Iterable[Finding], parsed: ParsedManifest) -> tuple[Finding, ...]:
    """All findings, the further ones with their place; ManifestError when there are errors among them."""
    findings = (*known, *(_placed(finding, parsed) for finding in further))
    if errors_in(findings):
        raise ManifestError(findings)
    return findings


def _texts(parsed: ParsedManifest) -> tuple[dict[str, str], list[Finding]]:
    """The files that the cluster's document names, read beside it (or beside the overlay that names them), and a
    finding for each that cannot be read.
    """
    document = parsed.document(parsed.cluster)
    texts, findings = dict[str, str](), list[Finding]()
    for path, name in custom.paths(parsed.cluster.spec):
        place = document.locate(path) if document else None
        beside = Path(place.file).parent if place else Path()
        try:
            texts[name] = (beside / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            hint = f"paths start from the directory of the file that names them, {beside}"
            findings.append(_placed(Finding(path, f"cannot read {name}: {reason}", hint), parsed))
    return texts, findings


def _placed(finding: Finding, parsed: ParsedManifest) -> Finding:
    """A finding of a later stage with its document and its place in the user's file."""
    title = finding.document or f"Cluster/{parsed.cluster.metadata.name}"
    document = parsed.manifest.get(*title.split("/", 1))
    location = document.locate(finding.path) if document else None
    return dataclasses.replace(finding, document=title, location=location)


def _with_keys(parsed: ParsedManifest, public_keys: Sequence[str]) -> ParsedManifest:
    """The manifest with an SSHCredential for each key given beside it, unless it has some of its own."""
    if parsed.ssh_keys:
        return parsed
    added = tuple(
        spec.SSHCredential.model_validate(
            {
                "apiVersion": "kops.k8s.io/v1alpha2",
                "kind": "SSHCredential",
                "metadata": {"name": "admin"},
                "spec": {"publicKey": key},
            }
        )
        for key in public_keys
    )
    return dataclasses.replace(parsed, ssh_keys=added)
