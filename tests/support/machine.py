"""A machine in a directory: the scripts run for real below `KOPS_ROOT`, and what only a real machine has is played.

`systemctl`, `kubeadm`, `mount` and their like are small programs put first on PATH; they keep their state in files, do
what is needed of them (kubeadm writes the files that kubeadm writes) and note how they were called.
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kops_pulumi.bootstrap.bundle import Bundle, first_files, scripts
from kops_pulumi.bootstrap.node import BundleFile
from kops_pulumi.bootstrap.tables import HOME
from kops_pulumi.model import Role
from tests.support.cloud_stub import REGION, Cloud

STORE = "s3://store/c1"

FAKES: Mapping[str, str] = {
    "systemctl": r"""
        verb=$1; shift
        unit=${!#}
        case $verb in
        is-active) [[ -e $PLAYED/active.$unit ]] ;;
        start | restart)
          touch "$PLAYED/active.$unit"
          if [[ $unit == kubelet.service ]]; then
            for manifest in "$KOPS_ROOT"/etc/kubernetes/manifests/etcd-*.yaml; do
              [[ -e $manifest ]] || continue
              name=${manifest##*/etcd-} wal=$KOPS_ROOT/mnt/etcd/${name%.yaml}/data/member/wal
              mkdir -p "$wal" && [[ -e $wal/0.wal ]] || touch "$wal/0.wal"
            done
          fi ;;
        stop) rm -f "$PLAYED/active.$unit" ;;
        esac""",
    "kubeadm": r"""
        secret() { mkdir -p "${1%/*}"; printf '%s\n' "$2" >"$1"; chmod "${3:-600}" "$1"; }
        K=$KOPS_ROOT/etc/kubernetes
        case "$*" in
        'init phase certs '*) secret "$K/pki/$4.crt" certificate 644; secret "$K/pki/$4.key" key ;;
        'init phase kubeconfig '*)
          secret "$K/$4.conf" "    certificate-authority-data: $(base64 -w 0 "$K/pki/ca.crt")" ;;
        'init phase control-plane apiserver'*) secret "$K/manifests/kube-apiserver.yaml" pod ;;
        'init phase control-plane '*)
          for name in apiserver controller-manager scheduler; do secret "$K/manifests/kube-$name.yaml" pod; done ;;
        'init phase kubelet-start'*) secret "$KOPS_ROOT/var/lib/kubelet/config.yaml" config 644 ;;
        join*) secret "$K/kubelet.conf" kubeconfig; secret "$KOPS_ROOT/var/lib/kubelet/config.yaml" config 644
          mkdir -p "$KOPS_ROOT/var/lib/kubelet/pki"
          cp "$PLAYED/kubelet.pem" "$KOPS_ROOT/var/lib/kubelet/pki/kubelet-client-current.pem" ;;
        *'token create'*) echo abcdef.0123456789abcdef ;;
        esac""",
    # This machine's API server answers; everything else is really asked for
    "curl": r"""[[ $* != *livez* ]] || exit 0; PATH=${PATH#*:} exec curl "$@" """,
    "kubectl": r"""
        case "$*" in
        *'get csr'*) cat "$PLAYED/csr" ;;
        *'get node '*) [[ ! -e $PLAYED/nodes ]] || grep -qx "$5" "$PLAYED/nodes" ;;
        esac""",
    "mountpoint": r"""grep -qxsF "${!#}" "$PLAYED/mounted" """,
    "mount": r"""printf '%s\n' "${!#}" >>"$PLAYED/mounted" """,
    "blkid": r"""device=${!#}; [[ -e $PLAYED/filesystem.${device##*/} ]] && echo ext4 || exit 2""",
    "mkfs.ext4": r"""device=${!#}; touch "$PLAYED/filesystem.${device##*/}" """,
    "dpkg-query": r"""grep -qxs "${!#}" "$PLAYED/packages" && echo installed""",
    "apt-get": r"""[[ $* != *install* ]] || printf '%s\n' "${@: -1}" >>"$PLAYED/packages" """,
    "etcdctl": r"""
        [[ $* != *'endpoint status'* ]] || printf '"MemberID" : 7\n"Leader" : 7\n'
        case "$*" in
        *'snapshot save'*) printf snapshot >"${!#}" ;;
        *'member list'* | *'endpoint health'*) exit 1 ;;
        esac""",
    **dict.fromkeys(("swapoff", "modprobe", "sysctl", "chown", "groupadd", "useradd", "crictl"), ""),
    "getent": "echo etcd",
}


