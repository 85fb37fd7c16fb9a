"""What every component keeps, on every cloud that has components: names, parents, outputs, secrets, options."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

from kops_pulumi import clouds, pipeline
from kops_pulumi.components import Cluster
from kops_pulumi.errors import KopsError, NotFoundError
from kops_pulumi.testing import SECRET, STACK, Recording, Registered, record
from tests.support import recorded

CASES = sorted(path for path in (Path(__file__).parents[1] / "golden" / "plan").glob("*/manifest.yaml"))
every_case = pytest.mark.parametrize("manifest", CASES, ids=lambda path: path.parent.name)
PRIVATE = next(path for path in CASES if path.parent.name == "ha-private-bastion")


def recording(manifest: Path) -> Recording:
    return recorded.cluster(manifest)


@every_case
def test_every_resource_has_a_component_for_a_parent(manifest: Path) -> None:
    components = {resource.urn for resource in recording(manifest) if not resource.custom}
    (top,) = [resource for resource in recording(manifest) if resource.parent is None]
    assert top.type == "kops:index:Cluster"
    assert [r.name for r in recording(manifest) if r is not top and r.parent not in components] == []


@every_case
def test_every_component_registers_its_outputs(manifest: Path) -> None:
    assert [r.name for r in recording(manifest) if not r.custom and r.outputs is None] == []


@every_case
def test_names_are_unique_within_a_type_and_begin_with_the_clusters(manifest: Path) -> None:
    names = Counter((resource.type, resource.name) for resource in recording(manifest))
    cluster = recorded.plan_of(manifest).name
    assert [name for name, count in names.items() if count > 1] == []
    assert [name for _, name in names if not name.startswith(cluster)] == []


@every_case
def test_private_keys_are_secret_wherever_they_go(manifest: Path) -> None:
    for resource in recording(manifest):
        text = repr(resource.inputs) + repr(resource.outputs)
        assert "PRIVATE KEY" not in text, resource.name
    certificates = recording(manifest).of("tls:index/selfSignedCert:SelfSignedCert")
    assert {certificate.inputs["privateKeyPem"] for certificate in certificates} == {SECRET}


DISKS = {
    "aws": "aws:ebs/volume:Volume",
    "gce": "gcp:compute/disk:Disk",
    "openstack": "openstack:blockstorage/volume:Volume",
    "vsphere": "vsphere:index/virtualDisk:VirtualDisk",
}
"""What etcd members keep their data on."""


@every_case
def test_what_cannot_be_made_again_is_protected_and_nothing_else(manifest: Path) -> None:
    always = {
        DISKS[recorded.plan_of(manifest).cloud],
        "random:index/randomBytes:RandomBytes",
        "tls:index/privateKey:PrivateKey",
        "tls:index/selfSignedCert:SelfSignedCert",
    }
    own_bucket = {resource.type for resource in recording(manifest).of("aws:s3/bucket:Bucket")}
    assert {resource.type for resource in recording(manifest) if resource.protect} == always | own_bucket
    # Leaf certificates can be made again with other keys.
    lasting = [r for r in recording(manifest) if r.type in always | own_bucket and "-leaves-" not in r.name]
    assert [r.name for r in lasting if not r.protect] == []


@every_case
def test_a_first_preview_has_the_same_resources(manifest: Path) -> None:
    plan = recorded.plan_of(manifest)
    preview = record(lambda: Cluster(plan.name, plan), preview=True)
    assert [resource.urn for resource in preview] == [resource.urn for resource in recording(manifest)]


def providers(made: Recording) -> list[Registered]:
    """Those of clouds: what is installed in the cluster has its own, for the cluster's API."""
    found = (resource for resource in made if resource.type.startswith("pulumi:providers:"))
    return [provider for provider in found if not provider.type.endswith(":kubernetes")]


