"""AWS's shell library against stubs that check every signature."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kops_pulumi.bootstrap import bundle
from tests.support.cloud_stub import REGION, Cloud, serve

FILES = Path(bundle.__file__).parent / "files"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with serve(Cloud(facts={"meta-data/instance-id": "i-1", "meta-data/local-ipv4": "10.0.0.1"})) as running:
        yield running


def shell(cloud: Cloud, tmp_path: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "identity.sh").write_bytes((FILES / "identity-aws.sh").read_bytes())
    prelude = f'set -euo pipefail\nlog() {{ echo "$*" >&2; }}\n. {FILES}/cloud-aws.sh\n'
    own = {"HERE": str(tmp_path), "RUN": str(tmp_path), "ROOT": str(tmp_path), "KOPS_CLUSTER": "c1", "KOPS_IPV6": "no"}
    return subprocess.run(
        ["bash", "-c", prelude + script],
        env={**os.environ, "KOPS_REGION": REGION, **own, **cloud.environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_objects_come_and_go_with_signed_requests(cloud: Cloud, tmp_path: Path):
    payload = bytes(range(256)) * 100
    (tmp_path / "in").write_bytes(payload)
    result = shell(cloud, tmp_path, f"cloud_put {tmp_path}/in s3://b/a/x; cloud_get s3://b/a/x {tmp_path}/out")
    assert (result.returncode, result.stderr) == (0, "")
    assert cloud.objects["b/a/x"] == payload == (tmp_path / "out").read_bytes()
    assert not cloud.refused


def test_the_stub_refuses_a_wrong_key(cloud: Cloud, tmp_path: Path):
    """So that the tests of signatures can fail."""
    role = "meta-data/iam/security-credentials/the-role"
    cloud.facts[role] = cloud.facts[role].replace("s3cr3t", "other")
    assert shell(cloud, tmp_path, "cloud_list s3://b/").returncode != 0
    assert cloud.refused


def test_an_absent_object_leaves_no_file(cloud: Cloud, tmp_path: Path):
    assert shell(cloud, tmp_path, f"cloud_get s3://b/none {tmp_path}/out").returncode != 0
    assert not (tmp_path / "out").exists()


def test_listings_follow_every_page_and_survive_odd_names(cloud: Cloud, tmp_path: Path):
    names = ["p/a", "p/b & c", "p/d<e>", "p/é", "q/no"]
    cloud.objects = {f"b/{name}": b"" for name in names}
    cloud.page = 2
    result = shell(cloud, tmp_path, "cloud_list s3://b/p/")
    assert result.stdout.splitlines() == [f"s3://b/{name}" for name in sorted(names[:4])]
    assert not cloud.refused


def test_an_empty_listing_is_a_success_and_a_failing_one_is_not(cloud: Cloud, tmp_path: Path):
    empty = shell(cloud, tmp_path, "cloud_list s3://b/none/")
    assert (empty.returncode, empty.stdout) == (0, "")
    cloud.faults["/s3/b"] += ["503"]
    assert shell(cloud, tmp_path, "cloud_list s3://b/none/").returncode != 0


def test_peers_are_told_oldest_first_with_every_address(cloud: Cloud, tmp_path: Path):
    cloud.machines = [
        {"id": "i-2", "name": "ip-2.internal", "time": "2026-02", "address": "10.0.0.2", "group": "cp-a"},
        {"id": "i-1", "name": "ip-1.internal", "time": "2026-01", "address": "10.0.0.1", "group": "cp-a"},
    ]
    result = shell(cloud, tmp_path, "cloud_peers")
    assert result.stdout.splitlines() == [
        "cp-a i-1 10.0.0.1,10.0.0.200 ip-1.internal",
        "cp-a i-2 10.0.0.2,10.0.0.200 ip-2.internal",
    ]


def test_attaching_is_idempotent_and_waits_for_the_holder(cloud: Cloud, tmp_path: Path):
    cloud.volumes = {"vol-1": None, "vol-2": "i-9"}
    assert shell(cloud, tmp_path, "cloud_attach vol-1; cloud_attach vol-1").returncode == 0
    assert cloud.volumes["vol-1"] == "i-1"
    assert len([request for request in cloud.requests if "AttachVolume" in request]) == 1
    held = shell(cloud, tmp_path, "cloud_attach vol-2")
    assert held.returncode != 0
    assert "still held by i-9" in held.stderr
    assert cloud.volumes["vol-2"] == "i-9"


def test_a_device_name_in_use_is_passed_over(cloud: Cloud, tmp_path: Path):
    cloud.volumes = {"vol-1": None}
    cloud.busy_devices = {"/dev/sdf", "/dev/sdg"}
    assert shell(cloud, tmp_path, "cloud_attach vol-1").returncode == 0
    assert [request for request in cloud.requests if "Device=%2Fdev%2Fsdh" in request]


def test_a_volume_is_found_by_its_serial_only(cloud: Cloud, tmp_path: Path):
    cloud.volumes = {"vol-0abc": None, "vol-0abcd": None}
    disk = tmp_path / "sys/block/nvme2n1/device"
    disk.mkdir(parents=True)
    (disk / "serial").write_text("vol0abc             \n")
    assert shell(cloud, tmp_path, "cloud_device vol-0abc").stdout == f"{tmp_path}/dev/nvme2n1\n"
    assert shell(cloud, tmp_path, "cloud_device vol-0abcd").returncode != 0


def test_an_older_machines_disk_is_found_by_its_attachment(cloud: Cloud, tmp_path: Path):
    cloud.volumes = {"vol-1": "i-1"}
    (tmp_path / "dev").mkdir()
    assert shell(cloud, tmp_path, "cloud_device vol-1").returncode != 0
    (tmp_path / "dev/xvdf").touch()
    assert shell(cloud, tmp_path, "cloud_device vol-1").stdout == f"{tmp_path}/dev/xvdf\n"


def test_a_warm_machine_says_so_to_its_own_group(cloud: Cloud, tmp_path: Path):
    cloud.facts["meta-data/autoscaling/target-lifecycle-state"] = "Warmed:Stopped"
    own = {"KOPS_GROUP": "gpu nodes", "KOPS_ROLE": "node"}
    assert shell(cloud, tmp_path, "cloud_warming && cloud_warmed", **own).returncode == 0
    assert cloud.warmed == ["gpu nodes.c1"]
    cloud.facts["meta-data/autoscaling/target-lifecycle-state"] = "InService"
    assert shell(cloud, tmp_path, "cloud_warming", **own).returncode != 0


def test_no_key_is_ever_in_a_programs_arguments(cloud: Cloud, tmp_path: Path):
    """Whoever may list processes would read it there."""
    names = ("curl", "sed", "printf", "sha256sum", "od", "tr", "date", "cut", "grep", "awk")
    real = os.environ["PATH"]
    for name in names:
        program = tmp_path / "seen" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/bash\nprintf "%s\\n" "$*" >>{tmp_path}/arguments\nPATH={real} exec {name} "$@"\n')
        program.chmod(0o755)
    result = shell(cloud, tmp_path, "cloud_list s3://b/", PATH=f"{tmp_path}/seen:{real}")
    assert result.returncode == 0, result.stderr
    arguments = (tmp_path / "arguments").read_text()
    assert "list-type=2" in arguments
    for secret in ("s3cr3t", "session//token", "imds-token", "Signature"):
        assert secret not in arguments


@pytest.mark.parametrize("length", [1, 20, 32, 44, 64])
def test_hmac_is_rfc_2104s(cloud: Cloud, tmp_path: Path, length: int):
    import hmac as reference

    key = bytes((7 * index) % 256 for index in range(length))
    result = shell(cloud, tmp_path, f"printf 'message' | hmac {key.hex()}")
    assert result.stdout.strip() == reference.new(key, b"message", "sha256").hexdigest()
