"""What static pods see of their machine: files that flags name, and their neighbours from the manifest. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kops_pulumi.bootstrap import paths
from kops_pulumi.bootstrap.kubeadm.flags import Arg
from kops_pulumi.bootstrap.node import File
from kops_pulumi.plan.names import limited

_MOUNTED = (
    f"{paths.PKI}/",
    "/etc/ssl/certs/",
    "/etc/ca-certificates/",
    "/etc/pki/",
    "/usr/share/ca-certificates/",
    "/usr/local/share/ca-certificates/",
)
"""Directories that kubeadm shows its pods anyway."""
_NO_FILES = {"audit-log-path", "authorization-always-allow-paths", "etcd-servers-overrides"}
"""Flags whose values begin with a slash and are no file to read."""
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True, order=True)
class Volume:
    """A path of the machine in a static pod, at the same path."""

    path: str
    read_only: bool = True
    kind: Literal["Directory", "DirectoryOrCreate", "File"] = "Directory"

    def data(self) -> dict[str, Any]:
        """As kubeadm's HostPathMount."""
        name = re.sub(r"[^a-z0-9]+", "-", self.path.lower()).strip("-")
        return {
            "name": limited(name, _LONGEST_NAME),
            "hostPath": self.path,
            "mountPath": self.path,
            "readOnly": self.read_only,
            "pathType": self.kind,
        }


def mounts(own: Iterable[Volume], given: Sequence[Arg], files: Sequence[File]) -> list[dict[str, Any]]:
    """The mounts of a component: `own`, and every file that a flag names and no directory shows already."""
    shown = sorted(own)
    directories = (*_MOUNTED, *(f"{volume.path}/" for volume in shown if volume.kind != "File"))
    named = {path for path in _with_neighbours(given, files) if not path.startswith(directories)}
    return [volume.data() for volume in (*shown, *(Volume(path, kind="File") for path in sorted(named)))]


def _with_neighbours(given: Iterable[Arg], files: Sequence[File]) -> Iterator[str]:
    """A webhook's kubeconfig names certificates: files of the manifest in the same directory come along."""
    for arg in given:
        path = arg["value"]
        if path.startswith("/") and arg["name"] not in _NO_FILES:
            yield path
            directory = path.rpartition("/")[0]
            yield from (file.path for file in files if file.path.rpartition("/")[0] == directory)
