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
from kops_pulumi.errors import Finding, ManifestError, errors_in

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
    paths: Iterable[str | Path],
    overlays: Iterable[str | Path] = (),
    *,
    force: bool = False,
    ssh_public_keys: Sequence[str] = (),
) -> Planned:
    """Read manifests from files and plan the cluster. Raises ManifestError with all findings up to the failing stage.

    `force` accepts versions newer than this tool knows; `ssh_public_keys` are keys given beside the manifest.
    """
    return run(spec.parse(manifest.load(list(paths), list(overlays))), force=force, ssh_public_keys=ssh_public_keys)


def run(parsed: ParsedManifest, *, force: bool = False, ssh_public_keys: Sequence[str] = ()) -> Planned:
    """Plan an already parsed manifest."""
    _stop_on_errors(parsed.findings)
    cloud = clouds.get(parsed.cluster.spec.cloud_provider)
    resolution = resolve.resolve(_with_keys(parsed, ssh_public_keys), cloud, force=force)
    full = resolution.full
    findings = (*parsed.findings, *resolution.findings)
    if full is None:
        raise ManifestError(findings)
    _stop_on_errors(findings)
    planned = bootstrap.attach(plan.build(full, cloud, cni.for_spec(full), addons.enabled(full)), full)
    findings = (*findings, *bootstrap.oversized(planned, cloud.capabilities.user_data_limit))
    _stop_on_errors(findings)
    return Planned(full, planned, findings)


def _stop_on_errors(findings: Sequence[Finding]) -> None:
    if errors_in(findings):
        raise ManifestError(findings)


def _with_keys(parsed: ParsedManifest, public_keys: Sequence[str]) -> ParsedManifest:
    """The manifest with one SSHCredential more for each key given beside it."""
    added = tuple(
        spec.SSHCredential.model_validate({"metadata": {"name": "admin"}, "spec": {"publicKey": key}})
        for key in public_keys
    )
    return dataclasses.replace(parsed, ssh_keys=(*parsed.ssh_keys, *added)) if added else parsed
