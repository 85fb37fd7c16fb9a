"""The one table of what is installed in clusters: versions, charts and images, for each Kubernetes minor.

`data/*.toml`: a row for each component, with the fields of `Pin`, and below `minor."1.36"` what is different for
that minor. Texts may have `{version}` in them, so that a manifest's own version reaches the images too. Every row
names its source. Read when the first pin is asked for; pure but for that.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import semver

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


def pin(name: str, kubernetes_version: str, *, version: str | None = None) -> Pin:
    """The component's pin for a Kubernetes version (`1.36.0`); `version` is the manifest's own choice of software.

    Raises KeyError for a component that no table has: a mistake of ours, never of a manifest.
    """
    row = table(_minor(kubernetes_version))[name]
    chosen = version or row["version"]
    texts = {key: str(row.get(key, "")).replace("{version}", chosen) for key in ("chart", "repository")}
    images = {key: image.replace("{version}", chosen) for key, image in sorted(row.get("images", {}).items())}
    return Pin(name, chosen, **texts, chart_version=row.get("chart_version", ""), images=MappingProxyType(images))


def names() -> tuple[str, ...]:
    """Every component that has a row, sorted."""
    return tuple(sorted(_rows()))


@functools.cache
def table(minor: int) -> Mapping[str, Mapping[str, Any]]:
    """The rows in force for one minor of Kubernetes 1."""
    return {name: _merged(row, row.get("minor", {}).get(f"1.{minor}", {})) for name, row in _rows().items()}


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> Mapping[str, Any]:
    images = {**base.get("images", {}), **change.get("images", {})}
    return {**base, **change, "images": images}


def _minor(kubernetes_version: str) -> int:
    return min(max(semver.Version.parse(kubernetes_version).minor, OLDEST), NEWEST)


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
