"""What a manifest says exists already is there before the cluster is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kops_pulumi import addons, clouds, cni, plan
from kops_pulumi.model import ClusterPlan
from kops_pulumi.rehearsal import seed
from kops_pulumi.rehearsal.aws import facts as aws
from kops_pulumi.rehearsal.store import Store
from tests.support import specs


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cloud.sqlite")


def planned(**spec: Any) -> ClusterPlan:
    full = specs.full("aws", **spec)
    return plan.build(full, clouds.get("aws"), cni.for_spec(full), addons.enabled(full))


SHARED: dict[str, Any] = {
    "networkID": "vpc-0123",
    "networkCIDR": "10.4.0.0/16",
    "subnets": [{"id": "subnet-0a", "name": "a", "type": "Public", "zone": "eu-west-1a", "cidr": "10.4.0.0/19"}],
}


def test_a_shared_network_exists_with_its_subnets_and_gateway(store: Store) -> None:
    added = seed(store, planned(**SHARED))
    found = {record.type: record for record in added}
    assert (found[aws.VPC].id, found[aws.VPC].inputs["cidrBlock"]) == ("vpc-0123", "10.4.0.0/16")
    assert (found[aws.SUBNET].id, found[aws.SUBNET].inputs["vpcId"]) == ("subnet-0a", "vpc-0123")
    assert found[aws.INTERNET_GATEWAY].inputs["vpcId"] == "vpc-0123"
    assert all(record.adopted for record in store.objects())


def test_seeding_again_adds_nothing(store: Store) -> None:
    cluster = planned(**SHARED)
    seed(store, cluster)
    assert seed(store, cluster) == []


def test_a_cluster_of_its_own_network_adopts_no_network(store: Store) -> None:
    assert not {aws.VPC, aws.SUBNET, aws.INTERNET_GATEWAY} & {record.type for record in seed(store, planned())}


def test_a_shared_ipv6_network_has_a_gateway_and_a_table_that_leads_there(store: Store) -> None:
    subnets = [
        {"name": "a", "type": "Private", "zone": "eu-west-1a", "cidr": "10.4.0.0/19", "ipv6CIDR": "/64#1"},
        {"name": "u", "type": "Utility", "zone": "eu-west-1a", "cidr": "10.4.32.0/19", "ipv6CIDR": "/64#2"},
    ]
    cluster = planned(networkID="vpc-0123", networkCIDR="10.4.0.0/16", nonMasqueradeCIDR="::/0", subnets=subnets)
    found = {record.type: record for record in seed(store, cluster)}
    gateway = found[aws.EGRESS_ONLY_GATEWAY].id
    assert [route["egressOnlyGatewayId"] for route in found[aws.ROUTE_TABLE].outputs["routes"]] == [gateway]