@every_case
def test_every_cloud_resource_uses_the_clusters_provider(manifest: Path) -> None:
    (provider,) = providers(recording(manifest))
    package = provider.type.rpartition(":")[2]
    plan = recorded.plan_of(manifest)
    # A vCenter has no regions: its provider is told the server.
    place = {"vsphereServer": plan.options.server} if plan.cloud == "vsphere" else {"region": plan.region}
    assert place.items() <= provider.inputs.items()
    of_cloud = [r for r in recording(manifest) if r.custom and r.type.startswith(f"{package}:")]
    assert {resource.provider for resource in of_cloud} == {provider.urn}


def test_a_cluster_works_without_what_a_group_brings_alone() -> None:
    """Resources of one group are named after it: without the group, only they are gone."""
    plan = recorded.plan_of(PRIVATE)
    group = next(group for group in plan.groups if group.role == "node")
    fewer = replace(plan, groups=tuple(other for other in plan.groups if other is not group))
    before, after = ({r.urn for r in made} for made in (recording(PRIVATE), record(lambda: Cluster(plan.name, fewer))))
    assert after < before
    assert all(group.name in urn.rpartition("::")[2] for urn in before - after)


def test_subnets_and_groups_in_another_order_are_the_same_cluster() -> None:
    plan = recorded.plan_of(PRIVATE)
    turned = replace(plan, groups=plan.groups[::-1], network=replace(plan.network, subnets=plan.network.subnets[::-1]))
    for one, other in zip(recording(PRIVATE), record(lambda: Cluster(plan.name, turned)), strict=True):
        assert one.urn == other.urn


def test_the_callers_provider_is_used_and_no_other_made() -> None:
    import pulumi_aws as aws

    plan = recorded.plan_of(PRIVATE)

    def program() -> None:
        mine = aws.Provider("mine", region=plan.region)
        Cluster(plan.name, plan, pulumi.ResourceOptions(providers=[mine]))

    made = record(program)
    (provider,) = providers(made)
    assert provider.name == "mine"
    assert {r.provider for r in made if r.type.startswith("aws:")} == {provider.urn}


@pytest.mark.parametrize(
    "options",
    [
        pulumi.ResourceOptions(ignore_changes=["tags"]),
        pulumi.ResourceOptions(retain_on_delete=True),
        pulumi.ResourceOptions(replace_on_changes=["*"]),
        pulumi.ResourceOptions(additional_secret_outputs=["name"]),
        pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1m")),
    ],
)
def test_options_that_pulumi_would_drop_are_refused(options: pulumi.ResourceOptions) -> None:
    with pytest.raises(KopsError, match="silently ignore"):
        record(lambda: Cluster("x", recorded.plan_of(PRIVATE), options))


def test_protection_can_be_switched_off_and_a_manifest_be_a_path_or_documents() -> None:
    import yaml

    documents = list(yaml.safe_load_all(PRIVATE.read_text()))
    by_path = record(lambda: Cluster("x", {"manifest": str(PRIVATE), "protect": False}))
    by_data = record(lambda: Cluster("x", {"documents": documents, "protect": False}))
    by_plan = record(lambda: Cluster("x", pipeline.load([PRIVATE])))
    assert not any(resource.protect for resource in by_path)
    assert [r.urn for r in by_path] == [r.urn for r in by_data] == [r.urn for r in by_plan]


def test_a_cluster_without_a_manifest_says_what_it_needs() -> None:
    with pytest.raises(KopsError, match="needs a manifest"):
        record(lambda: Cluster("x", {}))


@pytest.mark.parametrize("part", ["provider", "network", "firewall", "identity", "endpoints", "instances"])
def test_aws_has_every_leaf(part: clouds.Leaf) -> None:
    assert hasattr(clouds.leaf("aws", part), "PACKAGE" if part == "provider" else part.capitalize())


def test_a_part_that_a_cloud_does_not_have_is_named() -> None:
    with pytest.raises(NotFoundError, match="there is no fleet_of_ships"):
        clouds.leaf("aws", "fleet_of_ships")  # type: ignore[arg-type]


def test_an_unknown_cloud_names_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="aws, gce, openstack, vsphere"):
        clouds.get("azure")


def test_the_stack_itself_is_not_recorded() -> None:
    assert recording(PRIVATE).of(STACK) == []
