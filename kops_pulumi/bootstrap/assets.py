"""The programs that machines download: addresses and digests, by processor architecture.

Digests are facts in `data/assets.toml`; a program whose version is not there is checked against its publisher's
checksum file instead, and `unpinned` says so with the way out. Addresses in the manifest (`containerd.packages`) are
taken as written; all others go through `assets.fileRepository`. Pure but for reading this package's own data.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import semver

from kops_pulumi.bootstrap.node import ARCHITECTURES, Arch, Asset
from kops_pulumi.errors import Finding, Severity
from kops_pulumi.model import Role

if TYPE_CHECKING:
    from kops_pulumi.plan.mirrors import Mirrors
    from kops_pulumi.plugins import CredentialProvider
    from kops_pulumi.resolve.versions import Components
    from kops_pulumi.spec.containerd import Containerd, Packages

PROGRAMS = "/usr/local/bin"
CNI_PROGRAMS = "/opt/cni/bin"
CREDENTIAL_PROVIDERS = "/usr/local/libexec/kubernetes/credential-providers"
ETCD_TOOLS = "3.6.11"
"""etcdctl and etcdutl talk to servers of the neighbouring minors, so one version serves all that we build."""
NERDCTL = "2.2.0"

_DATA = Path(__file__).parent / "data" / "assets.toml"
_KUBERNETES = ("kubeadm", "kubectl", "kubelet")
_GITHUB = "https://github.com"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a publisher keeps a program; `{version}` and `{arch}` are put in."""

    url: str
    checksums: str
    """Of the checksum file; `{url}` is the program's own address."""
    destination: str
    archive: bool = True
    strip: int = 0
    members: tuple[str, ...] = ()


_SOURCES: Mapping[str, Source] = {
    **{
        name: Source(
            f"https://dl.k8s.io/release/v{{version}}/bin/linux/{{arch}}/{name}",
            "{url}.sha256",
            f"{PROGRAMS}/{name}",
            archive=False,
        )
        for name in _KUBERNETES
    },
    "containerd": Source(
        f"{_GITHUB}/containerd/containerd/releases/download/v{{version}}/containerd-{{version}}-linux-{{arch}}.tar.gz",
        "{url}.sha256sum",
        PROGRAMS,
        strip=1,
    ),
    "runc": Source(
        f"{_GITHUB}/opencontainers/runc/releases/download/v{{version}}/runc.{{arch}}",
        f"{_GITHUB}/opencontainers/runc/releases/download/v{{version}}/runc.sha256sum",
        f"{PROGRAMS}/runc",
        archive=False,
    ),
    "cni-plugins": Source(
        f"{_GITHUB}/containernetworking/plugins/releases/download/v{{version}}/"
        "cni-plugins-linux-{arch}-v{version}.tgz",
        "{url}.sha256",
        CNI_PROGRAMS,
    ),
    "crictl": Source(
        f"{_GITHUB}/kubernetes-sigs/cri-tools/releases/download/v{{version}}/crictl-v{{version}}-linux-{{arch}}.tar.gz",
        "{url}.sha256",
        PROGRAMS,
        members=("crictl",),
    ),
    "etcd": Source(
        f"{_GITHUB}/etcd-io/etcd/releases/download/v{{version}}/etcd-v{{version}}-linux-{{arch}}.tar.gz",
        f"{_GITHUB}/etcd-io/etcd/releases/download/v{{version}}/SHA256SUMS",
        PROGRAMS,
        strip=1,
        members=("etcd-v{version}-linux-{arch}/etcdctl", "etcd-v{version}-linux-{arch}/etcdutl"),
    ),
    "nerdctl": Source(
        f"{_GITHUB}/containerd/nerdctl/releases/download/v{{version}}/nerdctl-{{version}}-linux-{{arch}}.tar.gz",
        f"{_GITHUB}/containerd/nerdctl/releases/download/v{{version}}/SHA256SUMS",
        PROGRAMS,
        members=("nerdctl",),
    ),
}


def programs(
    role: Role,
    kubernetes: str,
    components: Components,
    containerd: Containerd,
    mirrors: Mirrors,
    provider: CredentialProvider | None = None,
) -> tuple[Asset, ...]:
    """Everything that a machine of this role downloads, sorted by name."""
    found = [_published(name, kubernetes, mirrors) for name in _KUBERNETES]
    found.append(_published("cni-plugins", components.cni_plugins, mirrors))
    if not containerd.skip_install:
        runc = containerd.runc
        runc_version = str((runc.version if runc else None) or components.runc)
        found.append(_given("containerd", str(containerd.version), containerd.packages, mirrors))
        found.append(_given("runc", runc_version, runc.packages if runc else None, mirrors))
    if containerd.install_cri_ctl is not False:
        found.append(_published("crictl", _crictl(components.crictl), mirrors))
    if containerd.install_nerd_ctl:
        found.append(_published("nerdctl", NERDCTL, mirrors))
    if role is Role.CONTROL_PLANE:
        found.append(_published("etcd", ETCD_TOOLS, mirrors))
    if provider is not None:
        found.append(_credential_provider(provider, mirrors))
    return tuple(sorted(found, key=lambda asset: asset.name))


