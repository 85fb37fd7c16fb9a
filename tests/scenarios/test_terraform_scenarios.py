"""kops's scenarios as Terraform: whole, and what both of us write is spelled as kops spells it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from kops_pulumi import pipeline, terraform
from kops_pulumi.errors import NotFoundError
from tests.support import terraform as kops
from tests.support.configuration import Written, paths

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOlT0sVqHbWhkyBOl8c6f4mXfkNQd7dlnV3uZHrJzwYt ops@example.com"
SCENARIOS = (
    "externallb",
    "ha_gce",
    "karpenter",
    "many-addons-ccm-irsa",
    "minimal-ipv6",
    "minimal-warmpool",
    "minimal_gce_plb_apiserver",
    "minimal_openstack",
    "mixed_instances_spot",
    "nth-imds-processor",
    "private-shared-subnet",
    "public-jwks-apiserver",
)
"""Each kind of resource and of attribute is in one of them."""
OURS = {
    "depends_on",  # kops always refers instead
    "lifecycle",
    "lifecycle.ignore_changes",
    "lifecycle.prevent_destroy",
    "provider",
    "wait_for_capacity_timeout",
    "sqs_managed_sse_enabled",
    "check_interval_sec",
    "connection_draining_timeout_sec",
    "description",
    "direction",
    "healthy_threshold",
    "labels",
    "private_ip_google_access",
    "region",
    "shielded_instance_config",
    "shielded_instance_config.enable_integrity_monitoring",
    "shielded_instance_config.enable_secure_boot",
    "shielded_instance_config.enable_vtpm",
    "stateful_internal_ip",
    "stateful_internal_ip.delete_rule",
    "stateful_internal_ip.interface_name",
    "timeout_sec",
    "unhealthy_threshold",
    "update_policy.max_surge_fixed",
    "update_policy.max_unavailable_fixed",
    "update_policy.replacement_method",
    "wait_for_instances",
}
"""Attributes that kops writes nowhere, each checked by hand against the provider's page."""


@pytest.fixture(scope="module")
def written(shared: Path) -> dict[str, Written]:
    found = {}
    for name in SCENARIOS:
        planned = pipeline.load([shared / "scenarios" / name / "cluster.yaml"], ssh_public_keys=[SSH_KEY])
        try:
            found[name] = Written(terraform.files(planned, skip=["addons"]))
        except NotFoundError as error:  # a cloud without components
            assert "can be planned, but not deployed" in str(error)  # noqa: PT017 - it is the reason to go on
    return found


def test_every_scenario_fits_together(written: dict[str, Written]) -> None:
    assert len(written) >= 9
    assert {name: each.problems() for name, each in written.items() if each.problems()} == {}


def test_types_and_attributes_are_spelled_as_kops_spells_them(written: dict[str, Written], shared: Path) -> None:
    ours, theirs = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for name, each in written.items():
        for type_, _, body in each.bodies():
            ours[type_] |= set(paths(body))
        path = shared / "scenarios" / name / "kubernetes.tf"  # kops has none for OpenStack
        for type_, labelled in (kops.read(path) if path.is_file() else {}).items():
            theirs[type_] |= {path for body in labelled.values() for path in paths(body)}
    common = ours.keys() & theirs.keys()
    assert len(common) >= 25
    strange = {type_: sorted(ours[type_] - theirs[type_] - OURS) for type_ in common}
    assert {type_: names for type_, names in strange.items() if names} == {}
