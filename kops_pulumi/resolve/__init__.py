"""Resolve: the user's manifest with every default filled in and every rule checked, all findings at once.

Stage three of the story: takes a `ParsedManifest` and a cloud's pure side, gives a `FullSpec`. Defaults and rules are
tables and small functions in `defaults/` and `validate/`; clouds, network plug-ins and add-ons come in as arguments, so
that nothing here imports to the right. The user's models are never changed: defaults go into copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kops_pulumi.errors import Finding, errors_in, in_reading_order
from kops_pulumi.resolve import defaults, validate
from kops_pulumi.resolve.full import FullSpec
from kops_pulumi.resolve.validate.plugins import chosen

if TYPE_CHECKING:
    from kops_pulumi.manifest import Manifest
    from kops_pulumi.plugins import AddOn, Cloud, Cni
    from kops_pulumi.spec import ParsedManifest

__all__ = ["FullSpec", "Resolution", "resolve"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What came of a manifest. `full` is there even when there are errors, for those who want to look at it."""

    full: FullSpec | None
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """No finding stops us."""
        return self.full is not None and not errors_in(self.findings)


def resolve(
    parsed: ParsedManifest,
    cloud: Cloud,
    *,
    force: bool = False,
    cni: Callable[[FullSpec], Cni] | None = None,
    addons: Iterable[AddOn] = (),
) -> Resolution:
    """Fill in defaults and check every rule. `force` allows Kubernetes versions newer than this tool.

    `cni` finds the manifest's network plug-in (`cni.for_spec`), `addons` are all there are (`addons.REGISTRY`): both
    add their own findings. Never raises for what a manifest says.
    """
    if parsed.found_cluster is None:
        return Resolution(None, ())
    full = _full(parsed, cloud)
    subject = validate.Subject(
        cluster=full.cluster,
        groups=full.groups,
        written=parsed.cluster,
        capabilities=cloud.capabilities,
        cloud=cloud.name,
        region=full.region,
        force=force,
        makes_ranges=cloud.capabilities.network_cidr or full.cloud_defaults.subnet_parent is not None,
        complete=sum(document.kind == "InstanceGroup" for document in parsed.manifest.documents) <= len(parsed.groups),
    )
    own = list(validate.check(subject))
    known = {(finding.document, finding.path) for finding in errors_in(own)}
    others = [
        finding
        for finding in _of_plugins(full, subject, cloud, cni, addons)
        if (finding.document, finding.path) not in known
    ]
    told = errors_in(parsed.findings)
    new = [finding for finding in dict.fromkeys([*own, *others]) if not any(_follows(finding, error) for error in told)]
    return Resolution(full, in_reading_order(_placed(finding, parsed.manifest) for finding in new))


def _full(parsed: ParsedManifest, cloud: Cloud) -> FullSpec:
    """Copies of the user's models with every default filled in."""
    cluster = parsed.cluster.model_copy(deep=True)
    groups = tuple(
        group.model_copy(deep=True) for group in sorted(parsed.groups, key=lambda group: group.metadata.name)
    )
    facts = defaults.Facts.of(cluster, cloud)
    defaults.apply(cluster, groups, facts)
    return FullSpec(
        cluster=cluster,
        groups=groups,
        ssh_keys=parsed.ssh_keys,
        objects=parsed.objects,
        keysets=parsed.keysets,
        cloud=cloud.name,
        region=cloud.region(cluster),
        cloud_defaults=facts.cloud,
        name_limits=cloud.name_limits,
    )


def _of_plugins(
    full: FullSpec,
    subject: validate.Subject,
    cloud: Cloud,
    cni: Callable[[FullSpec], Cni] | None,
    addons: Iterable[AddOn],
) -> Iterator[Finding]:
    """What the cloud, the network plug-in and the add-ons find; findings without a document are about the cluster."""
    found = list(cloud.validate(full))
    if cni is not None and len(chosen(subject)) == 1:
        found += cni(full).validate(full)
    for addon in addons:
        found += addon.validate(full)
    yield from (replace(f, document=f.document or f"Cluster/{subject.name}") for f in found)


def _follows(finding: Finding, error: Finding) -> bool:
    """A finding at or below a field that parsing already refused, or about what just holds it, says nothing new."""
    below = finding.path[: len(error.path)] == error.path
    return finding.document == error.document and len(error.path) > 1 and (below or finding.path == error.path[:-1])


def _placed(finding: Finding, manifest: Manifest) -> Finding:
    """The finding with its place in the user's files; of several documents with one name the last is meant."""
    documents = [document for document in manifest.documents if document.title == finding.document]
    location = documents[-1].locate(finding.path) if documents and finding.location is None else None
    return finding.at(location) if location else finding