def unpinned(assets: Iterable[Asset]) -> Iterable[Finding]:
    """A warning for each program whose digest we do not know."""
    hints = {
        "containerd": (("spec", "containerd", "version"), "name it in containerd.packages with its digest"),
        "runc": (("spec", "containerd", "runc", "version"), "name it in containerd.runc.packages with its digest"),
        "nerdctl": (("spec", "containerd", "installNerdCtl"), "leave it out, or bring it with a hook of your own"),
    }
    general = (("spec", "kubernetesVersion"), f"choose one of {', '.join(_newest())}, or upgrade kops-pulumi")
    grouped: dict[tuple[Any, str, str], list[str]] = {}
    for asset in assets:
        if any(arch not in asset.sha256 for arch in asset.urls):
            path, hint = hints.get(asset.name, general)
            grouped.setdefault((path, hint, asset.version), []).append(asset.name)
    for (path, hint, version), names in grouped.items():
        message = (
            f"no digest of {', '.join(names)} {version} is known here; "
            "machines check it against the publisher's own checksum file"
        )
        yield Finding(path, message, hint, Severity.WARNING)


@functools.cache
def digests() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Digests by product, version and architecture (for Kubernetes further by program)."""
    with _DATA.open("rb") as file:
        return tomllib.load(file)


def _published(name: str, version: str, mirrors: Mirrors) -> Asset:
    source, version = _SOURCES[name], version.removeprefix("v")
    urls = {arch: source.url.format(version=version, arch=arch) for arch in ARCHITECTURES}
    return Asset(
        name=name,
        version=version,
        urls={arch: (mirrors.file(url),) for arch, url in urls.items()},
        sha256=_known(name, version),
        destination=source.destination,
        archive=source.archive,
        strip=source.strip,
        members={
            arch: tuple(member.format(version=version, arch=arch) for member in source.members)
            for arch in ARCHITECTURES
            if source.members
        },
        checksums={arch: mirrors.file(source.checksums.format(url=url, version=version)) for arch, url in urls.items()},
    )


def _given(name: str, version: str, packages: Packages | None, mirrors: Mirrors) -> Asset:
    """The manifest's own package where it names one for an architecture, else the published one."""
    published = _published(name, version, mirrors)
    if packages is None:
        return published
    urls: dict[Arch, tuple[str, ...]] = dict(published.urls)
    known: dict[Arch, str] = dict(published.sha256)
    for arch, url, digest in (
        ("amd64", packages.url_amd64, packages.hash_amd64),
        ("arm64", packages.url_arm64, packages.hash_arm64),
    ):
        if url and digest:
            urls[arch], known[arch] = (url,), digest  # type: ignore[index]
    return Asset(
        name=name,
        version=published.version,
        urls=urls,
        sha256=known,
        destination=published.destination,
        archive=published.archive,
        strip=published.strip,
        members=published.members,
        checksums=published.checksums,
    )


def _credential_provider(provider: CredentialProvider, mirrors: Mirrors) -> Asset:
    urls = {arch: provider.url.format(version=provider.version, arch=arch) for arch in ARCHITECTURES}
    return Asset(
        name=provider.name,
        version=provider.version,
        urls={arch: (mirrors.file(url),) for arch, url in urls.items()},
        sha256=_known(provider.name, provider.version),
        destination=f"{CREDENTIAL_PROVIDERS}/{provider.name}",
        checksums={arch: mirrors.file(f"{url}.sha256") for arch, url in urls.items()},
    )


def _known(name: str, version: str) -> dict[Arch, str]:
    if name in _KUBERNETES:
        rows = digests()["kubernetes"].get(version, {})
        return {arch: rows[arch][name] for arch in ARCHITECTURES if arch in rows}
    rows = digests().get(name, {}).get(version, {})
    return {arch: rows[arch] for arch in ARCHITECTURES if arch in rows}


def _crictl(wanted: str) -> str:
    """The wanted version, else the newest before it that we know: its protocol, CRI v1, is stable."""
    version = semver.Version.parse(wanted.removeprefix("v"))
    known = [found for row in digests()["crictl"] if (found := semver.Version.parse(row)) <= version]
    return str(max(known)) if known else str(version)


def _newest() -> list[str]:
    """The newest release of each Kubernetes minor that we have digests of."""
    newest: dict[int, semver.Version] = {}
    for version in map(semver.Version.parse, digests()["kubernetes"]):
        newest[version.minor] = max(newest.get(version.minor, version), version)
    return [str(newest[minor]) for minor in sorted(newest)]
