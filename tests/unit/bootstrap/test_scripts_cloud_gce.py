"""GCE's shell library against a stub of the metadata server, Cloud Storage and Compute Engine."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kops_pulumi.bootstrap import bundle
from tests.support.google_stub import HERE, PROJECT, TOKEN, Google, serve

FILES = Path(bundle.__file__).parent / "files"
DISK = f"{HERE}/disks/a-etcd-main-c1"


@pytest.fixture
def google() -> Iterator[Google]:
    with serve(Google()) as running:
        yield running


def shell(google: Google, tmp_path: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "identity.sh").write_bytes((FILES / "identity-gce.sh").read_bytes())
    prelude = f'set -euo pipefail\nshopt -s inherit_errexit\nlog() {{ echo "$*" >&2; }}\n. {FILES}/cloud-gce.sh\n'
    own = {"HERE": str(tmp_path), "RUN": str(tmp_path), "ROOT": str(tmp_path), "KOPS_CLUSTER": "c1"}
    return subprocess.run(
        ["bash", "-c", prelude + script],
        env={**os.environ, **own, **google.environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def machine(number: int, **more: object) -> dict[str, object]:
    return {
        "id": str(100 + number),
        "name": f"cp-{number}",
        "status": "RUNNING",
        "zone": "europe-west3-a",
        "creationTimestamp": f"2026-01-0{number}T00:00:00.000-07:00",
        "labels": {"k8s-io-cluster-name": "c1", "k8s-io-instance-group": "cp-a"},
        "networkInterfaces": [{"networkIP": f"10.0.0.{number}", "accessConfigs": [{"natIP": f"192.0.2.{number}"}]}],
        **more,
    }


def test_objects_come_and_go_with_the_machines_token(google: Google, tmp_path: Path):
    payload = bytes(range(256)) * 100
    (tmp_path / "in").write_bytes(payload)
    result = shell(google, tmp_path, f"cloud_put {tmp_path}/in gs://b/a/x; cloud_get gs://b/a/x {tmp_path}/out")
    assert (result.returncode, result.stderr) == (0, "")
    assert google.objects["b/a/x"] == payload == (tmp_path / "out").read_bytes()


def test_what_is_stored_as_base64_arrives_as_it_was(google: Google, tmp_path: Path):
    google.objects["b/x.tar.gz"] = base64.b64encode(bytes(range(256)) * 9)
    google.types["b/x.tar.gz"] = "application/base64"
    assert shell(google, tmp_path, f"cloud_get gs://b/x.tar.gz {tmp_path}/out").returncode == 0
    assert (tmp_path / "out").read_bytes() == bytes(range(256)) * 9


def test_a_refusal_leaves_no_file_and_is_told(google: Google, tmp_path: Path):
    google.refusals = [403]
    (tmp_path / "in").write_text("x")
    refused = shell(google, tmp_path, f"cloud_put {tmp_path}/in gs://b/x")
    assert refused.returncode != 0
    assert "could not put gs://b/x" in refused.stderr
    google.refusals = [500]
    assert shell(google, tmp_path, f"cloud_get gs://b/x {tmp_path}/out").returncode != 0
    assert not (tmp_path / "out").exists()


def test_what_may_not_be_written_again_counts_as_written(google: Google, tmp_path: Path):
    google.write_once = True
    (tmp_path / "in").write_text("snapshot")
    again = shell(google, tmp_path, f"cloud_put {tmp_path}/in gs://b/s; cloud_put {tmp_path}/in gs://b/s")
    assert (again.returncode, "is there already" in again.stderr) == (0, True)


def test_listings_follow_every_page_and_survive_odd_names(google: Google, tmp_path: Path):
    names = ["p/a", "p/b & c", 'p/d"e', "p/é:{x}, y", "q/no"]
    google.objects = {f"b/{name}": b"" for name in names}
    google.page = 2
    result = shell(google, tmp_path, "cloud_list gs://b/p/")
    assert result.returncode == 0, result.stderr
    expected = [f"gs://b/{name}" for name in sorted(names[:4])]
    assert [json.loads(f'"{line}"') if "\\u" in line else line for line in result.stdout.splitlines()] == expected


def test_an_empty_listing_is_a_success_and_a_failing_one_is_not(google: Google, tmp_path: Path):
    empty = shell(google, tmp_path, "cloud_list gs://b/none/")
    assert (empty.returncode, empty.stdout) == (0, "")
    google.refusals = [503]
    failed = shell(google, tmp_path, "cloud_list gs://b/none/")
    assert failed.returncode != 0
    assert 'on purpose, says "Google"' in failed.stderr


def test_peers_are_told_oldest_first_with_every_address(google: Google, tmp_path: Path):
    google.machines = [
        machine(2),
        machine(1, zone="europe-west3-b"),
        machine(3, status="STOPPING"),
        machine(4, labels={"k8s-io-cluster-name": "c1"}),
        machine(5, networkInterfaces=[{"networkIP": "10.0.0.5"}], labels={"k8s-io-instance-group": "nodes"}),
    ]
    google.page = 2
    result = shell(google, tmp_path, "cloud_peers")
    assert result.stdout.splitlines() == [
        "cp-a 101 10.0.0.1,192.0.2.1 cp-1",
        "cp-a 102 10.0.0.2,192.0.2.2 cp-2",
        "nodes 105 10.0.0.5 cp-5",
    ], result.stderr
    assert len(google.requests) == 3


def test_attaching_is_idempotent_and_waits_for_the_holder(google: Google, tmp_path: Path):
    google.disks = {DISK: [], f"{HERE}/disks/other": [f"https://www.googleapis.com/compute/v1/{HERE}/instances/cp-b"]}
    assert shell(google, tmp_path, f"cloud_attach {DISK}; cloud_attach {DISK}").returncode == 0
    assert google.disks[DISK] == [f"https://www.googleapis.com/compute/v1/{HERE}/instances/cp-a-x1"]
    held = shell(google, tmp_path, f"cloud_attach {HERE}/disks/other")
    assert (held.returncode != 0, "still held by cp-b" in held.stderr) == (True, True)
    assert shell(google, tmp_path, f"cloud_attach {HERE}/disks/absent").returncode != 0


def test_a_disk_is_found_by_the_name_it_was_attached_as(google: Google, tmp_path: Path):
    assert shell(google, tmp_path, f"cloud_device {DISK}").returncode != 0
    by_id = tmp_path / "dev/disk/by-id"
    by_id.mkdir(parents=True)
    (tmp_path / "dev/sdb").touch()
    (by_id / "google-a-etcd-main-c1").symlink_to("../../sdb")
    assert shell(google, tmp_path, f"cloud_device {DISK}").stdout == f"{tmp_path}/dev/sdb\n"


def test_a_machine_knows_itself(google: Google, tmp_path: Path):
    asked = (
        "cloud_instance_id; echo; cloud_address; echo; cloud_node_name instance-id; echo; cloud_node_name private-dns"
    )
    told = shell(google, tmp_path, asked).stdout.splitlines()
    assert told == ["4711", "10.0.0.1", "cp-a-x1", f"cp-a-x1.europe-west3-a.c.{PROJECT}.internal"]
    assert shell(google, tmp_path, "cloud_node_name hostname").returncode != 0


def test_no_token_is_ever_in_a_programs_arguments(google: Google, tmp_path: Path):
    """Whoever may list processes would read it there."""
    real = os.environ["PATH"]
    for name in ("curl", "sed", "grep", "awk", "tr", "base64", "cut", "sort"):
        program = tmp_path / "seen" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/bash\nprintf "%s\\n" "$*" >>{tmp_path}/arguments\nPATH={real} exec {name} "$@"\n')
        program.chmod(0o755)
    google.disks = {DISK: []}
    result = shell(google, tmp_path, f"cloud_list gs://b/; cloud_attach {DISK}", PATH=f"{tmp_path}/seen:{real}")
    assert result.returncode == 0, result.stderr
    arguments = (tmp_path / "arguments").read_text()
    assert "attachDisk" in arguments
    assert TOKEN not in arguments


ZONES = [
    {"name": "others", "dnsName": "other.org.", "visibility": "public"},
    {"name": "hidden", "dnsName": "example.com.", "visibility": "private"},
    {"name": "whole", "dnsName": "com.", "visibility": "public"},
    {"name": "ours", "dnsName": "example.com.", "visibility": "public"},
]


@pytest.mark.parametrize(
    ("zone", "private", "meant"),
    [("example.com", "no", "ours"), ("example.com", "yes", "hidden"), ("whole", "no", "whole")],
)
def test_names_are_published_in_the_zone_that_is_meant_and_again_when_they_change(
    google: Google, tmp_path: Path, zone: str, private: str, meant: str
):
    google.zones = ZONES
    settings = {"KOPS_DNS_ZONE": zone, "KOPS_DNS_PRIVATE": private}
    for addresses in (["192.0.2.1", "192.0.2.2"], ["192.0.2.3"]):
        result = shell(google, tmp_path, f"cloud_publish api.c1.example.com A {' '.join(addresses)}", **settings)
        assert (result.returncode, result.stderr) == (0, "")
        sent = {"name": "api.c1.example.com.", "type": "A", "ttl": 60, "rrdatas": addresses}
        assert google.records == {f"{meant} A api.c1.example.com.": sent}


def test_a_name_that_no_zone_holds_is_told(google: Google, tmp_path: Path):
    google.zones = ZONES[:1]
    settings = {"KOPS_DNS_ZONE": "example.com", "KOPS_DNS_PRIVATE": "no"}
    result = shell(google, tmp_path, "cloud_publish api.c1.example.com A 192.0.2.1", **settings)
    assert result.returncode != 0
    assert "no managed zone for api.c1.example.com" in result.stderr
