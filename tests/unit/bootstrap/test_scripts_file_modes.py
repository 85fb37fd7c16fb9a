"""The 31 file checks of the CIS benchmark (kube-bench cis-1.12: 1.1.1-1.1.21, 4.1.1-4.1.10) on machines that booted.

kubeadm is played here, and writes its files with the modes that the real one writes them with.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kops_pulumi.bootstrap.node import BundleFile
from kops_pulumi.model import Role
from tests.support.cloud_stub import Cloud, serve
from tests.support.machine import Machine
from tests.support.throwaway_pki import secrets

K = "etc/kubernetes"
MODES: dict[str, tuple[int, tuple[str, ...]]] = {
    "1.1.1": (0o600, (f"{K}/manifests/kube-apiserver.yaml",)),
    "1.1.3": (0o600, (f"{K}/manifests/kube-controller-manager.yaml",)),
    "1.1.5": (0o600, (f"{K}/manifests/kube-scheduler.yaml",)),
    "1.1.7": (0o600, (f"{K}/manifests/etcd-*.yaml",)),
    "1.1.9": (0o600, ("etc/cni/net.d/*", "var/lib/cni/networks/*/*")),
    "1.1.11": (0o700, ("mnt/etcd/*/data",)),
    "1.1.13": (0o600, (f"{K}/admin.conf",)),
    "1.1.15": (0o600, (f"{K}/scheduler.conf",)),
    "1.1.17": (0o600, (f"{K}/controller-manager.conf",)),
    "1.1.20": (0o644, (f"{K}/pki/**/*.crt",)),
    "1.1.21": (0o600, (f"{K}/pki/**/*.key",)),
    "4.1.1": (0o600, ("etc/systemd/system/kubelet.service",)),
    "4.1.5": (0o600, (f"{K}/kubelet.conf",)),
    "4.1.7": (0o644, (f"{K}/pki/ca.crt",)),
    "4.1.9": (0o600, ("var/lib/kubelet/config.yaml",)),
}
"""By check: the most that may be allowed, and the files."""
OWNERS: dict[str, str] = {
    "1.1.2": "1.1.1",
    "1.1.4": "1.1.3",
    "1.1.6": "1.1.5",
    "1.1.8": "1.1.7",
    "1.1.10": "1.1.9",
    "1.1.14": "1.1.13",
    "1.1.16": "1.1.15",
    "1.1.18": "1.1.17",
    "1.1.19": "1.1.20",
    "4.1.2": "4.1.1",
    "4.1.6": "4.1.5",
    "4.1.8": "4.1.7",
    "4.1.10": "4.1.9",
}
"""Ownership checks, by the check of the same files' modes."""
_PROXY = ("4.1.3", "4.1.4")
"""Of a kube-proxy kubeconfig file, if there is one: kubeadm's kube-proxy has it in a ConfigMap."""
_ETCD_OWNER = "1.1.12"
_NODE = ("1.1.9", "4.1.1", "4.1.5", "4.1.7", "4.1.9")


def boot(root: Path, cloud: Cloud, role: Role) -> Machine:
    root.mkdir()
    box = Machine(root, cloud, role, {"/etc/cni/net.d/10-own.conflist": BundleFile.text("{}")})
    box.install(secrets())
    lease = root / "var/lib/cni/networks/pods/10.1.0.1"
    lease.parent.mkdir(parents=True)
    lease.write_text("container")
    lease.chmod(0o644)
    cloud.objects["store/c1/join/ca.crt"] = secrets()["kubernetes-ca.crt"]
    cloud.objects["store/c1/join/token"] = b"abcdef.0123456789abcdef\n"
    cloud.objects["store/c1/join/addresses/i-7"] = b"10.0.0.7 1000000 cp-a\n"
    (box.played / "kubelet.pem").write_bytes(secrets()["kubernetes-ca.crt"])
    result = box.run()
    assert result.returncode == 0, result.stderr
    return box


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Role, Machine]]:
    place = tmp_path_factory.mktemp("machines")
    with serve(Cloud()) as control_planes, serve(Cloud()) as workers:
        yield {
            Role.CONTROL_PLANE: boot(place / "cp", control_planes, Role.CONTROL_PLANE),
            Role.NODE: boot(place / "node", workers, Role.NODE),
        }


def found(box: Machine, check: str) -> list[Path]:
    return [path for pattern in MODES[check][1] for path in box.root.glob(pattern)]


def test_all_31_checks_are_here():
    ids = {*MODES, *OWNERS, *_PROXY, _ETCD_OWNER}
    assert ids == {f"1.1.{number}" for number in range(1, 22)} | {f"4.1.{number}" for number in range(1, 11)}


@pytest.mark.parametrize(("role", "check"), [(role, c) for role in (Role.CONTROL_PLANE, Role.NODE) for c in MODES])
def test_modes_are_at_most_what_the_benchmark_allows(machines: dict[Role, Machine], role: Role, check: str):
    files = found(machines[role], check)
    if role is Role.CONTROL_PLANE or check in _NODE:
        assert files, f"{check}: nothing to check"
    allowed = MODES[check][0]
    assert {
        str(path): oct(stat.S_IMODE(path.stat().st_mode)) for path in files if path.stat().st_mode & 0o777 & ~allowed
    } == {}


@pytest.mark.parametrize("check", OWNERS)
def test_owner_is_who_runs_the_boot(machines: dict[Role, Machine], check: str):
    """Root on a machine: nothing is given away, archives' owners are not taken over."""
    box = machines[Role.CONTROL_PLANE]
    owner = box.root.stat()
    assert {(path.stat().st_uid, path.stat().st_gid) for path in found(box, OWNERS[check])} == {
        (owner.st_uid, owner.st_gid)
    }


def test_etcd_data_belongs_to_etcd(machines: dict[Role, Machine]):
    box = machines[Role.CONTROL_PLANE]
    assert f"chown etcd:etcd {box.root}/mnt/etcd/main/data" in box.calls


@pytest.mark.parametrize("role", [Role.CONTROL_PLANE, Role.NODE])
def test_there_is_no_proxy_kubeconfig_and_no_super_admin(machines: dict[Role, Machine], role: Role):
    assert not [*machines[role].root.rglob("super-admin.conf"), *machines[role].root.rglob("*proxy*.conf")]


@pytest.mark.parametrize("role", [Role.CONTROL_PLANE, Role.NODE])
def test_no_private_key_is_readable_by_others(machines: dict[Role, Machine], role: Role):
    box = machines[role]
    keys = [path for path in box.root.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert bool(keys) == (role is Role.CONTROL_PLANE)
    assert not [path for path in keys if path.stat().st_mode & 0o077]
