"""Build the real programs that end-to-end tests run: etcd and Kubernetes, in the versions pinned beside this file.

    make e2e  →  this file  →  $KOPS_PULUMI_CACHE/e2e/bin/{etcd,kube-apiserver,kubeadm,…}  →  pytest -m e2e

About ten minutes and 4 GB of Go's caches on two cores the first time; nothing when all is there. The version that a
program reports is set as upstream's builds set it: kubeadm compares it with its configuration. Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kops_pulumi.automation import engine, steps  # noqa: E402 (the checkout need not be installed)
from kops_pulumi.errors import KopsError, ToolError  # noqa: E402

HERE = Path(__file__).parent
KUBERNETES = "v1.34.2"
PROGRAMS: Mapping[str, Mapping[str, str]] = {
    "etcd": {
        "etcd": "go.etcd.io/etcd/server/v3",
        "etcdctl": "go.etcd.io/etcd/etcdctl/v3",
        "etcdutl": "go.etcd.io/etcd/etcdutl/v3",
    },
    "kubernetes": {
        name: f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubeadm", "kubectl")
    },
}
"""By the directory of their Go module: the programs and their packages."""
PACKAGES: Mapping[str, str] = {
    "ip": "iproute2",
    "losetup": "mount",
    "mkfs.ext4": "e2fsprogs",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "systemd-nspawn": "systemd-container",
    "systemd-analyze": "systemd",
    "cloud-init": "cloud-init",
    "dbus-daemon": "dbus",
}
"""What the tests need of Debian: a program and the package that has it."""

_VERSION = "k8s.io/component-base/version"
_STAMP = ".made-of"


def main() -> int:
    """Check the tools and build what is missing; the directory of the programs is the last line said."""
    try:
        check_tools()
        target = engine.cache_dir() / "e2e" / "bin"
        build(target)
    except KopsError as error:
        print(f"stopped: {error}", file=sys.stderr)
        return int(error.exit_code)
    print(target)
    return 0


def check_tools() -> None:
    """Raises ToolError with the command that installs what Debian's packages lack here."""
    missing = sorted({package for program, package in PACKAGES.items() if shutil.which(program) is None})
    if missing:
        raise ToolError(
            f"end-to-end tests boot machines with Debian's tools; missing: {', '.join(missing)}",
            hint=f"apt-get update && apt-get install --no-install-recommends {' '.join(missing)}",
        )
    if shutil.which("go") is None:
        raise ToolError("Go is needed to build etcd and Kubernetes", hint="install Go 1.24 or newer")


def build(target: Path) -> None:
    """Every program whose module or recipe has changed since it was built."""
    target.mkdir(parents=True, exist_ok=True)
    for module, programs in PROGRAMS.items():
        for name, package in programs.items():
            stamp, made_of = target / f"{_STAMP}-{name}", digest(module)
            if (target / name).exists() and stamp.exists() and stamp.read_text() == made_of:
                continue
            command = ["go", "build", "-mod=readonly", "-ldflags", flags(), "-o", str(target / name), package]
            steps.run(["nice", "-n", "15", *command], os.environ, say=say, what=f"building {name}", cwd=HERE / module)
            stamp.write_text(made_of)


def flags() -> str:
    """The linker's: small programs that know their version."""
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    values = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(["-s", "-w", *(f"-X {_VERSION}.{key}={value}" for key, value in values.items())])


def digest(module: str) -> str:
    """Of everything that a module's programs are made from."""
    files = [HERE / module / "go.mod", HERE / module / "go.sum"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + flags().encode()).hexdigest()


def say(line: str) -> None:
    """Progress, for a person."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
