"""One archive for each instance group: what its machines fetch at every boot, run and have written.

Merges what the renderers give for a `NodeConfig` with the scripts and units of `files/` that the group's role and cloud
need, into a tar.gz that has the same bytes for the same input: its digest goes into user data, so that any change of a
machine's configuration is a change of its launch template. Holds no secret and no late value. Pure but for reading this
package's own files. The layout is docs/contracts/bootstrap.md.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from kops_pulumi.bootstrap import containerd, customisation, etcd, firewall, kubeadm, kubelet, system, tables, vip
from kops_pulumi.bootstrap.node import BundleFile, NodeConfig
from kops_pulumi.bootstrap.tables import HOME
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Role
from kops_pulumi.plan import given

Renderer: TypeAlias = Callable[[NodeConfig], Mapping[str, BundleFile]]

RENDERERS: tuple[Renderer, ...] = (
    tables.files,
    system.files,
    containerd.files,
    kubelet.files,
    kubeadm.files,
    etcd.files,
    vip.files,
    firewall.files,
    customisation.files,
)
"""Everything that has something to put on a machine."""

_FILES = Path(__file__).parent / "files"
_SCRIPT = 0o755
_DATA = 0o644
_UNITS = "/etc/systemd/system"
_LIBRARIES = ("boot.sh", "lib.sh", "machine.sh")
_SERVING = ("pki.sh",)
_ETCD = ("etcd.sh",)
_COMMANDS: Mapping[Role, tuple[str, ...]] = {
    Role.CONTROL_PLANE: (
        "kops-csr-approver",
        "kops-dns",
        "kops-etcd",
        "kops-etcd-restore",
        "kops-etcd-snapshot",
        "kops-hosts",
        "kops-labels",
        "kops-renew",
        "kops-token",
    ),
    Role.API_SERVER: ("kops-hosts", "kops-renew"),
    Role.NODE: ("kops-hosts",),
    Role.BASTION: (),
}
_BY_HAND = frozenset({"kops-etcd-restore"})
"""Commands that only an operator runs; every other has a timer."""
_TIMERS: Mapping[Role, tuple[str, ...]] = {
    role: tuple(name for name in names if name not in _BY_HAND) for role, names in _COMMANDS.items()
}
"""Each is a service that runs to its end and the timer that starts it; all run a command of the same name."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of one group's machines, by the path that they get there, sorted."""

    files: Mapping[str, BundleFile]

    def archive(self) -> bytes:
        """The tar.gz: sorted entries, no times, no owners; the same bytes for the same files."""
        buffer = io.BytesIO()
        with (
            gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for name, file in sorted((_member(path), file) for path, file in self.files.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(file.content), file.mode
                tar.addfile(entry, io.BytesIO(file.content))
        return buffer.getvalue()

    @property
    def sha256(self) -> str:
        """Digest of the archive, in hexadecimal."""
        return hashlib.sha256(self.archive()).hexdigest()


def bundle(node: NodeConfig, renderers: tuple[Renderer, ...] = RENDERERS) -> Bundle:
    """The bundle of a group; KopsError when two renderers want the same path."""
    merged: dict[str, BundleFile] = {}
    own = scripts(node.role, node.cloud, registries=given.DOCKER in node.given)
    for files in (own, *(renderer(node) for renderer in renderers)):
        for path, file in files.items():
            if not path.startswith("/") or ".." in path.split("/"):
                raise KopsError(f"a bundle's files have absolute paths, not {path!r}")
            if path in merged:
                raise KopsError(
                    f"{path} is written twice on machines of group {node.group}",
                    hint="a file of the manifest (fileAssets, hooks) may not replace one of the bootstrap's own",
                )
            merged[path] = file
    return Bundle({path: merged[path] for path in sorted(merged)})


def first_files(cloud: str) -> Mapping[str, BundleFile]:
    """What user data itself must bring, by path on the machine: how to get everything else."""
    return {
        "/etc/systemd/system/kops-boot.service": _read("kops-boot.service", _DATA),
        "/opt/kops-pulumi/boot/fetch.sh": _read("fetch.sh", _SCRIPT),
        **_library("/opt/kops-pulumi/boot/identity.sh", f"identity-{cloud}.sh"),
    }


def scripts(role: Role, cloud: str, *, registries: bool = False) -> Mapping[str, BundleFile]:
    """The scripts and units that machines of a role need; `registries`: with the user's credentials for those."""
    steps = _read(f"order/{role.value}", _DATA)
    if registries:
        steps = BundleFile.text(steps.content.decode().replace("mounts\n", "mounts\nregistries\n"))
    own = {
        "order": steps,
        "units": BundleFile.text("".join(f"{name}.timer\n" for name in _TIMERS[role])),
        **_library("identity.sh", f"identity-{cloud}.sh"),
        **_library("cloud.sh", f"cloud-{cloud}.sh"),
        **{name: _read(name, _SCRIPT) for name in _libraries(role)},
        **{f"steps/{step}.sh": _read(f"steps/{step}.sh", _SCRIPT) for step in steps.content.decode().split()},
        **{f"bin/{name}": _read(f"bin/{name}", _SCRIPT) for name in _COMMANDS[role]},
    }
    return {**{f"{HOME}/{name}": file for name, file in own.items()}, **dict(_units(role))}


def _libraries(role: Role) -> tuple[str, ...]:
    serving = _SERVING if role in (Role.CONTROL_PLANE, Role.API_SERVER) else ()
    return (*_LIBRARIES, *serving, *(_ETCD if role is Role.CONTROL_PLANE else ()))


def _units(role: Role) -> Iterator[tuple[str, BundleFile]]:
    for name in _TIMERS[role]:
        for unit in (f"{name}.service", f"{name}.timer"):
            yield f"{_UNITS}/{unit}", _read(f"units/{unit}", _DATA)


def _read(name: str, mode: int) -> BundleFile:
    return BundleFile((_FILES / name).read_bytes(), mode)


def _library(path: str, name: str) -> Mapping[str, BundleFile]:
    """A cloud's own shell library; nothing as long as the cloud has none (its machines cannot join yet)."""
    return {path: _read(name, _DATA)} if (_FILES / name).exists() else {}


def _member(path: str) -> str:
    return path.removeprefix(f"{HOME}/") if path.startswith(f"{HOME}/") else f"root{path}"
