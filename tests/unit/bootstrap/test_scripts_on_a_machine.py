"""The boot, run for real below a directory against a cloud on a local port that fails in every way it can."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from kops_pulumi.bootstrap.node import BundleFile
from kops_pulumi.bootstrap.tables import HOME
from kops_pulumi.model import Role
from tests.support.cloud_stub import Cloud, serve
from tests.support.machine import STORE, Machine
from tests.support.throwaway_pki import openssl, secrets

TEMPLATE = "sans:\n  @machine(late-sans)@\nname: @machine(name)@ @machine(address)@\n"
PROGRAM = b"#!/bin/sh\necho ok\n"
FAULTS = ["404", "500", "truncated", "corrupt", "late"]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with serve(Cloud()) as running:
        yield running


def machine(tmp_path: Path, cloud: Cloud, role: Role = Role.CONTROL_PLANE, **more: BundleFile | str) -> Machine:
    root = tmp_path / "root"
    root.mkdir()
    made = Machine(root, cloud, role)
    made.extra = {path: BundleFile.text(item) if isinstance(item, str) else item for path, item in more.items()}
    made.install(secrets())
    return made


@dataclass(frozen=True)
class Booted:
    """A control plane that has booted once, without a fault; tests may run its commands."""

    box: Machine
    cloud: Cloud
    log: str
    calls: tuple[str, ...]


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with serve(Cloud()) as running:
        own = {"/etc/own file.yaml": BundleFile.text(TEMPLATE, 0o640)}
        box = machine(tmp_path_factory.mktemp("booted"), running, **own)
        result = box.run()
        assert result.returncode == 0, result.stderr
        yield Booted(box, running, result.stderr, tuple(box.calls))


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(f"top/{name}")
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def assets(cloud: Cloud) -> str:
    """A program, an archive, and a program whose digest only its publisher knows."""
    cloud.files = {"good": PROGRAM, "tools.tgz": archive(one=b"1", two=b"2"), "late": b"late", "late.sha256": b""}
    cloud.files["late.sha256"] = f"{sha256(b'late').hexdigest()}  late\n".encode()
    rows = [
        ("good", sha256(PROGRAM).hexdigest(), "/usr/local/bin/good", "no", "0", "-", "good"),
        ("tools", sha256(cloud.files["tools.tgz"]).hexdigest(), "/opt/tools", "yes", "1", "-", "tools.tgz"),
        ("late", f"{cloud.url}/files/late.sha256", "/usr/local/bin/late", "no", "0", "-", "late"),
    ]
    return "".join(
        f"{name}\t{arch}\t{digest}\t{to}\t0755\t{kind}\t{strip}\t{members}\t"
        f"{cloud.url}/files/gone-{file} {cloud.url}/files/{file}\n"
        for name, digest, to, kind, strip, members, file in rows
        for arch in ("amd64", "arm64")
    )


def test_the_boot_converges_after_every_kind_of_fault(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud, **{f"{HOME}/assets.tsv": assets(cloud)})
    for path in (f"/s3/store/c1/nodes/g/{box.bundle().sha256}.tar.gz", "/files/good", "/files/tools.tgz"):
        cloud.faults[path] += FAULTS
    cloud.faults["/s3/store/c1/secrets/control-plane/kubernetes-ca.key"] += ["403", "truncated"]
    cloud.faults["/latest/meta-data/instance-id"] += ["500"]
    cloud.faults["/s3/store"] += ["503"]  # the listing of the etcd marks
    result = box.run()
    assert result.returncode == 0, result.stderr
    assert (box.root / "usr/local/bin/good").read_bytes() == PROGRAM
    assert (box.read("opt/tools/one"), box.read("opt/tools/two"), box.read("usr/local/bin/late")) == ("1", "2", "late")
    assert box.mode("usr/local/bin/good") == 0o755
    assert box.read("etc/kubernetes/pki/ca.key").encode() == secrets()["kubernetes-ca.key"]
    assert not cloud.refused


def test_a_second_boot_changes_nothing(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud, **{f"{HOME}/assets.tsv": assets(cloud)})
    assert box.run().returncode == 0
    first = box.tree()
    asked = len(cloud.requests)
    box.reboot()
    assert box.run().returncode == 0
    assert box.tree() == first
    assert not [call for call in box.calls if call.startswith(("mkfs", "kubeadm init phase certs", "apt-get"))]
    assert not [request for request in cloud.requests[asked:] if "/files/" in request or "/nodes/" in request]


def test_a_bundle_of_another_digest_is_never_run(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud)
    key = f"store/c1/nodes/g/{box.bundle().sha256}.tar.gz"
    whole = cloud.objects[key]
    evil = archive(**{"boot.sh": f"#!/bin/sh\ntouch {tmp_path}/owned\n".encode()})
    cloud.objects[key] = evil
    cloud.faults[f"/s3/{key}"] += ["", "", ""]
    served = iter([evil, evil, whole])

    class Served(dict[str, bytes]):
        def get(self, name: str, default: object = None) -> bytes | None:  # type: ignore[override]
            return next(served) if name == key else super().get(name)

    cloud.objects = Served(cloud.objects)
    result = box.run()
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "owned").exists()
    assert result.stderr.count("did not arrive whole") == 2


def test_a_corrupt_program_is_never_installed(tmp_path: Path, cloud: Cloud):
    """Even when the boot is cut short while mirrors give nothing but garbage, what was there stays."""
    box = machine(tmp_path, cloud, **{f"{HOME}/assets.tsv": assets(cloud)})
    cloud.faults["/files/good"] += ["corrupt"] * 3
    seen: list[bytes] = []
    place = box.root / "usr/local/bin/good"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"older")
    original = cloud.files

    class Watched(dict[str, bytes]):
        def get(self, name: str, default: object = None) -> bytes | None:  # type: ignore[override]
            seen.append(place.read_bytes())
            return super().get(name)

    cloud.files = Watched(original)
    assert box.run().returncode == 0
    assert set(seen[:4]) == {b"older"}
    assert place.read_bytes() == PROGRAM


def test_a_broken_program_is_repaired_at_the_next_boot(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud, **{f"{HOME}/assets.tsv": assets(cloud)})
    assert box.run().returncode == 0
    (box.root / "usr/local/bin/good").write_bytes(b"bit rot")
    box.reboot()
    assert box.run().returncode == 0
    assert (box.root / "usr/local/bin/good").read_bytes() == PROGRAM


def test_files_are_written_with_marks_replaced_and_swap_is_off(booted: Booted):
    box = booted.box
    assert box.read("etc/own file.yaml") == 'sans:\n  - "lb.example.com"\n  - "10.9.8.7"\nname: i-1 10.0.0.1\n'
    assert box.mode("etc/own file.yaml") == 0o640
    assert "# /swapfile none swap" in box.read("etc/fstab")


def test_every_step_is_logged_with_its_time(booted: Booted):
    log = booted.log
    for step in booted.box.bundle().files[f"{HOME}/order"].content.decode().split():
        assert f"kops: {step}: begins\n" in log
        assert f"kops: {step}: done in " in log


def test_a_failed_step_ends_the_boot_and_the_next_goes_on(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud)
    kubeadm = box.played / "kubeadm"
    works = kubeadm.read_text()
    kubeadm.write_text("#!/bin/sh\nexit 1\n")
    first = box.run()
    assert first.returncode != 0
    assert "kops: kubeadm: failed after" in first.stderr
    assert "systemctl start kubelet.service" not in box.calls
    kubeadm.write_text(works)
    assert box.run().returncode == 0


def test_the_kubelet_starts_only_after_the_volume_is_mounted_and_is_never_enabled(booted: Booted):
    calls = booted.calls
    mounted = next(index for index, call in enumerate(calls) if call.startswith("mount -o noatime"))
    assert mounted < calls.index("systemctl start kubelet.service")
    assert not [call for call in calls if "enable" in call and "kubelet" in call]


def test_super_admin_exists_only_while_it_is_needed(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud)
    kubectl = box.played / "kubectl"
    kubectl.write_text(kubectl.read_text() + "\n[[ $* != *can-i* ]]\n")
    assert box.run().returncode == 0
    assert [call for call in box.calls if call.startswith("kubeadm init phase kubeconfig super-admin")]
    assert not (box.root / "etc/kubernetes/super-admin.conf").exists()


def test_another_machines_volume_is_waited_for_and_the_kubelet_runs_meanwhile(tmp_path: Path, cloud: Cloud):
    cloud.volumes["vol-1"] = "i-dying"
    box = machine(tmp_path, cloud)
    kubectl = box.played / "kubectl"
    kubectl.write_text(
        kubectl.read_text() + "\n[[ $* != *readyz* ]] || [[ -e $KOPS_ROOT/etc/kubernetes/manifests/etcd-main.yaml ]]\n"
    )
    (box.played / "sleep").write_text("#!/bin/sh\n[ ! -e $PLAYED/active.kubelet.service ] || touch $PLAYED/let-go\n")
    (box.played / "sleep").chmod(0o755)

    class Volumes(dict[str, str | None]):
        def __getitem__(self, name: str) -> str | None:
            held = super().__getitem__(name)
            return None if held == "i-dying" and (box.played / "let-go").exists() else held

    cloud.volumes = Volumes(cloud.volumes)
    result = box.run()
    assert result.returncode == 0, result.stderr
    assert "vol-1 is still held by i-dying" in result.stderr
    assert cloud.volumes["vol-1"] == "i-1"
    assert (box.root / "etc/kubernetes/manifests/etcd-main.yaml").exists()


def test_a_blank_volume_of_a_member_that_lived_is_not_formatted(tmp_path: Path, cloud: Cloud):
    """The only member's data is gone: a new cluster would look healthy and be empty, so a human must decide."""
    cloud.objects["store/c1/backups/etcd/main/initialized/f1416eb6f1b5/a"] = b"i-0\n"
    box = machine(tmp_path, cloud)
    assert box.run().returncode == 0  # the played API server answers nevertheless
    assert not [call for call in box.calls if call.startswith(("mkfs", "mount "))]
    assert not (box.root / "etc/kubernetes/manifests/etcd-main.yaml").exists()
    assert box.command("kops-etcd", "tend").returncode == 1


