"""OpenStack's shell library, and the fetch script with it, against stubs of Keystone, Swift and metadata."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kops_pulumi.bootstrap import bundle
from kops_pulumi.clouds.openstack import verbs
from kops_pulumi.model import IdentityKind
from tests.support import clouds
from tests.support.clouds.openstack import ROW
from tests.support.openstack_stub import SECRET, OpenStack, serve

FILES = Path(bundle.__file__).parent / "files"


@pytest.fixture
def cloud() -> Iterator[OpenStack]:
    with serve(OpenStack()) as running:
        yield running


def drive(cloud: OpenStack, root: Path, **facts: str) -> None:
    """A config drive; `mount` is played by a program that copies what is on it."""
    where = root / "drive/openstack/latest"
    where.mkdir(parents=True)
    (where / "meta_data.json").write_text(cloud.metadata(**facts))
    device = root / "dev/disk/by-label/config-2"
    device.parent.mkdir(parents=True)
    device.touch()


def shell(cloud: OpenStack, root: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    played = root / "played"
    played.mkdir(exist_ok=True)
    fakes = {
        "mount": f'cp -r {root}/drive/. "${{!#}}"',
        "umount": 'rm -rf "$1"/*',
        "ip": "echo '169.254.169.254 via 10.0.0.1 dev ens3 src 10.0.0.7 uid 0'",
    }
    for name, text in fakes.items():
        (played / name).write_text(f"#!/bin/bash\n{text}\n")
        (played / name).chmod(0o755)
    (root / "identity.sh").write_bytes((FILES / "identity-openstack.sh").read_bytes())
    prelude = f'set -euo pipefail\nlog() {{ echo "$*" >&2; }}\n. {FILES}/cloud-openstack.sh\n'
    own = {"HERE": str(root), "RUN": str(root), "ROOT": str(root), "KOPS_ROOT": str(root), "KOPS_METADATA": cloud.url}
    path = environment.pop("PATH", os.environ["PATH"])
    return subprocess.run(
        ["bash", "-c", prelude + script],
        env={**os.environ, **own, "KOPS_STALL": "1", "PATH": f"{played}:{path}", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_objects_come_and_go_with_one_token(cloud: OpenStack, tmp_path: Path) -> None:
    drive(cloud, tmp_path)
    payload = bytes(range(256)) * 100
    (tmp_path / "in").write_bytes(payload)
    result = shell(cloud, tmp_path, f"cloud_put {tmp_path}/in swift://b/a/x; cloud_get swift://b/a/x {tmp_path}/out")
    assert (result.returncode, result.stderr) == (0, "")
    assert cloud.objects["b/a/x"] == payload == (tmp_path / "out").read_bytes()
    assert cloud.requests == [
        "POST /identity/v3/auth/tokens",
        "PUT /v1/AUTH_0123/b/a/x",
        "GET /v1/AUTH_0123/b/a/x",
    ]


def test_without_a_drive_the_metadata_service_is_asked(cloud: OpenStack, tmp_path: Path) -> None:
    cloud.objects["b/x"] = b"here"
    assert shell(cloud, tmp_path, f"cloud_get swift://b/x {tmp_path}/out").returncode == 0
    assert cloud.requests[0] == "GET /openstack/latest/meta_data.json"


def test_a_credential_that_was_made_anew_is_found_although_the_drive_has_the_old_one(
    cloud: OpenStack, tmp_path: Path
) -> None:
    drive(cloud, tmp_path)
    cloud.secret, cloud.objects["b/x"] = "another", b"here"
    assert shell(cloud, tmp_path, f"cloud_get swift://b/x {tmp_path}/out").returncode == 0
    assert (tmp_path / "out").read_bytes() == b"here"


def test_an_absent_object_and_a_failing_store_leave_no_file(cloud: OpenStack, tmp_path: Path) -> None:
    drive(cloud, tmp_path)
    assert shell(cloud, tmp_path, f"cloud_get swift://b/none {tmp_path}/out").returncode != 0
    cloud.objects["b/x"], cloud.faults = b"here", [503]
    assert shell(cloud, tmp_path, f"cloud_get swift://b/x {tmp_path}/out").returncode != 0
    assert not (tmp_path / "out").exists()


def test_listings_follow_every_page_and_empty_ones_are_a_success(cloud: OpenStack, tmp_path: Path) -> None:
    cloud.objects = {f"b/p/{n}": b"" for n in range(5)} | {"b/q/0": b""}
    cloud.page = 2
    result = shell(cloud, tmp_path, "cloud_list swift://b/p/")
    assert result.stdout.splitlines() == [f"swift://b/p/{n}" for n in range(5)]
    empty = shell(cloud, tmp_path, "cloud_list swift://b/none/")
    assert (empty.returncode, empty.stdout) == (0, "")
    cloud.faults = [503]
    assert shell(cloud, tmp_path, "cloud_list swift://b/p/").returncode != 0


def test_a_machine_knows_itself(cloud: OpenStack, tmp_path: Path) -> None:
    drive(cloud, tmp_path)
    script = "cloud_instance_id; cloud_address; cloud_node_name private-dns; cloud_node_name instance-id"
    assert shell(cloud, tmp_path, script).stdout.splitlines() == [
        "83679162-1378-4288-a2d4-70e13ec132aa",
        "10.0.0.7",
        "nodes-1-c1",
        "83679162-1378-4288-a2d4-70e13ec132aa",
    ]
    assert cloud.requests == []


def test_the_others_are_who_the_engine_wrote_down(cloud: OpenStack, tmp_path: Path) -> None:
    cloud.objects["b/join/peers"] = b"cp-a cp-a-1-c1 10.0.0.1 cp-a-1-c1\n"
    told = shell(cloud, tmp_path, "cloud_peers", KOPS_STORE_JOIN="swift://b/join")
    assert told.stdout == "cp-a cp-a-1-c1 10.0.0.1 cp-a-1-c1\n"
    assert shell(cloud, tmp_path, "cloud_peers", KOPS_STORE_JOIN="swift://b/other").returncode != 0


@pytest.mark.parametrize(
    "name", ["virtio-0123abcd-0000-4000-8", "scsi-0QEMU_QEMU_HARDDISK_0123abcd-0000-4000-8000-0123456789ab"]
)
def test_a_volume_is_waited_for_and_found_by_its_id(cloud: OpenStack, tmp_path: Path, name: str) -> None:
    volume = "0123abcd-0000-4000-8000-0123456789ab"
    absent = shell(cloud, tmp_path, f"cloud_attach {volume}")
    assert absent.returncode != 0
    assert "not attached yet" in absent.stderr
    disks = tmp_path / "dev/disk/by-id"
    disks.mkdir(parents=True)
    (tmp_path / "dev/vdb").touch()
    (disks / name).symlink_to("../../vdb")
    found = shell(cloud, tmp_path, f"cloud_attach {volume} && cloud_device {volume}")
    assert found.stdout == f"{tmp_path}/dev/vdb\n"


def test_no_secret_is_ever_in_a_programs_arguments(cloud: OpenStack, tmp_path: Path) -> None:
    """Whoever may list processes would read it there."""
    real = os.environ["PATH"]
    for name in ("curl", "sed", "grep", "cut", "cat", "base64", "tail"):
        program = tmp_path / "seen" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/bash\nprintf "%s\\n" "$*" >>{tmp_path}/arguments\nPATH={real} exec {name} "$@"\n')
        program.chmod(0o755)
    cloud.objects["b/x"] = b"here"
    result = shell(cloud, tmp_path, f"cloud_get swift://b/x {tmp_path}/out", PATH=f"{tmp_path}/seen:{real}")
    assert result.returncode == 0, result.stderr
    arguments = (tmp_path / "arguments").read_text()
    assert "/v1/AUTH_0123/b/x" in arguments
    assert SECRET not in arguments
    assert "token-of-" not in arguments


def test_fetch_decodes_checks_and_runs_the_bundle_once_the_store_recovers(cloud: OpenStack, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        script = b"#!/usr/bin/env bash\necho booted\n"
        entry = tarfile.TarInfo("boot.sh")
        entry.size, entry.mode = len(script), 0o755
        tar.addfile(entry, io.BytesIO(script))
    sha256 = hashlib.sha256(archive.getvalue()).hexdigest()
    cloud.objects[f"b/nodes/{sha256}.tar.gz"], cloud.faults = base64.b64encode(archive.getvalue()), [503, 500]
    (tmp_path / "etc/kops-pulumi").mkdir(parents=True)
    (tmp_path / "opt/kops-pulumi/boot").mkdir(parents=True)
    (tmp_path / "etc/kops-pulumi/node.env").write_text(
        f"KOPS_BUNDLE=swift://b/nodes/{sha256}.tar.gz\nKOPS_SHA256={sha256}\n"
    )
    for path, file in bundle.first_files("openstack").items():
        if path.startswith("/opt"):
            (tmp_path / path.lstrip("/")).write_bytes(file.content)
    fetched = shell(cloud, tmp_path, f"bash {tmp_path}/opt/kops-pulumi/boot/fetch.sh", KOPS_BACKOFF="0")
    assert fetched.returncode == 0, fetched.stderr
    assert fetched.stdout.splitlines() == [f"bundle {sha256} is here", "booted"]
    assert fetched.stderr.count("again in 0 s") == 2


STORE = "swift://harbor-state/harbor.example.net"
NEEDED = {
    "node": ("nodes/node/nodes/x.tar.gz", "join/ca.crt", "join/token", "join/addresses/x", "join/labels/nodes"),
    "control-plane": (
        "nodes/control-plane/g/x.tar.gz",
        "secrets/control-plane/kubernetes-ca.key",
        "join/peers",
        "join/labels/nodes",
    ),
}
FORBIDDEN = {
    "node": ("secrets/control-plane/kubernetes-ca.key", "nodes/control-plane/g/x.tar.gz", "backups/etcd/main/x"),
    "control-plane": ("secrets/apiserver/x.key", "backups/etcd/main/recent/x"),
}


@pytest.mark.parametrize("role", NEEDED)
def test_a_role_reads_what_it_needs_and_nothing_else(cloud: OpenStack, tmp_path: Path, role: str) -> None:
    plan = clouds.planned(clouds.documents(ROW)).plan
    (own,) = [item for item in plan.identities if item.key == role and item.kind is IdentityKind.MACHINE]
    cloud.rules = verbs.of_machine(own.permissions, "swift")
    wanted, others = NEEDED[role], FORBIDDEN[role]
    place = STORE.removeprefix("swift://")
    cloud.objects = {f"{place}/{path}": base64.b64encode(b"it") for path in (*wanted, *others)}
    lines = [f"cloud_get {STORE}/{path} {tmp_path}/{n}" for n, path in enumerate(wanted)]
    got = shell(cloud, tmp_path, " && ".join([*lines, f"cloud_list {STORE}/join/addresses/"]))
    assert (got.returncode, cloud.refused) == (0, [])
    for path in others:
        assert shell(cloud, tmp_path, f"cloud_get {STORE}/{path} {tmp_path}/no").returncode != 0
    assert len(cloud.refused) >= len(others)
    (tmp_path / "mine").write_text("mine")
    puts = {
        path: shell(cloud, tmp_path, f"cloud_put {tmp_path}/mine {STORE}/{path}").returncode == 0
        for path in (
            "join/token",
            "join/addresses/me",
            "backups/etcd/main/recent/x",
            "join/ca.crt",
            "secrets/control-plane/x",
        )
    }
    serves = role == "control-plane"
    assert puts == {
        "join/token": serves,
        "join/addresses/me": serves,
        "backups/etcd/main/recent/x": serves,
        "join/ca.crt": False,
        "secrets/control-plane/x": False,
    }
