"""What a manifest lists in another order is the same cluster, and what it adds touches nothing else."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.support import features
from tests.support.features import REGION, Document

ORDERED = {"instances"}
"""Lists whose order says something: types of a mixed group, the preferred first."""


def rich() -> list[Document]:
    """A cluster with several entries in everything that is a set."""
    documents = features.laid_over(
        features.base("abc", private=True, bastion=True),
        {
            "additionalNetworkCIDRs": ["10.41.0.0/16", "10.42.0.0/16"],
            "kubernetesApiAccess": ["198.51.100.0/24", "pl-0a", "2001:db8::/32"],
            "sshAccess": ["198.51.100.0/24", "203.0.113.0/24"],
            "nodePortAccess": ["10.0.0.0/8", "192.0.2.0/24"],
            "additionalSans": ["b.example.net", "a.example.net"],
            "cloudLabels": {"team": "quay", "cost": "7"},
            "externalPolicies": {"node": ["arn:aws:iam::aws:policy/B", "arn:aws:iam::aws:policy/A"]},
            "api": {"loadBalancer": {"additionalSecurityGroups": ["sg-2", "sg-1"]}},
            "serviceAccountIssuerDiscovery": {
                "discoveryStore": "s3://harbor-oidc",
                "enableAWSOIDCProvider": True,
                "additionalAudiences": ["zeta", "alpha"],
            },
            "iam": {
                "useServiceAccountExternalPermissions": True,
                "serviceAccountExternalPermissions": [
                    {"name": name, "namespace": "x", "aws": {"policyARNs": ["arn:aws:iam::aws:policy/A"]}}
                    for name in ("b", "a")
                ],
            },
        },
    )
    groups = {
        "taints": ["b=1:NoSchedule", "a=1:NoSchedule"],
        "nodeLabels": {"z": "1", "a": "1"},
        "additionalSecurityGroups": ["sg-9", "sg-8"],
        "suspendProcesses": ["Launch", "AZRebalance"],
        "volumes": [{"device": "/dev/sdg", "size": 1}, {"device": "/dev/sdf", "size": 2}],
        "externalLoadBalancers": [{"loadBalancerName": "b"}, {"loadBalancerName": "a"}],
        "mixedInstancesPolicy": {"instances": ["m6i.large", "m5.large"], "onDemandBase": 1},
    }
    index = next(i for i, document in enumerate(documents) if document["metadata"]["name"] == "nodes")
    return features.laid_over(documents, groups, index=index)


def shuffled(value: Any, random_: random.Random, key: str = "") -> Any:
    match value:
        case dict():
            items = list(value.items())
            random_.shuffle(items)
            return {inner: shuffled(item, random_, inner) for inner, item in items}
        case list():
            items = [shuffled(item, random_) for item in value]
            if key not in ORDERED:
                random_.shuffle(items)
            return items
    return value


def resources(documents: list[Document]) -> dict[str, Any]:
    return {made.urn: made.to_data() for made in features.made(documents).recording}


@pytest.mark.parametrize("seed", [1, 2])
def test_another_order_is_the_same_cluster(seed: int) -> None:
    other: list[Document] = shuffled(rich(), random.Random(seed))  # noqa: S311 - any order will do
    before, after = resources(rich()), resources(other)
    assert {urn.rpartition("::")[2] for urn in before if before[urn] != after.get(urn)} == set()
    assert before.keys() == after.keys()


def changed(before: list[Document], after: list[Document]) -> tuple[set[str], set[str]]:
    """Names of resources that differ, and of those that are gone."""
    left, right = resources(before), resources(after)
    differing = {urn for urn in left.keys() & right.keys() if left[urn] != right[urn]}
    return {_name(urn) for urn in differing}, {_name(urn) for urn in left.keys() - right.keys()}


def _name(urn: str) -> str:
    return urn.rpartition("::")[2].removeprefix(f"{features.NAME}-")


def test_a_new_group_touches_no_other() -> None:
    documents = [*features.base("abc"), features.group("batch", "Node", [f"{REGION}a"])]
    assert changed(features.base("abc"), documents) == (set(), set())


def test_a_label_of_one_group_touches_that_groups_resources_only() -> None:
    documents = features.laid_over(features.base("abc"), {"nodeLabels": {"team": "quay"}}, index=4)
    assert documents[4]["metadata"]["name"] == "nodes"
    differing, gone = changed(features.base("abc"), documents)
    assert differing
    assert all("nodes" in name for name in differing)
    assert all("nodes" in name for name in gone)


def test_a_new_zone_for_nodes_touches_no_subnet_route_or_gateway() -> None:
    documents = features.base("a", private=True)
    wider = features.base("a", private=True)
    wider[0]["spec"]["subnets"] += [
        subnet for subnet in features.base("ab", private=True)[0]["spec"]["subnets"] if subnet["zone"] == f"{REGION}b"
    ]
    differing, gone = changed(documents, wider)
    assert gone == set()
    assert {name for name in differing if name.startswith("network-")} == set()
