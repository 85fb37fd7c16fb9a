"""The one table of what is installed in clusters: versions, charts and images, for each Kubernetes minor.

`data/*.toml`: a row for each component, with the fields of `Pin`, and below `minor."1.36"` what is different for
that minor. Texts may have `{version}` in them (`{number}` without its v), so that a manifest's own version reaches the
images, and charts that have the software's version. Every row names its source. A row in force is never changed, for
then a new kops-pulumi would change clusters (decision 8): what is newer goes below `since."2027-02-01"`, for clusters
whose `kops.k8s.io/defaults-version` is that day or a later one. Read when the first pin is asked for; else pure.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kops_pulumi.resolve import versions

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec

OLDEST, NEWEST = 32, 37
"""Minors of Kubernetes 1 that have a table; older and newer ones get the nearest."""
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Pin:
    """What is installed of one component."""

    name: str
    version: str
    """Of the software, as its project writes it."""
    chart: str
    """The chart's name in its repository, or its whole `oci://` address; empty for manifests of our own."""
    repository: str
    """The chart's repository; empty for `oci://` charts and for manifests."""
    chart_version: str
    images: Mapping[str, str]
    """Full names with tags, by a short name."""

    @property
    def image(self) -> str:
        """The image that has the component's own name."""
        return self.images[self.name]


def of(full: FullSpec, name: str, *, version: str | None = None) -> Pin:
    """The component's pin for a cluster; `version` is the manifest's own choice of software."""
    cluster = full.cluster
    date = (cluster.metadata.annotations or {}).get(versions.DEFAULTS_VERSION) or versions.OLDEST_DEFAULTS
    return pin(name, cluster.spec.kubernetes_version or "", version=version, date=date)


def pin(name: str, kubernetes_version: str, *, version: str | None = None, date: str = versions.OLDEST_DEFAULTS) -> Pin:
    """The component's pin for a Kubernetes version (`1.36.0`) and the date of a cluster's defaults (`2026-11-01`).

    Raises KeyError for a component that no table has: a mistake of ours, never of a manifest.
    """
    row = table(_minor(kubernetes_version), date)[name]
    chosen = version or row["version"]
    texts = {key: _filled(str(row.get(key, "")), chosen) for key in ("chart", "repository", "chart_version")}
    images = {key: _filled(image, chosen) for key, image in sorted(row.get("images", {}).items())}
    return Pin(name, chosen, **texts, images=MappingProxyType(images))


def _filled(text: str, version: str) -> str:
    return text.replace("{version}", version).replace("{number}", version.removeprefix("v"))


def rows() -> Mapping[str, Mapping[str, Any]]:
    """Every row as it is written, by component."""
    return _rows()


def names() -> tuple[str, ...]:
    """Every component that has a row, sorted."""
    return tuple(sorted(_rows()))


@functools.cache
def table(minor: int, date: str = versions.OLDEST_DEFAULTS) -> Mapping[str, Mapping[str, Any]]:
    """The rows in force for one minor of Kubernetes 1 and one date."""
    return {name: _in_force(row, f"1.{minor}", date) for name, row in _rows().items()}


def _in_force(row: Mapping[str, Any], minor: str, date: str) -> Mapping[str, Any]:
    """The first row, then what came later, each with its own differences of the minor."""
    later = row.get("since", {})
    steps = [row, *(later[day] for day in sorted(later) if day <= date)]
    found: Mapping[str, Any] = {}
    for step in steps:
        for change in (step, step.get("minor", {}).get(minor, {})):
            found = {**found, **change, "images": {**found.get("images", {}), **change.get("images", {})}}
    return {key: value for key, value in found.items() if key not in ("minor", "since")}


def _minor(kubernetes_version: str) -> int:
    found = versions.parse(kubernetes_version)
    return min(max(found.minor, OLDEST), NEWEST) if found else NEWEST


@functools.cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    """Of all files; a name that two files have is a mistake."""
    rows: dict[str, Mapping[str, Any]] = {}
    for path in sorted(_DATA.glob("*.toml")):
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        twice = rows.keys() & found.keys()
        if twice:
            raise KeyError(f"{path.name} repeats {', '.join(sorted(twice))}")
        rows |= found
    return rows
