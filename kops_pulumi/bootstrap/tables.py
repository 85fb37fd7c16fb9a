"""What the scripts on a machine loop over: plain tables and `KEY=value` lines made from a `NodeConfig`.

One renderer of the bundle. The scripts of `files/` need no parser beyond `read`: a row is a line, columns are divided
by tabs, an empty cell is `-`. Also the two files that the kernel's settings come from. Pure; makes no shell code.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from kops_pulumi.bootstrap.node import ARCHITECTURES, BundleFile, NodeConfig

HOME = "/opt/kops-pulumi/current"
"""Where a machine finds its unpacked bundle."""

_EMPTY = "-"


def files(node: NodeConfig) -> Mapping[str, BundleFile]:
    """The tables of one group's machines, by the path on the machine."""
    tables = {
        "settings.env": _environment(_settings(node)),
        "assets.tsv": _rows(_assets(node)),
        "etcd.tsv": _rows(_members(node)),
        "etcd-clusters.tsv": _rows(_clusters(node)),
        "mounts.tsv": _rows(_mounts(node)),
        "packages": _lines(node.packages),
        "images": _lines(node.warm_images),
        "hooks": _lines(unit.name for unit in (*node.units, *node.hooks)),
    }
    kernel = {
        "/etc/sysctl.d/99-kops-pulumi.conf": _lines(f"{key} = {node.sysctls[key]}" for key in sorted(node.sysctls)),
        "/etc/modules-load.d/kops-pulumi.conf": _lines(node.modules),
    }
    texts = {**{f"{HOME}/{name}": text for name, text in tables.items()}, **kernel}
    return {path: BundleFile.text(text) for path, text in sorted(texts.items())}


def _settings(node: NodeConfig) -> Mapping[str, str | None]:
    return {
        "KOPS_API_NAME": node.api.internal_name,
        "KOPS_API_PORT": str(node.api.port),
        "KOPS_DNS_ZONE": node.api.zone,
        "KOPS_DNS_PRIVATE": _flag(node.api.zone_is_private) if node.api.zone else None,
        "KOPS_DNS_PUBLIC_NAMES": " ".join(node.api.public_names) or None,
        "KOPS_DNS_PRIVATE_NAMES": " ".join(node.api.private_names) or None,
        "KOPS_KUBERNETES_VERSION": node.kubernetes_version,
        "KOPS_NODE_NAME": node.node_name,
        "KOPS_IPV6": _flag(node.network.ipv6),
        "KOPS_SWAP": _flag(node.swap),
        "KOPS_CONTAINERD_INSTALL": _flag(node.containerd.install),
        "KOPS_KUBE_PROXY": _flag(not node.network.replaces_kube_proxy),
        "KOPS_WARM_POOL": _flag(node.warm_pool),
        "KOPS_LATE_LABELS": " ".join(f"{key}={value}" for key, value in sorted(node.kubelet.late_labels.items())),
        "KOPS_GUARD": node.guarded,
        "KOPS_STORE_BASE": node.store.base,
        "KOPS_STORE_SECRETS": node.store.secrets,
        "KOPS_STORE_JOIN": node.store.join,
        "KOPS_ENCRYPT_SECRETS": _flag(bool(node.control_plane and node.control_plane.encrypt_secrets)),
        "KOPS_GIVEN": " ".join(f"{name}={id_}" for name, id_ in sorted(node.given.items())),
        "KOPS_PROXY": node.proxy.url if node.proxy else None,
        "KOPS_NO_PROXY": ",".join(node.proxy.excludes) if node.proxy else None,
    }


def _assets(node: NodeConfig) -> Iterable[tuple[str, ...]]:
    """Name, architecture, digest or checksum file's address, destination, mode, archive, strip, members, addresses."""
    for asset in node.assets:
        for arch in ARCHITECTURES:
            if asset.urls.get(arch):
                yield (
                    asset.name,
                    arch,
                    asset.sha256.get(arch) or asset.checksums.get(arch, ""),
                    asset.destination,
                    f"{asset.mode:04o}",
                    _flag(asset.archive),
                    str(asset.strip),
                    " ".join(asset.members.get(arch, ())),
                    " ".join(asset.urls[arch]),
                )


def _members(node: NodeConfig) -> Iterable[tuple[str, ...]]:
    """Etcd cluster, member, host name, instance group."""
    for etcd in node.etcd:
        for member in etcd.members:
            yield (etcd.name, member.name, member.host, member.group)


def _clusters(node: NodeConfig) -> Iterable[tuple[str, ...]]:
    """Etcd cluster, own member, client port, peer port, clients' authority, peers' authority, backups, interval."""
    for etcd in node.etcd:
        yield (
            etcd.name,
            etcd.here or "",
            str(etcd.client_port),
            str(etcd.peer_port),
            etcd.clients_ca,
            etcd.peers_ca,
            etcd.backup_path,
            etcd.backup_interval,
        )


def _mounts(node: NodeConfig) -> Iterable[tuple[str, ...]]:
    """Device, file system, path, options of mkfs, options of mount."""
    for mount in node.mounts:
        yield (
            mount.device,
            mount.filesystem,
            mount.path,
            " ".join(mount.format_options),
            ",".join(mount.mount_options),
        )


def _flag(value: bool) -> str:
    return "yes" if value else "no"


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return _lines("\t".join(cell or _EMPTY for cell in row) for row in rows)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _environment(values: Mapping[str, str | None]) -> str:
    return _lines(f"{key}={shlex.quote(value)}" for key, value in values.items() if value)
