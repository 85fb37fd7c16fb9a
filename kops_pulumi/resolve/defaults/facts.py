"""What the defaults depend on besides the manifest: the cloud, the version, the date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import semver

from kops_pulumi.resolve import versions

if TYPE_CHECKING:
    from kops_pulumi.plugins import Capabilities, Cloud, CloudDefaults
    from kops_pulumi.spec import Cluster

FALLBACK_VERSION = semver.Version(1, versions.newest_minor(), 0)
"""Used for the other defaults when the manifest's version cannot be read (validation reports that)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Inputs of every section of defaults."""

    name: str
    """The cluster's."""
    date: str
    """ISO date of the rows in force."""
    version: semver.Version
    components: versions.Components
    capabilities: Capabilities
    cloud: CloudDefaults

    @classmethod
    def of(cls, cluster: Cluster, cloud: Cloud) -> Facts:
        """The facts for one manifest."""
        date = str((cluster.metadata.annotations or {}).get(versions.DEFAULTS_VERSION, versions.OLDEST_DEFAULTS))
        version = versions.parse(cluster.spec.kubernetes_version or "") or FALLBACK_VERSION
        components = versions.components(version, date)
        return cls(cluster.metadata.name or "", date, version, components, cloud.capabilities, cloud.defaults(date))
