"""The resolved manifest: what `resolve` hands to `plan`. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kops_pulumi.plugins import CloudDefaults
    from kops_pulumi.spec import Cluster, InstanceGroup, Keyset, SSHCredential


@dataclass(frozen=True, slots=True)
class FullSpec:
    """The user's cluster with every default filled in and every rule checked."""

    cluster: Cluster
    groups: tuple[InstanceGroup, ...]
    """Sorted by name."""
    ssh_keys: tuple[SSHCredential, ...]
    objects: tuple[Mapping[str, Any], ...]
    """Extra Kubernetes objects and KubeSchedulerConfigurations of the same file, as they are."""
    cloud: str
    region: str
    cloud_defaults: CloudDefaults
    name_limits: Mapping[str, int] = field(default_factory=dict)
    """The cloud's longest physical name by kind of resource."""
    keysets: tuple[Keyset, ...] = ()
    """How far rotations of authorities and keys have come; the others were never rotated."""
