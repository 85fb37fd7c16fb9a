"""What an upgrade of a cluster changes in its manifest, and what that changes besides. Pure.

Kubernetes climbs to the newest patch of its own minor that is pinned (`bootstrap/data/assets.toml`), else to that of
the next one; it never skips a minor. Images that were this tool's default once become today's; others are the user's
own and stay. Add-ons follow the table by themselves, so their versions are compared, not edited.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import semver

from kops_pulumi import clouds
from kops_pulumi.bootstrap import assets
from kops_pulumi.errors import KeyPath, KopsError
from kops_pulumi.manifest import Set
from kops_pulumi.model import Manifest
from kops_pulumi.resolve import versions

if TYPE_CHECKING:
    from kops_pulumi.pipeline import Planned

REMOVED_APIS: Final[Mapping[tuple[str, str], int]] = {
    ("policy/v1beta1", "PodSecurityPolicy"): 25,
    ("policy/v1beta1", "PodDisruptionBudget"): 25,
    ("batch/v1beta1", "CronJob"): 25,
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): 25,
    ("events.k8s.io/v1beta1", "Event"): 25,
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): 25,
    ("node.k8s.io/v1beta1", "RuntimeClass"): 25,
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): 26,
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"): 26,
    ("flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration"): 26,
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity"): 27,
    ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema"): 29,
    ("flowcontrol.apiserver.k8s.io/v1beta2", "PriorityLevelConfiguration"): 29,
    ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"): 32,
    ("flowcontrol.apiserver.k8s.io/v1beta3", "PriorityLevelConfiguration"): 32,
}
"""(apiVersion, kind) → the first minor that no longer serves it:
https://kubernetes.io/docs/reference/using-api/deprecation-guide/."""
_VERSION: Final[KeyPath] = ("spec", "kubernetesVersion")
_DATE: Final[KeyPath] = ("metadata", "annotations", versions.DEFAULTS_VERSION)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One value of the manifest that an upgrade changes."""

    item: str
    """`Cluster`, or `InstanceGroup/<name>`."""
    path: KeyPath
    old: str
    new: str

    @property
    def edit(self) -> Set:
        """The same as an edit of the manifest."""
        return Set(self.item, self.path, self.new)


@dataclass(frozen=True, slots=True)
class Effect:
    """Something else that changes with it."""

    what: str
    name: str
    old: str
    new: str


def target(current: str, wanted: str | None) -> str:
    """The Kubernetes version to go to; the current one when it is the newest there is.

    Raises KopsError for a version that cannot be read, that is older, or that would skip a minor.
    """
    now = versions.parse(current)
    if now is None:
        raise KopsError(f"{current!r} is not a Kubernetes version", hint="mend spec.kubernetesVersion first")
    if wanted is not None:
        goal = versions.parse(wanted)
        if goal is None:
            raise KopsError(f"{wanted!r} is not a Kubernetes version", hint=f"write it like 1.{now.minor}.1")
        if problem := versions.upgrade_problem(now, goal):
            raise KopsError(problem, hint="upgrade one minor at a time, each with update and rolling-update")
        if goal < now:
            raise KopsError(f"{wanted} is older than {current}", hint="give the newer version, or none")
        return wanted.removeprefix("v")
    patch = recommended(now.minor)
    if patch is not None and patch > now:
        return str(patch)
    following = recommended(now.minor + 1)
    return str(following) if following else str(now)


def recommended(minor: int) -> semver.Version | None:
    """The newest patch of a minor whose programs are pinned; None when there is none."""
    if minor > versions.newest_minor():
        return None
    known = (semver.Version.parse(text) for text in assets.digests()["kubernetes"])
    return max((version for version in known if version.minor == minor), default=None)


def proposals(planned: Planned, wanted: str | None) -> tuple[Proposal, ...]:
    """Everything that an upgrade changes in the manifest, the cluster first."""
    spec = planned.full.cluster.spec
    current = str(spec.kubernetes_version)
    goal = target(current, wanted)
    found = [Proposal("Cluster", _VERSION, current, goal)] if goal != current.removeprefix("v") else []
    date = (planned.full.cluster.metadata.annotations or {}).get(versions.DEFAULTS_VERSION, versions.OLDEST_DEFAULTS)
    if date < versions.NEWEST_DEFAULTS:
        found.append(Proposal("Cluster", _DATE, str(date), versions.NEWEST_DEFAULTS))
    return (*found, *_images(planned))


def _images(planned: Planned) -> Iterator[Proposal]:
    """Groups whose image was a default of an earlier day."""
    cloud = clouds.get(planned.full.cloud)
    newest = cloud.defaults(versions.NEWEST_DEFAULTS).image
    earlier = {cloud.defaults(date).image for date in versions.all_dates()} - {newest}
    for group in planned.full.groups:
        image = group.spec.image or ""
        if image in earlier and newest:
            yield Proposal(f"InstanceGroup/{group.metadata.name}", ("spec", "image"), image, newest)


def effects(before: Planned, after: Planned) -> tuple[Effect, ...]:
    """What changes besides: add-ons, and defaults that the manifest does not say."""
    return (*_addons(before, after), *_defaults(before, after))


def _addons(before: Planned, after: Planned) -> Iterator[Effect]:
    old = {item.name: item.version for item in before.plan.deliveries}
    new = {item.name: item.version for item in after.plan.deliveries}
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield Effect("add-on", name, old.get(name) or "-", new.get(name) or "-")


def _defaults(before: Planned, after: Planned) -> Iterator[Effect]:
    old, new = (_flat(found.full.cluster.spec.model_dump(by_alias=True, mode="json")) for found in (before, after))
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path) and path != "kubernetesVersion":
            yield Effect("default", f"spec.{path}", _text(old.get(path)), _text(new.get(path)))


def _flat(data: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(data, dict):
        return {
            k: v for key, value in data.items() for k, v in _flat(value, f"{prefix}.{key}" if prefix else key).items()
        }
    if isinstance(data, list):
        return {k: v for at, value in enumerate(data) for k, v in _flat(value, f"{prefix}[{at}]").items()}
    return {} if data is None else {prefix: data}


def _text(value: Any) -> str:
    return "-" if value is None else str(value)


def removed_apis(planned: Planned) -> tuple[str, ...]:
    """Objects of the manifest that the plan's Kubernetes no longer serves, a sentence each."""
    version = versions.parse(planned.plan.kubernetes_version)
    minor = version.minor if version else versions.newest_minor()
    documents = [
        (f"add-on {item.name}: ", document)
        for item in planned.plan.deliveries
        if isinstance(item.source, Manifest)
        for document in item.source.documents
    ]
    objects = [("", item) for item in planned.full.objects]
    return tuple(
        dict.fromkeys(_gone(where, item, minor) for where, item in (*objects, *documents) if _is_gone(item, minor))
    )


def _is_gone(item: Mapping[str, Any], minor: int) -> bool:
    first = REMOVED_APIS.get((str(item.get("apiVersion")), str(item.get("kind"))))
    return first is not None and minor >= first


def _gone(where: str, item: Mapping[str, Any], minor: int) -> str:
    name = (item.get("metadata") or {}).get("name", "")
    return f"{where}{item['kind']} {name}: Kubernetes 1.{minor} has no {item['apiVersion']} of it any more"