def test_nothing_is_decided_while_the_store_does_not_answer(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud)
    cloud.faults["/s3/store"] += ["503"] * 50
    assert box.run().returncode == 0
    assert not (box.root / "etc/kubernetes/manifests/etcd-main.yaml").exists()
    cloud.faults["/s3/store"].clear()
    assert box.command("kops-etcd", "tend").returncode == 0
    assert (box.root / "etc/kubernetes/manifests/etcd-main.yaml").exists()


def test_a_first_start_that_was_interrupted_goes_on(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud)
    systemctl = box.played / "systemctl"
    systemctl.write_text(systemctl.read_text().replace("kubelet.service ]]; then", "nothing ]]; then"))
    assert box.run().returncode == 0
    assert box.read("mnt/etcd/main/state") == "forming\n"
    box.reboot()
    assert box.run().returncode == 0
    assert (box.root / "etc/kubernetes/manifests/etcd-main.yaml").exists()


def test_a_worker_joins_once_with_the_pinned_authority(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud, Role.NODE)
    authority = secrets()["kubernetes-ca.crt"]
    cloud.objects["store/c1/join/ca.crt"] = authority
    cloud.objects["store/c1/join/token"] = b"abcdef.0123456789abcdef\n"
    cloud.objects["store/c1/join/addresses/i-7"] = b"10.0.0.7 1000000 cp-a\n"
    cloud.objects["store/c1/join/addresses/i-8"] = b"10.0.0.8 1000100 cp-b\n"
    cloud.objects["store/c1/join/addresses/i-6"] = b"10.0.0.6 990000 cp-a\n"  # gone long before
    cloud.faults["/s3/store/c1/join/token"] += ["403", "corrupt"]
    (box.played / "kubelet.pem").write_bytes(authority)
    kubeadm = box.played / "kubeadm"
    kubeadm.write_text(kubeadm.read_text() + '\n[[ $1 != join ]] || cp "$3" "$PLAYED/join.yaml"\n')
    assert box.run().returncode == 0
    key = openssl("x509", "-pubkey", "-noout", stdin=authority)
    pin = sha256(openssl("pkey", "-pubin", "-outform", "der", stdin=key)).hexdigest()
    given = (box.played / "join.yaml").read_text()
    assert given == f"name: i-1\ntoken: abcdef.0123456789abcdef\nhash: sha256:{pin}\n"
    assert not (box.root / "etc/kubernetes/kubeadm-join.yaml").exists()
    hosts = box.read("etc/hosts")
    assert "10.0.0.7 api.internal.c1\n" in hosts
    assert "10.0.0.8 api.internal.c1\n" in hosts
    assert "10.0.0.6" not in hosts
    first = box.tree()
    box.reboot()
    assert box.run().returncode == 0
    assert box.tree() == first
    assert not [call for call in box.calls if call.startswith("kubeadm join")]


