"""kops-dns, run for real: the API's names lead to the control planes where no load balancer has them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cloud_stub import Cloud, serve
from tests.support.machine import Machine

CURL = """#!/bin/bash
if [[ $* == *livez* ]]; then [[ ! -f $PLAYED/api-is-away ]]; exit; fi
exec /usr/bin/curl "$@"
"""
SETTINGS = {
    "KOPS_DNS_ZONE": "example.com",
    "KOPS_DNS_PRIVATE": "no",
    "KOPS_DNS_PUBLIC_NAMES": "api.c1.example.com",
    "KOPS_DNS_PRIVATE_NAMES": "api.internal.c1.example.com",
}
API, INTERNAL = "api.c1.example.com.", "api.internal.c1.example.com."


def machine(root: Path, cloud: Cloud, **settings: str) -> Machine:
    """A control plane that has its bundle, without having booted, beside another and a worker."""
    root.mkdir()
    made = Machine(root, cloud, settings={**SETTINGS, **settings})
    made.install({})
    with tarfile.open(fileobj=io.BytesIO(made.bundle().archive())) as tar:
        tar.extractall(root / "opt/kops-pulumi/current", filter="data")
    curl = made.played / "curl"
    curl.write_text(CURL)
    curl.chmod(0o755)
    cloud.machines[:] = [
        {"id": "i-1", "name": "a", "time": "1", "address": "10.0.0.1", "group": "cp-a", "public": "198.51.100.1"},
        {"id": "i-2", "name": "b", "time": "2", "address": "10.0.0.2", "group": "cp-a", "public": "198.51.100.2"},
        {"id": "i-3", "name": "c", "time": "3", "address": "10.0.0.3", "group": "workers", "public": "198.51.100.3"},
    ]
    cloud.zones |= {
        "Z000ALPHA": ("other.org", False),
        "Z000BRAVO": ("com", False),
        "Z00CHARLIE": ("example.com", True),
        "Z0000DELTA": ("example.com", False),
        "Z000000ECHO": ("ample.com", False),
    }
    return made


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with serve(Cloud()) as cloud:
        yield cloud


def publish(box: Machine) -> Any:
    result = box.command("kops-dns")
    assert result.returncode == 0, result.stderr
    return box.cloud.records


def test_names_lead_to_every_control_plane_and_to_nobody_else(tmp_path: Path, cloud: Cloud) -> None:
    assert publish(machine(tmp_path / "root", cloud)) == {
        f"Z0000DELTA A {API}": ["198.51.100.1", "198.51.100.2"],
        f"Z0000DELTA A {INTERNAL}": ["10.0.0.1", "10.0.0.2"],
    }


def test_a_private_zone_of_the_same_name_is_another(tmp_path: Path, cloud: Cloud) -> None:
    private = {"KOPS_DNS_PUBLIC_NAMES": "", "KOPS_DNS_PRIVATE_NAMES": "api.c1.example.com", "KOPS_DNS_PRIVATE": "yes"}
    assert publish(machine(tmp_path / "root", cloud, **private)) == {f"Z00CHARLIE A {API}": ["10.0.0.1", "10.0.0.2"]}


def test_a_zone_that_is_named_by_its_id_is_not_looked_for(tmp_path: Path, cloud: Cloud) -> None:
    publish(machine(tmp_path / "root", cloud, KOPS_DNS_ZONE="Z000BRAVO"))
    assert {key.split()[0] for key in cloud.records} == {"Z000BRAVO"}
    assert not [request for request in cloud.requests if request.startswith("GET /route53")]


def test_what_is_known_is_not_said_again_until_it_changes(tmp_path: Path, cloud: Cloud) -> None:
    box = machine(tmp_path / "root", cloud)
    publish(box)
    cloud.records.clear()
    assert publish(box) == {}
    cloud.machines[1]["public"] = "198.51.100.9"
    assert publish(box)[f"Z0000DELTA A {API}"] == ["198.51.100.1", "198.51.100.9"]


def test_a_control_plane_without_an_api_of_its_own_keeps_silent(tmp_path: Path, cloud: Cloud) -> None:
    box = machine(tmp_path / "root", cloud)
    (box.played / "api-is-away").touch()
    assert publish(box) == {}


def test_without_names_to_publish_nobody_is_asked(tmp_path: Path, cloud: Cloud) -> None:
    assert publish(machine(tmp_path / "root", cloud, KOPS_DNS_ZONE="")) == {}
    assert cloud.requests == []


def test_a_failure_is_told_and_tried_again(tmp_path: Path, cloud: Cloud) -> None:
    box = machine(tmp_path / "root", cloud)
    zones = dict(cloud.zones)
    cloud.zones.clear()
    result = box.command("kops-dns")
    assert result.returncode != 0
    assert "no hosted zone for api.c1.example.com" in result.stderr + result.stdout
    cloud.zones |= zones
    assert publish(box)
