"""A machine on vSphere in a directory: its own configuration as files, and the scripts of its bundle run for real.

`vmware-rpctool` is played: it answers from the directory of keys, as a machine's Tools answer from its configuration.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from kops_pulumi import bootstrap, clouds
from kops_pulumi.bootstrap import bundle
from kops_pulumi.bootstrap.node import BundleFile
from kops_pulumi.bootstrap.tables import HOME
from kops_pulumi.clouds.vsphere import guestinfo
from kops_pulumi.model import Group, StoreKind
from kops_pulumi.pipeline import Planned
from kops_pulumi.plan import machines, store
from tests.support.machine import FAKES
from tests.support.throwaway_pki import secrets

TOKEN = "abcdef.0123456789abcdef"
TOOLS: Mapping[str, str] = {
    "vmware-rpctool": r"""
        key=${1#info-get }
        [[ -f $KEYS/$key ]] && cat "$KEYS/$key" || { echo 'No value found' >&2; exit 1; }""",
    "nft": r"""[[ $* != 'list table'* ]] || [[ -e $PLAYED/loaded ]]; [[ $1 != -f ]] || cp "$2" "$PLAYED/loaded" """,
    "ip": r"""
        case "$*" in
        '-4 route show scope link'*) echo '10.40.32.0/20 dev ens192 proto kernel src 10.40.32.99' ;;
        '-4 route show default') echo 'default via 10.40.32.1 dev ens192' ;;
        '-4 route get'*) echo "$4 dev ens192 src 10.40.32.99 uid 0" ;;
        esac""",
    "hostname": r"""cat "$KOPS_ROOT/etc/hostname" """,
    "mountpoint": FAKES["mountpoint"],
}


@dataclass
class Guest:
    """One machine of a planned cluster, below `root`."""

    root: Path
    planned: Planned
    group: str
    addresses: Mapping[str, str]
    """By name of each machine; `-` when nobody plans it."""

    @property
    def keys(self) -> Path:
        return self.root.parent / f"{self.root.name}.keys"

    @property
    def played(self) -> Path:
        return self.root.parent / f"{self.root.name}.played"

    @property
    def calls(self) -> list[str]:
        return (self.played / "calls").read_text().splitlines()

    @property
    def name(self) -> str:
        return machines.of(self.planned.plan, self._group)[0].name

    @property
    def _group(self) -> Group:
        return next(group for group in self.planned.plan.groups if group.name == self.group)

    def install(self) -> None:
        """What the template, user data and the machine's configuration bring."""
        group, cloud = self._group, clouds.get("vsphere")
        node = bootstrap.build(self.planned.plan, self.planned.full, group, cloud)
        files = {**bundle.bundle(node).files, f"{HOME}/assets.tsv": BundleFile(b"")}  # nothing is downloaded
        whole = bundle.Bundle(files)
        self._deliver(group, whole)
        assert group.user_data is not None
        for file in yaml.safe_load(group.user_data.text)["write_files"]:
            text = re.sub(r"@late\(api\.(endpoint|vip)\)@", "10.40.32.5", file["content"])
            text = re.sub(r"@late\(volume\.main/\w+\)@", "scsi:1", text)
            text = re.sub(r"@late\(volume\.events/\w+\)@", "scsi:2", text)
            if group.bundle is not None:
                text = text.replace(group.bundle.sha256, whole.sha256)
            self.write(file["path"][1:], text, int(file["permissions"], 8))
        self.write("etc/hosts", "127.0.0.1 localhost\n")
        self.write("etc/fstab", "")
        self.write("etc/hostname", f"{self.name}\n")
        for unit, disk in ((0, "sda"), (1, "sdb"), (2, "sdc")):
            self.write(f"dev/{disk}", "")
            (self.root / f"sys/bus/scsi/devices/3:0:{unit}:0/block/{disk}").mkdir(parents=True)
        self.write("sys/class/scsi_host/host0/proc_name", "ahci\n")
        self.write("sys/class/scsi_host/host3/proc_name", "vmw_pvscsi\n")
        self.played.mkdir()
        for name, text in {**FAKES, **TOOLS}.items():
            program = self.played / name
            program.write_text(f'#!/bin/bash\necho "{name} $*" >>"$PLAYED/calls"\n{text}\n')
            program.chmod(0o755)
        (self.played / "kubelet.pem").write_bytes(secrets()["kubernetes-ca.crt"])

    def _deliver(self, group: Group, whole: bundle.Bundle) -> None:
        pki = dict(secrets())
        pki |= {f"etcd-peers-ca-events.{kind}": pki[f"etcd-peers-ca-main.{kind}"] for kind in ("crt", "key")}
        self.keys.mkdir()
        (self.keys / guestinfo.NAME).write_text(self.name)
        for item in store.delivered(self.planned.plan, group):
            path, what = item.path, item.content.partition(":")[0]
            if item.kind is StoreKind.BUNDLE and group.bundle is not None:
                path, content = path.replace(group.bundle.sha256, whole.sha256), whole.archive()
            elif what == "token":
                content = f"{TOKEN}\n".encode()
            elif what == "machines":
                content = self.table().encode()
            elif what == "text":
                content = item.content.removeprefix("text:").encode()
            else:
                content = pki["kubernetes-ca.crt" if path == "join/ca.crt" else path.rpartition("/")[2]]
            for key, value in guestinfo.parts(path, content).items():
                (self.keys / key).write_text(value)

    def table(self) -> str:
        """`join/machines`."""
        roles = {group.name: group.role.value for group in self.planned.plan.groups}
        every = machines.all_of(self.planned.plan)
        return "".join(f"{roles[m.group]} {m.group} {m.name} {self.addresses.get(m.name, '-')}\n" for m in every)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of the machine, by its path below the root (default: what runs at boot)."""
        words = command or ("opt/kops-pulumi/boot/fetch.sh",)
        own = {"KOPS_ROOT": str(self.root), "PLAYED": str(self.played), "KEYS": str(self.keys), "KOPS_BACKOFF": "0"}
        return subprocess.run(
            ["timeout", "--kill-after=5", "240", "bash", str(self.root / words[0]), *words[1:]],
            env={"PATH": f"{self.played}:{os.environ['PATH']}", **own, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def shell(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A few lines with the machine's libraries."""
        self.write("script.sh", f'. "$KOPS_ROOT/opt/kops-pulumi/current/lib.sh"\n. "$HERE/cloud.sh"\n{script}\n')
        return self.run("script.sh", **environment)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)