def test_hosts_are_written_in_place_and_keep_what_is_not_ours(booted: Booted):
    box, cloud = booted.box, booted.cloud
    hosts = box.root / "etc/hosts"
    inode = hosts.stat().st_ino
    hosts.write_text(f"{hosts.read_text()}192.0.2.9 of-the-user\n")
    cloud.machines[0]["address"] = "10.0.0.99"  # not believed about ourselves
    cloud.machines.append({"id": "i-2", "name": "n", "time": "2", "address": "10.0.0.2", "group": "workers"})
    assert box.command("kops-hosts").returncode == 0
    assert hosts.stat().st_ino == inode
    assert "192.0.2.9 of-the-user" in hosts.read_text()
    assert hosts.read_text().count("# kops-pulumi begin") == 1
    assert "10.0.0.1 etcd-a.internal.c1" in hosts.read_text()


def test_a_token_is_put_where_workers_read_it_and_left_nowhere_else(booted: Booted):
    box, cloud = booted.box, booted.cloud
    assert cloud.objects["store/c1/join/token"] == b"abcdef.0123456789abcdef\n"
    assert [call for call in box.calls if "token create --ttl 2h" in call]
    assert not [path for path in box.root.rglob("*") if path.is_file() and b"abcdef.0123" in path.read_bytes()]


