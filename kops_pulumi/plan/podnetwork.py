"""The pod network of a plan against the one that a stack has recorded: what would change, and whether it may.

Nothing of it happens silently: a change that the plug-in has a way for is refused with its steps until the manifest
accepts it by name, and all others are refused with the way around. Once the change is recorded, the acceptance means
nothing any more and can go. Pure; the plug-in says what it knows (`Cni.settled`, `Cni.migrations`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kops_pulumi.errors import KopsError
from kops_pulumi.model import PodNetwork

if TYPE_CHECKING:
    from kops_pulumi.plugins import Cni
    from kops_pulumi.resolve import FullSpec

ACCEPT = "kops.k8s.io/accept-network-change"
"""The annotation of a Cluster that names the changes its author wants, separated by commas."""
PLUGIN, PODS = "plugin", "podCIDR"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be different."""

    what: str
    """`plugin`, or a setting."""
    old: str
    new: str
    steps: tuple[str, ...]
    """How to get there; empty where there is no way within this cluster."""

    def __str__(self) -> str:
        return f"{self.what}: {self.old} to {self.new}"


def plan(full: FullSpec, cni: Cni) -> PodNetwork:
    """What the stack will record."""
    spec, annotations = full.cluster.spec, full.cluster.metadata.annotations or {}
    pods = {PODS: spec.pod_cidr} if spec.pod_cidr else {}
    accepted = (part.strip() for part in annotations.get(ACCEPT, "").split(","))
    return PodNetwork(cni.key, {**cni.settled(full), **pods}, tuple(part for part in accepted if part))


def changes(recorded: Mapping[str, Any] | None, wanted: PodNetwork, cni: Cni) -> Iterator[Change]:
    """What an update would change of a recorded network; a setting that was never recorded is no change."""
    if not recorded:
        return
    ways = {migration.change: migration.steps for migration in cni.migrations}
    if recorded["plugin"] != wanted.plugin:
        yield Change(PLUGIN, str(recorded["plugin"]), wanted.plugin, ways.get(str(recorded["plugin"]), ()))
        return
    before: Mapping[str, str] = recorded.get("settings") or {}
    for key, new in sorted(wanted.settings.items()):
        if key in before and before[key] != new:
            yield Change(key, before[key], new, ways.get(key, ()))


def check(recorded: Mapping[str, Any] | None, wanted: PodNetwork, cni: Cni) -> None:
    """Raise KopsError for every change that has no way, or that nobody has accepted yet."""
    found = list(changes(recorded, wanted, cni))
    refused = [change for change in found if not change.steps]
    open_ = [change for change in found if change.steps and str(change) not in wanted.accepted]
    if refused:
        lines = "\n  ".join(map(str, refused))
        hint = (
            "create a second cluster with the network you want and move the workloads, or take the change back; "
            "docs/networking.md says why"
        )
        raise KopsError(f"a live cluster's network cannot be changed like this:\n  {lines}", hint=hint)
    if open_:
        steps = "\n".join(f"  {change}\n{_numbered(change.steps)}" for change in open_)
        accept = ", ".join([*wanted.accepted, *map(str, open_)])
        hint = f"when all is prepared, accept it in the Cluster's metadata.annotations: {ACCEPT}: '{accept}'"
        raise KopsError(f"the cluster is live, and this changes its network:\n{steps}", hint=hint)


def _numbered(steps: tuple[str, ...]) -> str:
    return "\n".join(f"    {number}. {step}" for number, step in enumerate(steps, 1))
