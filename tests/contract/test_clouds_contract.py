"""What the clouds have in common (docs/contracts/cloud.md): one manifest on each, whose cloud section alone differs."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from kops_pulumi import clouds as registry
from kops_pulumi.components import Cluster
from kops_pulumi.errors import ManifestError, Severity
from kops_pulumi.model import ClusterPlan
from kops_pulumi.plan.names import Names
from kops_pulumi.testing import Recording, record
from tests.scenarios import kops_matrix
from tests.support import clouds
from tests.support.clouds.row import NAME, Row

LAYOUTS = {"small": (1, False), "large": (3, True)}
every_cloud = pytest.mark.parametrize("row", clouds.ROWS, ids=lambda row: row.cloud)
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
PARTS = ("Network", "Firewall", "Identity", "Endpoints", "Store", "Instances")
_SECRETS = re.compile(r"PRIVATE KEY|BEGIN RSA|token-secret|password", re.IGNORECASE)
LONG = "a-cluster-with-a-name-that-is-longer-than-most-clouds-like-it.and-a-domain-of-its-own.example.com"


def made(row: Row, layout: str = "large") -> tuple[ClusterPlan, Recording]:
    control_planes, bastion = LAYOUTS[layout]
    documents = clouds.documents(row, control_planes, bastion=bastion)
    return clouds.planned(documents).plan, clouds.recorded(documents)


@every_cloud
@every_layout
def test_the_same_children_come_in_the_same_order(row: Row, layout: str) -> None:
    plan, recording = made(row, layout)
    clusters: list[Cluster] = []
    record(lambda: clusters.append(Cluster(NAME, plan)))
    parts = [part for part in PARTS if part != "Store" or plan.object_store is not None]
    assert [type(leaf).__name__ for leaf in clusters[0]._leaves] == parts
    (top,) = recording.of("kops:index:Cluster")
    own = {f"kops:{row.cloud}:{part}" for part in parts}
    children = {child.type for child in recording if child.parent == top.urn and not child.custom}
    assert children - {"kops:index:AddOns"} == own | {"kops:index:Pki", "kops:index:Leaves"}


@every_cloud
@every_layout
def test_every_resource_has_a_component_for_a_parent_and_components_register_outputs(row: Row, layout: str) -> None:
    _, recording = made(row, layout)
    components = {resource.urn for resource in recording if not resource.custom}
    (top,) = [resource for resource in recording if resource.parent is None]
    assert [r.name for r in recording if r is not top and r.parent not in components] == []
    assert [r.name for r in recording if not r.custom and r.outputs is None] == []
    assert [r.name for r in recording if not r.name.startswith(NAME)] == []


@every_cloud
@every_layout
def test_the_firewall_opens_exactly_what_the_plan_opens(row: Row, layout: str) -> None:
    plan, recording = made(row, layout)
    actual = kops_matrix.matrix(row.opened(recording, plan))
    expected = kops_matrix.matrix(row.expected(plan))
    assert kops_matrix.without(actual, expected) == set()
    assert kops_matrix.without(expected, actual) == set()


@every_cloud
@every_layout
def test_every_permission_means_something(row: Row, layout: str) -> None:
    plan, _ = made(row, layout)
    assert plan.identities
    assert sorted(row.unmapped(plan)) == []


@every_cloud
@pytest.mark.parametrize("name", [NAME, LONG], ids=["usual", "long"])
def test_names_are_legal_and_unique(row: Row, name: str) -> None:
    recording = _called(row, name)
    assert [problem for made in recording if made.custom and (problem := row.illegal(made))] == []
    limits = registry.get(row.cloud).name_limits
    assert len(Names(name, limits).balancer("api")) <= limits.get("load-balancer", 32)
    physical = [(r.type, r.inputs["name"], r.inputs.get("zone")) for r in recording if r.custom and "name" in r.inputs]
    of_cloud = [entry for entry in physical if not entry[0].startswith(("kubernetes:", "tls:"))]
    assert len(of_cloud) == len(set(of_cloud))


@cache
def _called(row: Row, name: str) -> Recording:
    documents = clouds.documents(row, 3, bastion=True)
    documents[0]["metadata"]["name"] = name
    for document in documents[1:]:
        document["metadata"]["labels"]["kops.k8s.io/cluster"] = name
    plan = clouds.planned(documents).plan
    return record(lambda: Cluster("c", plan))


@every_cloud
@every_layout
def test_user_data_is_within_limits_and_has_no_secret(row: Row, layout: str) -> None:
    plan, recording = made(row, layout)
    texts = row.user_data(recording)
    assert len(texts) >= len([group for group in plan.groups if group.bundle])
    limit = registry.get(row.cloud).capabilities.user_data_limit
    for name, text in texts.items():
        assert text, name
        assert len(text.encode()) <= limit, name
        assert not _SECRETS.search(text), name


@every_cloud
def test_private_keys_are_secret_wherever_they_go(row: Row) -> None:
    _, recording = made(row)
    assert [r.name for r in recording if "PRIVATE KEY" in repr(r.inputs) + repr(r.outputs)] == []


@every_cloud
def test_etcd_volumes_are_protected_and_there_is_one_for_every_member(row: Row) -> None:
    plan, recording = made(row)
    volumes = recording.of(row.data_volume)
    assert len(volumes) == sum(len(etcd.members) for etcd in plan.etcd) == 6
    assert [volume.name for volume in volumes if not volume.protect] == []
    free = record(lambda: Cluster(NAME, {"documents": clouds.documents(row, 3), "protect": False}))
    assert not any(resource.protect for resource in free)


@every_cloud
def test_nothing_but_what_cannot_be_made_again_is_protected(row: Row) -> None:
    _, recording = made(row)
    lasting = {"random:index/randomBytes:RandomBytes", "tls:index/privateKey:PrivateKey"}
    lasting |= {"tls:index/selfSignedCert:SelfSignedCert", row.data_volume, *row.own_protected}
    assert {resource.type for resource in recording if resource.protect} <= lasting


@every_cloud
def test_a_network_of_the_users_is_left_alone(row: Row) -> None:
    recording = clouds.recorded(clouds.laid_over(row, row.adopted, control_planes=3, bastion=True))
    assert {resource.type for resource in recording} & row.never_made == set()
    own = clouds.recorded(clouds.documents(row, 3, bastion=True))
    assert row.never_made & {resource.type for resource in own}, "the row names types that nothing makes"


@every_cloud
def test_subnets_and_groups_in_another_order_are_the_same_cluster(row: Row) -> None:
    plan, recording = made(row)
    turned = replace(plan, groups=plan.groups[::-1], network=replace(plan.network, subnets=plan.network.subnets[::-1]))
    other = record(lambda: Cluster(NAME, turned))
    assert [resource.urn for resource in other] == [resource.urn for resource in recording]


@every_cloud
def test_a_first_preview_has_the_same_resources(row: Row) -> None:
    plan, recording = made(row)
    preview = record(lambda: Cluster(NAME, plan), preview=True)
    assert [resource.urn for resource in preview] == [resource.urn for resource in recording]


@every_cloud
def test_every_resource_of_the_cloud_uses_the_clusters_one_provider(row: Row) -> None:
    _, recording = made(row)
    package = registry.leaf(row.cloud, "provider").PACKAGE
    (provider,) = [r for r in recording if r.type == f"pulumi:providers:{package}"]
    of_cloud = [r for r in recording if r.custom and r.type.startswith(f"{package}:")]
    assert {resource.provider for resource in of_cloud} == {provider.urn}


@every_cloud
def test_members_of_three_control_planes_are_in_three_zones(row: Row) -> None:
    plan, _ = made(row)
    for etcd in plan.etcd:
        zones = {group.zones for member in etcd.members for group in plan.groups if group.name == member.group}
        assert len(zones) == 3


@every_cloud
def test_even_member_counts_are_refused(row: Row) -> None:
    with pytest.raises(ManifestError, match="has 2 members"):
        clouds.planned(clouds.documents(row, 2))


@every_cloud
def test_two_zones_for_three_members_are_said_aloud(row: Row) -> None:
    documents = clouds.documents(row, 3)
    first, last = documents[1], documents[3]
    last["spec"] = {**last["spec"], **{key: first["spec"][key] for key in ("zones", "subnets") if key in first["spec"]}}
    warnings = [f for f in clouds.planned(documents).findings if f.severity is Severity.WARNING]
    assert [f for f in warnings if "2 of 3 members" in f.message and row.zones[0] in f.message]