def test_snapshots_go_to_recent_hourly_and_daily_by_name(booted: Booted):
    box, cloud = booted.box, booted.cloud
    for now in ("1763888400", "1763889300", "1763892000"):  # 09:00, 09:15 and 10:00 of 23 November 2025
        assert box.command("kops-etcd-snapshot", KOPS_NOW=now).returncode == 0
    stored = sorted(
        key.removeprefix(f"{STORE[5:]}/backups/etcd/main/") for key in cloud.objects if key.endswith(".db.gz")
    )
    assert stored == [
        "daily/2025-11-23.db.gz",
        "hourly/2025-11-23T09.db.gz",
        "hourly/2025-11-23T10.db.gz",
        "recent/2025-11-23T09-00.db.gz",
        "recent/2025-11-23T09-15.db.gz",
        "recent/2025-11-23T10-00.db.gz",
    ]


def test_a_restore_keeps_the_old_data_beside_and_starts_the_snapshots(tmp_path: Path, cloud: Cloud):
    box = machine(tmp_path, cloud)
    assert box.run().returncode == 0
    (box.root / "mnt/etcd/main/data/old").touch()
    (tmp_path / "main.db.gz").write_bytes(gzip.compress(b"snapshot"))
    program = box.played / "etcdutl"
    program.write_text(
        '#!/bin/bash\necho "etcdutl $*" >>"$PLAYED/calls"\n[[ $(cat "$3") == snapshot ]] || exit 1\n'
        'mkdir -p "${!#}/member/wal"; touch "${!#}/member/wal/0.wal"\n'
    )
    program.chmod(0o755)
    assert box.command("kops-etcd-restore", "main", str(tmp_path / "main.db.gz")).returncode != 0  # not without --yes
    assert (box.root / "mnt/etcd/main/data/old").exists()
    result = box.command("kops-etcd-restore", "main", str(tmp_path / "main.db.gz"), "--yes")
    assert result.returncode == 0, result.stderr
    call = next(call for call in box.calls if call.startswith("etcdutl"))
    for part in (
        "--name a",
        "--initial-cluster a=https://etcd-a.internal.c1:2380",
        "--bump-revision",
        "--mark-compacted",
    ):
        assert part in call
    assert not (box.root / "mnt/etcd/main/data/old").exists()
    assert len([*box.root.glob("mnt/etcd/main/data.before-restore-*/old")]) == 1
    assert (box.root / "etc/kubernetes/manifests/etcd-main.yaml").exists()
    assert box.read("mnt/etcd/main/state") == "formed\n"


def test_only_the_leader_takes_snapshots(booted: Booted):
    box, cloud = booted.box, booted.cloud
    etcdctl = box.played / "etcdctl"
    etcdctl.write_text(etcdctl.read_text().replace('"Leader" : 7', '"Leader" : 8'))
    before = set(cloud.objects)
    assert box.command("kops-etcd-snapshot").returncode == 0
    assert set(cloud.objects) == before
