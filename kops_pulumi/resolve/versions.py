"""Which Kubernetes versions we build, with which components, and how far parts of a cluster may be apart.

Everything is data: a row per Kubernetes minor, and dated rows for what does not follow Kubernetes (decision 8: a
cluster keeps the row of its `kops.k8s.io/defaults-version`, so that a tool upgrade is an empty preview). Pure
functions over versions; this module must not read manifests or know clouds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import semver

import kops_pulumi
from kops_pulumi.errors import Finding, Severity

T = TypeVar("T")

DEFAULTS_VERSION = "kops.k8s.io/defaults-version"
"""The annotation of a Cluster that dates its defaults."""
OLDEST_DEFAULTS = "2026-11-01"
"""The first row of every dated table; manifests without the annotation (all of kops's) stay on it for ever."""
NEWEST_DEFAULTS = OLDEST_DEFAULTS
"""The newest row of any dated table: what a new cluster's annotation gets."""

VERSION_PATH = ("spec", "kubernetesVersion")
SUPPORTED_MINORS = 3
"""Upstream maintains three minors: https://kubernetes.io/releases/version-skew-policy/#supported-versions."""
OLDEST_ACCEPTED_MINOR = 32
"""What kops 1.37 still accepts; its users' manifests load, with a warning."""


@dataclass(frozen=True, slots=True)
class Components:
    """Versions of what is installed beside one Kubernetes minor; with a leading `v` where its project writes one."""

    etcd: str
    containerd: str
    runc: str
    cni_plugins: str
    crictl: str
    pause: str
    cluster_autoscaler: str


_ETCD = {32: "3.5.31", 33: "3.5.31", 34: "3.6.12", 35: "3.6.12", 36: "3.6.12", 37: "3.7.0"}
"""What Kubernetes's own tests run with; a minor of etcd may only be climbed one by one:
https://etcd.io/docs/latest/upgrades/."""
_CLUSTER_AUTOSCALER = {32: "1.32.7", 33: "1.33.4", 34: "1.34.3", 35: "1.35.0", 36: "1.36.0", 37: "1.36.0"}
"""The autoscaler simulates its own minor's scheduler: https://github.com/kubernetes/autoscaler#releases. None for 1.37
yet."""

_RUNTIME = {
    OLDEST_DEFAULTS: {
        # The first containerd line with configuration version 4; needs runc 1.4: https://containerd.io/releases/.
        "containerd": "2.3.4",
        "runc": "1.4.3",
        # https://github.com/containernetworking/plugins/releases
        "cni_plugins": "v1.7.1",
        # The sandbox image kubeadm 1.32-1.37 accept without a warning.
        "pause": "3.10.1",
    }
}
"""Dated: these do not depend on the Kubernetes minor."""

_LOOSE = re.compile(r"^v?(?P<major>\d+)\.(?P<minor>\d+)(?P<rest>\.\d+.*)?$")
_IN_URL = re.compile(r"/v?(\d+\.\d+\.\d+[^/]*)")
_NO_PATCH = re.compile(r"^v?\d+\.\d+$")


def newest_minor() -> int:
    """The newest Kubernetes minor we build: our own minor (decision 18)."""
    return int(kops_pulumi.__version__.split(".")[1])


def parse(text: str) -> semver.Version | None:
    """`v1.32.0`, `1.32`, `1.36.0-rc.1` or the URL of a build as a version; None when it is none of these."""
    if "://" in text and (found := _IN_URL.search(text)):
        text = found.group(1)
    match = _LOOSE.match(text.strip())
    if not match:
        return None
    candidate = f"{match['major']}.{match['minor']}{match['rest'] or '.0'}"
    return semver.Version.parse(candidate) if semver.Version.is_valid(candidate) else None


def dated(table: Mapping[str, T], date: str) -> T:
    """The row in force at an ISO date: the latest that is not after it, else the oldest."""
    return table[max((row for row in table if row <= date), default=min(table))]


def all_dates() -> tuple[str, ...]:
    """Every date on which some default changed, oldest first."""
    return tuple(sorted({OLDEST_DEFAULTS, NEWEST_DEFAULTS, *_RUNTIME}))


def components(version: semver.Version, date: str) -> Components:
    """What goes with a Kubernetes version; a minor beyond the tables gets their newest row."""
    minor = min(max(version.minor, min(_ETCD)), max(_ETCD))
    return Components(
        etcd=_ETCD[minor],
        cluster_autoscaler=_CLUSTER_AUTOSCALER[minor],
        # One crictl minor per Kubernetes minor: https://github.com/kubernetes-sigs/cri-tools#compatibility-matrix.
        crictl=f"v1.{minor}.0",
        **dated(_RUNTIME, date),
    )


def check_kubernetes(text: str, *, force: bool = False) -> list[Finding]:
    """Whether we build this Kubernetes version: refuses too old and (unless forced) too new ones, warns of old ones."""
    version = parse(text)
    newest = newest_minor()
    oldest_supported = newest - SUPPORTED_MINORS + 1
    choice = f"use 1.{oldest_supported} to 1.{newest}"
    if version is None:
        return [Finding(VERSION_PATH, f"{text!r} is not a Kubernetes version", f"write it like 1.{newest}.0")]
    short = f"{version.major}.{version.minor}"
    if version.major != 1 or version.minor > newest:
        severity = Severity.WARNING if force and version.major == 1 else Severity.ERROR
        message = f"Kubernetes {short} is newer than this kops-pulumi knows (1.{newest})"
        hint = f"{choice}, upgrade kops-pulumi, or give --allow-newer-kubernetes"
        return [Finding(VERSION_PATH, message, hint, severity)]
    if version.minor < OLDEST_ACCEPTED_MINOR:
        return [
            Finding(
                VERSION_PATH, f"Kubernetes {short} is too old: 1.{OLDEST_ACCEPTED_MINOR} is the oldest accepted", choice
            )
        ]
    if version.minor < oldest_supported:
        message = f"Kubernetes {short} gets no fixes upstream any more"
        return [Finding(VERSION_PATH, message, f"upgrade one minor at a time; {choice}", Severity.WARNING)]
    if _NO_PATCH.match(text.strip()):
        message = f"{text} names no patch release, so {version} is built"
        return [Finding(VERSION_PATH, message, f"write the patch release you want, like {version}", Severity.WARNING)]
    return []


# The skew policy: https://kubernetes.io/releases/version-skew-policy/. Each function gives the conflict in words, or
# None.

KUBELET_BEHIND = 3
"""A kubelet may be up to three minors older than its API server."""


def kubelet_problem(api_server: semver.Version, kubelet: semver.Version) -> str | None:
    """A kubelet is never newer than the API server it talks to, nor more than three minors older."""
    if (kubelet.major, kubelet.minor) > (api_server.major, api_server.minor):
        return f"a kubelet of {kubelet} is newer than its API server {api_server}"
    if api_server.minor - kubelet.minor > KUBELET_BEHIND:
        return f"a kubelet of {kubelet} is more than {KUBELET_BEHIND} minors older than its API server {api_server}"
    return None


def api_servers_problem(versions: Iterable[semver.Version]) -> str | None:
    """API servers of one cluster are at most one minor apart."""
    ordered = sorted(versions)
    if ordered and ordered[-1].minor - ordered[0].minor > 1:
        return f"API servers of {ordered[0]} and {ordered[-1]} are more than one minor apart"
    return None


def upgrade_problem(current: semver.Version, target: semver.Version) -> str | None:
    """An upgrade climbs one minor at most, and never goes back a minor."""
    if target.minor - current.minor > 1:
        return f"from {current} to {target} would skip a minor: 1.{current.minor + 1} comes first"
    if target.minor < current.minor:
        return f"from {current} back to {target}: Kubernetes cannot go back a minor"
    return None
