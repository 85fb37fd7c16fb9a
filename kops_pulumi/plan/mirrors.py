"""Where images and files come from once `spec.assets` has its say.

`containerRegistry` is a mirror that holds every image under one flat name, `containerProxy` a pull-through proxy that
stands in for the image's host, `fileRepository` a mirror of downloads that keeps their paths: kops's rules, so that
mirrors filled by it keep working (https://kops.sigs.k8s.io/operations/asset-repository/). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from kops_pulumi.spec.nodes import Assets

KUBERNETES = "registry.k8s.io"
_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class Mirrors:
    """The manifest's `assets`; without any of them everything comes from its publisher."""

    registry: str | None = None
    proxy: str | None = None
    files: str | None = None

    @classmethod
    def of(cls, assets: Assets | None) -> Mirrors:
        """From the manifest."""
        if assets is None:
            return cls()
        return cls(
            *(
                value.rstrip("/") if value else None
                for value in (assets.container_registry, assets.container_proxy, assets.file_repository)
            )
        )

    def image(self, name: str) -> str:
        """An image's name where it is pulled from.

        >>> Mirrors(proxy="proxy.example.com").image("registry.k8s.io/pause:3.10.1")
        'proxy.example.com/pause:3.10.1'
        >>> Mirrors(registry="mirror.example.com/k8s").image("registry.k8s.io/coredns/coredns:v1.14.2")
        'mirror.example.com/k8s/coredns-coredns:v1.14.2'
        """
        if self.proxy:
            return f"{self.proxy}/{_without_host(name)}"
        if self.registry and not name.startswith(f"{self.registry}/"):
            return f"{self.registry}/{name.removeprefix(f'{KUBERNETES}/').replace('/', '-')}"
        return name

    def repository(self, path: str = "") -> str:
        """The prefix that images of the Kubernetes registry (below `path`) have."""
        base = self.proxy or self.registry or KUBERNETES
        return f"{base}/{path}" if path and not self.registry else base

    def file(self, url: str) -> str:
        """A download's address where it is fetched from: the mirror keeps the path."""
        return f"{self.files}{urlsplit(url).path}" if self.files else url


def qualified(image: str) -> str:
    """An image's full name, as containerd's own tools want it.

    >>> qualified("busybox")
    'docker.io/library/busybox:latest'
    >>> qualified("quay.io/team/tool@sha256:0a")
    'quay.io/team/tool@sha256:0a'
    """
    name = image if _host(image) else f"{_HUB}/{image if '/' in image else f'library/{image}'}"
    return name if "@" in name or ":" in name.rpartition("/")[2] else f"{name}:latest"


def _without_host(image: str) -> str:
    host = _host(image)
    return image.removeprefix(f"{host}/") if host else image


def _host(image: str) -> str:
    """The registry in an image's name: a first component that looks like a host."""
    first, slash, _ = image.partition("/")
    return first if slash and (first == "localhost" or any(mark in first for mark in ".:")) else ""
