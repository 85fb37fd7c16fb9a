"""Every kops manifest resolves without an error, keeps what it says, and gets kops's own effective values."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kops_pulumi import addons, clouds, cni, manifest, spec
from kops_pulumi.errors import errors_in
from kops_pulumi.resolve import FullSpec, Resolution, resolve
from tests.support import terraform
from tests.support.mutations import CHANGES, mutated, resolve_anyhow

SHARED = Path(os.environ.get("KOPS_PULUMI_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "scenarios"
SCENARIOS = sorted(path.parent.name for path in SHARED.glob("*/cluster.yaml"))
WITH_TERRAFORM = sorted(path.parent.name for path in SHARED.glob("*/kubernetes.tf"))

pytestmark = pytest.mark.skipif(not SCENARIOS, reason=f"no scenarios at {SHARED}; set KOPS_PULUMI_SHARED")


def _resolution(name: str) -> Resolution:
    parsed = spec.parse(manifest.load([SHARED / name / "cluster.yaml"]))
    assert errors_in(parsed.findings) == []
    return resolve(parsed, clouds.get(parsed.cluster.spec.cloud_provider), cni=cni.for_spec, addons=addons.REGISTRY)


def _full(name: str) -> FullSpec:
    found = _resolution(name).full
    assert found is not None
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_kops_manifest_resolves_without_errors(name: str) -> None:
    resolution = _resolution(name)
    assert errors_in(resolution.findings) == []
    assert all(finding.location for finding in resolution.findings)


def _kept(written: Any, full: Any, path: str = "") -> Iterator[str]:
    """Paths at which the full manifest does not say what the written one says."""
    if isinstance(written, dict) and isinstance(full, dict):
        for key, value in written.items():
            yield from _kept(value, full.get(key), f"{path}.{key}")
    elif isinstance(written, list) and isinstance(full, list) and len(written) == len(full):
        for index, value in enumerate(written):
            yield from _kept(value, full[index], f"{path}.{index}")
    elif written != full:
        yield path


CHANGED_ON_PURPOSE = {".spec.kubernetesVersion", ".spec.associatePublicIp"}
"""One spelling for versions; no public address without a route to it."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_everything_the_manifest_says_is_kept(name: str) -> None:
    parsed = spec.parse(manifest.load([SHARED / name / "cluster.yaml"]))
    full = _full(name)
    pairs = [(parsed.cluster, full.cluster)]
    pairs += [(g, next(f for f in full.groups if f.metadata.name == g.metadata.name)) for g in parsed.groups]  # type: ignore[misc]
    lost = {path for written, resolved in pairs for path in _kept(spec.dump(written), spec.dump(resolved))}
    assert lost <= CHANGED_ON_PURPOSE


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_resolved_manifest_reads_back_as_itself(name: str) -> None:
    full = _full(name)
    documents = [spec.dump(full.cluster), *(spec.dump(group) for group in full.groups)]
    again = spec.parse(manifest.from_data(documents))
    assert errors_in(again.findings) == []
    assert again.cluster == full.cluster
    assert again.groups == full.groups


def _terraform(name: str, kind: str) -> dict[str, dict[str, Any]]:
    return terraform.read(SHARED / name / "kubernetes.tf").get(kind, {})


def _one(value: Any) -> Any:
    """The only one of a block's occurrences."""
    return value[0]


@pytest.mark.parametrize("name", WITH_TERRAFORM)
def test_machines_get_the_disks_addresses_and_metadata_options_that_kops_gives_them(name: str) -> None:
    full = _full(name)
    for label, template in _terraform(name, "aws_launch_template").items():
        matching = [found for found in full.groups if label.startswith(f"{found.metadata.name}-")]
        group = max(matching, key=lambda found: len(found.metadata.name)).spec
        network, options = _one(template["network_interfaces"]), _one(template["metadata_options"])
        disk = _one(_one(template["block_device_mappings"])["ebs"])
        assert group.associate_public_ip is network["associate_public_ip_address"]
        assert group.instance_metadata is not None
        assert group.instance_metadata.http_put_response_hop_limit == options["http_put_response_hop_limit"]
        assert group.instance_metadata.http_tokens == options["http_tokens"]
        assert (group.root_volume_size, group.root_volume_encryption) == (disk["volume_size"], disk["encrypted"])
        assert group.root_volume_type == disk["volume_type"]


@pytest.mark.parametrize("name", [name for name in WITH_TERRAFORM if "gce" in name])
def test_regional_subnets_get_the_ranges_that_kops_gives_them(name: str) -> None:
    ranges = sorted(body["ip_cidr_range"] for body in _terraform(name, "google_compute_subnetwork").values())
    assert sorted(subnet.cidr or "" for subnet in _full(name).cluster.spec.subnets or ()) == ranges


def test_resolving_a_scenario_takes_less_than_a_tenth_of_a_second() -> None:
    parsed = spec.parse(manifest.load([SHARED / "many-addons" / "cluster.yaml"]))
    resolve(parsed, clouds.get("aws"), cni=cni.for_spec, addons=addons.REGISTRY)
    start = time.process_time()
    resolve(parsed, clouds.get("aws"), cni=cni.for_spec, addons=addons.REGISTRY)
    assert time.process_time() - start < 0.1


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SCENARIOS or [""]), CHANGES)
def test_a_broken_kops_manifest_never_raises(name: str, changes: list[Any]) -> None:
    documents = manifest.load([SHARED / name / "cluster.yaml"]).documents
    resolve_anyhow(mutated([document.data for document in documents], changes))