@dataclass
class Machine:
    """One machine below `root`."""

    root: Path
    cloud: Cloud
    role: Role = Role.CONTROL_PLANE
    extra: dict[str, BundleFile] = field(default_factory=dict)
    """More of the bundle, by path on the machine."""
    settings: dict[str, str] = field(default_factory=dict)
    whole: Bundle | None = None
    """A bundle to boot instead of the small one that is made here."""
    store: str = STORE
    environment: dict[str, str] = field(default_factory=dict)
    """More of node.env."""

    @property
    def played(self) -> Path:
        return self.root.parent / f"{self.root.name}.played"

    @property
    def calls(self) -> list[str]:
        """How the played programs were called, in order."""
        log = self.played / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def bundle(self) -> Bundle:
        if self.whole:
            return self.whole
        settings = {
            "KOPS_API_NAME": "api.internal.c1",
            "KOPS_API_PORT": "1",
            "KOPS_NODE_NAME": "instance-id",
            "KOPS_IPV6": "no",
            "KOPS_SWAP": "no",
            "KOPS_KUBE_PROXY": "yes",
            "KOPS_WARM_POOL": "no",
            "KOPS_STORE_SECRETS": f"{STORE}/secrets/{self.role.value}",
            "KOPS_STORE_JOIN": f"{STORE}/join",
            "KOPS_ENCRYPT_SECRETS": "yes",
            **self.settings,
        }
        member = "a" if self.role is Role.CONTROL_PLANE else "-"
        empty = ("packages", "images", "hooks", "mounts.tsv", "assets.tsv", "keyrings.tsv", "gpu-packages")
        tables = {
            **dict.fromkeys(empty, ""),
            "settings.env": "".join(f"{key}={value}\n" for key, value in settings.items()),
            "etcd.tsv": "main\ta\tetcd-a.internal.c1\tcp-a\n",
            "etcd-clusters.tsv": f"main\t{member}\t4001\t2380\tetcd-clients-ca\tetcd-peers-ca-main\t"
            f"{STORE}/backups/etcd/main\t15m\n",
            "etcd/main.yaml": "- --initial-cluster=a=https://etcd-a.internal.c1:2380\n- --initial-cluster-state=new\n"
            "- --listen-peer-urls=https://@machine(url-host)@:2380\n",
            "kubeadm/init.yaml": "name: @machine(name)@\n",
            "kubeadm/join.yaml": "name: @machine(name)@\ntoken: @machine(token)@\nhash: @machine(ca-hash)@\n",
            "kubelet.env": "KUBELET_KOPS_ARGS='--node-ip=@machine(address)@'\n",
        }
        own = {f"{HOME}/{name}": BundleFile.text(text) for name, text in tables.items()}
        kernel = {
            "/etc/sysctl.d/99-kops-pulumi.conf": BundleFile.text("vm.overcommit_memory = 1\n"),
            "/etc/modules-load.d/kops-pulumi.conf": BundleFile.text("overlay\n"),
            "/etc/systemd/system/kubelet.service": BundleFile.text("[Service]\n", 0o600),
        }
        files = {**scripts(self.role, "aws"), **own, **kernel, **self.extra}
        return Bundle({path: files[path] for path in sorted(files)})

    def install(self, pki: Mapping[str, bytes]) -> None:
        """What the image and user data bring, and what the store and the cloud hold."""
        bundle = self.bundle()
        place = self.store.removeprefix("s3://")
        self.cloud.objects[f"{place}/nodes/g/{bundle.sha256}.tar.gz"] = bundle.archive()
        self.cloud.objects |= {f"{place}/secrets/{self.role.value}/{name}": data for name, data in pki.items()}
        self.cloud.facts |= {
            "meta-data/instance-id": "i-1",
            "meta-data/local-ipv4": "10.0.0.1",
            "meta-data/local-hostname": "ip-10-0-0-1.internal",
        }
        self.cloud.volumes.setdefault("vol-1", None)
        if not self.cloud.machines:
            self.cloud.machines.append(
                {"id": "i-1", "name": "ip-1.internal", "time": "1", "address": "10.0.0.1", "group": "cp-a"}
            )
        node = {
            "KOPS_CLUSTER": "c1",
            "KOPS_CLOUD": "aws",
            "KOPS_REGION": REGION,
            "KOPS_GROUP": "cp-a",
            "KOPS_ROLE": self.role.value,
            "KOPS_BUNDLE": f"{self.store}/nodes/g/{bundle.sha256}.tar.gz",
            "KOPS_SHA256": bundle.sha256,
            "KOPS_VOLUME_MAIN": "vol-1",
            "KOPS_LATE_SANS": "'lb.example.com 10.9.8.7'",
            **self.environment,
        }
        self._write("etc/kops-pulumi/node.env", "".join(f"{key}={value}\n" for key, value in node.items()))
        self._write("etc/hosts", "127.0.0.1 localhost\n")
        self._write("etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n/swapfile none swap sw 0 0\n")
        for number in (1, 2):
            self._write(f"dev/nvme{number}n1", "")
            self._write(f"sys/block/nvme{number}n1/device/serial", f"vol{number}   \n")
        for path, file in first_files("aws").items():
            self._write(path[1:], file.content.decode(), file.mode)
        self.played.mkdir(exist_ok=True)
        for name, text in FAKES.items():
            program = self.played / name
            program.write_text(f'#!/bin/bash\necho "{name} $*" >>"$PLAYED/calls"\n{text}\n')
            program.chmod(0o755)

    def reboot(self) -> None:
        """What a reboot forgets: /run, mounts, running services."""
        subprocess.run(["rm", "-rf", str(self.root / "run")], check=True)
        for path in (*self.played.glob("active.*"), self.played / "mounted", self.played / "calls"):
            path.unlink(missing_ok=True)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of the machine, by its path below the root (default: what runs at boot)."""
        words = command or ("opt/kops-pulumi/boot/fetch.sh",)
        return subprocess.run(
            # What never converges must not outlive the test: `timeout` ends its whole process group
            ["timeout", "--kill-after=5", "240", "bash", str(self.root / words[0]), *words[1:]],
            env={
                "PATH": f"{self.played}:{os.environ['PATH']}",
                "KOPS_ROOT": str(self.root),
                "PLAYED": str(self.played),
                **self.cloud.environment(),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One of our own commands, such as kops-hosts."""
        return self.run(f"opt/kops-pulumi/current/bin/{name}", *arguments, **environment)

    def tree(self) -> dict[str, tuple[str, int, int]]:
        """Every file outside /run: digest, mode and time of change, and every directory's mode and time."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if name.split("/", maxsplit=1)[0] != "run":
                status = path.lstat()
                digest = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else ""
                found[name] = (digest, status.st_mode, status.st_mtime_ns)
        return found

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def mode(self, path: str) -> int:
        return stat.S_IMODE((self.root / path).stat().st_mode)

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)
