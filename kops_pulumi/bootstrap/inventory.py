"""Everything that a cluster fetches: images, charts, files; each with its publisher, its mirror and its digest.

For `get assets` and for filling mirrors. Publishers' addresses come from a second look at the same manifest without its
`assets`. What only a running kubeadm knows (CoreDNS's tag) is not listed. Pure.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kops_pulumi.bootstrap.build import build
from kops_pulumi.model import Chart, Remote, Role
from kops_pulumi.plan.mirrors import KUBERNETES, Mirrors, qualified

if TYPE_CHECKING:
    from kops_pulumi.bootstrap.node import NodeConfig
    from kops_pulumi.model import ClusterPlan
    from kops_pulumi.plugins import Cloud
    from kops_pulumi.resolve import FullSpec

_CONTROL = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


class Kind(StrEnum):
    """What is fetched."""

    IMAGE = "image"
    CHART = "chart"
    FILE = "file"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Item:
    """One thing that is fetched."""

    kind: Kind
    name: str
    """What people call it: an image's name, a program with version and architecture, a chart with its version."""
    source: str
    """Where its publisher has it."""
    mirror: str
    """Where this cluster fetches it: the same as `source` without a mirror."""
    sha256: str = ""
    """Empty where the name alone says what it is (tags), or only the publisher knows it."""


def items(full: FullSpec, plan: ClusterPlan, cloud: Cloud) -> tuple[Item, ...]:
    """Sorted, each once."""
    bare = _without_mirrors(full)
    mirrors = Mirrors.of(full.cluster.spec.assets)
    groups = [group for group in plan.groups if group.role is not Role.BASTION]
    pairs = [(build(plan, bare, group, cloud), build(plan, full, group, cloud)) for group in groups]
    found = [item for theirs, ours in pairs for item in (*_files(theirs, ours), *_images(theirs, ours))]
    return tuple(sorted({*found, *_kubernetes(plan, pairs, mirrors), *_delivered(plan, mirrors)}))


def script(found: Iterable[Item]) -> str:
    """A shell script that fills the mirrors; files and charts go into a directory to be uploaded."""
    lines = [
        "#!/usr/bin/env bash",
        "# Fills the mirrors of spec.assets. Needs skopeo, curl, sha256sum and helm; files end up below the directory",
        "# that is the first argument (default: ./mirror), with the paths that fileRepository must serve.",
        "set -euo pipefail",
        'directory="${1:-mirror}"',
        'file() { mkdir -p "$(dirname "$directory/$2")"; curl -fsSL -o "$directory/$2" "$1"; }',
        'check() { echo "$2  $directory/$1" | sha256sum --check --quiet; }',
    ]
    for item in found:
        lines += _commands(item)
    return "\n".join(lines) + "\n"


def _commands(item: Item) -> Iterator[str]:
    quoted = shlex.quote
    match item.kind:
        case Kind.IMAGE if item.mirror != item.source:
            yield f"skopeo copy --all docker://{quoted(item.source)} docker://{quoted(item.mirror)}"
        case Kind.FILE:
            path = quoted(urlsplit(item.source).path.lstrip("/"))
            yield f"file {quoted(item.source)} {path}"
            if item.sha256:
                yield f"check {path} {item.sha256}"
        case Kind.CHART:
            name, _, version = item.name.rpartition(" ")
            repository = "" if item.source.startswith("oci://") else f" --repo {quoted(item.source)}"
            chart = item.source if not repository else name
            yield f'helm pull {quoted(chart)}{repository} --version {quoted(version)} --destination "$directory/charts"'


def _without_mirrors(full: FullSpec) -> FullSpec:
    spec = full.cluster.spec.model_copy(update={"assets": None})
    return dataclasses.replace(full, cluster=full.cluster.model_copy(update={"spec": spec}))


def _files(theirs: NodeConfig, ours: NodeConfig) -> Iterator[Item]:
    for published, fetched in zip(theirs.assets, ours.assets, strict=True):
        for arch, urls in fetched.urls.items():
            name = f"{fetched.name} {fetched.version} {arch}"
            yield Item(Kind.FILE, name, published.urls[arch][0], urls[0], fetched.sha256.get(arch, ""))


def _images(theirs: NodeConfig, ours: NodeConfig) -> Iterator[Item]:
    yield _image(theirs.images.pause, ours.images.pause)
    if theirs.images.vip and ours.images.vip:
        yield _image(theirs.images.vip, ours.images.vip)
    for published, fetched in zip(theirs.etcd, ours.etcd, strict=True):
        yield _image(published.image, fetched.image)


def _kubernetes(plan: ClusterPlan, pairs: list[tuple[NodeConfig, NodeConfig]], mirrors: Mirrors) -> Iterator[Item]:
    """kubeadm's own images, by the names that it pulls."""
    proxied = any(not ours.network.replaces_kube_proxy for _, ours in pairs)
    for program in (*_CONTROL, *(("kube-proxy",) if proxied else ())):
        name = f"{KUBERNETES}/{program}:v{plan.kubernetes_version}"
        yield _image(name, mirrors.image(name))


def _delivered(plan: ClusterPlan, mirrors: Mirrors) -> Iterator[Item]:
    for delivery in plan.deliveries:
        yield from (_image(qualified(image), mirrors.image(qualified(image))) for image in delivery.images)
        match delivery.source:
            case Chart(name, repository, version):
                address = repository or name
                yield Item(Kind.CHART, f"{name.rpartition('/')[2]} {version}", address, address)
            case Remote(url, sha256):
                yield Item(Kind.FILE, delivery.name, url, url, sha256 or "")


def _image(source: str, mirror: str) -> Item:
    digest = source.partition("@sha256:")[2]
    return Item(Kind.IMAGE, source.partition("@")[0], source, mirror, digest)
