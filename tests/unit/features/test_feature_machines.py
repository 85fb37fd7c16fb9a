"""Disks, warm pools, spot machines and where load balancers stand, as kops decides them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import features
from tests.support.features import REGION


def nodes(**spec: Any) -> features.Made:
    return features.made(features.laid_over(features.base(), spec, index=2))


def disks(made: features.Made) -> dict[str, Any]:
    mappings = made.inputs("LaunchTemplate")["instances-nodes"]["blockDeviceMappings"]
    return {mapping["deviceName"]: mapping.get("ebs") for mapping in mappings}


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ({}, ("gp3", 3000, 125)),
        ({"type": "gp2"}, ("gp2", None, None)),
        ({"type": "io1"}, ("io1", 100, None)),
        ({"type": "io2", "iops": 4000}, ("io2", 4000, None)),
        ({"type": "gp3", "iops": 5000, "throughput": 300}, ("gp3", 5000, 300)),
    ],
)
def test_further_disks_are_sized_and_encrypted(volume: dict[str, Any], expected: tuple[Any, ...]) -> None:
    disk = disks(nodes(volumes=[{"device": "/dev/sdf", "size": 20, **volume}]))["/dev/sdf"]
    assert (disk["volumeType"], disk.get("iops"), disk.get("throughput")) == expected
    assert (disk["volumeSize"], disk["encrypted"], disk["deleteOnTermination"]) == (20, "true", "true")


def test_provisioned_disks_have_iops_without_being_asked() -> None:
    documents = features.laid_over(features.base(), {"rootVolumeType": "io2"}, index=2)
    for cluster in documents[0]["spec"]["etcdClusters"]:
        cluster["etcdMembers"][0] |= {"volumeType": "io1", "kmsKeyId": "alias/etcd"}
    made = features.made(documents)
    assert disks(made)["/dev/sda1"]["iops"] == 100
    for volume in made.inputs("Volume").values():
        assert (volume["type"], volume["iops"], volume["kmsKeyId"]) == ("io1", 100, "alias/etcd")
        assert "throughput" not in volume


def test_a_clusters_warm_pool_does_not_go_with_a_spot_group() -> None:
    documents = features.laid_over(features.base(), {"warmPool": {"minSize": 1}})
    features.laid_over(documents, {"maxPrice": "0.1"}, index=2)
    errors = [str(found) for found in features.findings(documents) if "warm pool" in found.message]
    assert [error.partition(": ")[2] for error in errors] == [
        "spec.warmPool: spot machines cannot wait in a warm pool (remove maxPrice, or set warmPool.maxSize: 0)"
    ]
    features.laid_over(documents, {"warmPool": {"maxSize": 0}}, index=2)
    assert "warmPool" not in features.made(documents).inputs("Group")["instances-nodes"]


def test_an_internal_balancer_stands_with_the_control_planes() -> None:
    documents = features.base(private=True)
    features.laid_over(documents, {"api": {"loadBalancer": {"type": "Internal"}}})
    documents[0]["spec"]["subnets"].append(
        {"name": "a-first-by-name", "zone": f"{REGION}a", "type": "Private", "cidr": "10.40.128.0/19"}
    )
    (api,) = [e for e in features.planned(documents).plan.endpoints if e.name == "api"]
    assert [subnet.name for subnet in api.subnets] == [f"{REGION}a"]


def test_dual_stack_subnets_hold_internal_balancers_before_private_ones() -> None:
    documents = features.laid_over(features.base("ab", private=True), {"nonMasqueradeCIDR": "::/0"})
    subnets = documents[0]["spec"]["subnets"]
    subnets.append({"name": "dual-a", "zone": f"{REGION}a", "type": "DualStack", "cidr": "10.40.128.0/19"})
    for index, subnet in enumerate(subnets):
        subnet["ipv6CIDR"] = f"/64#{index:x}"
    for cluster in documents[0]["spec"]["etcdClusters"]:
        del cluster["etcdMembers"][1:]
    del documents[2]
    made = features.made(documents)
    marked = {
        name for name, subnet in made.inputs("Subnet").items() if "kubernetes.io/role/internal-elb" in subnet["tags"]
    }
    assert marked == {"network-dual-a", f"network-{REGION}b"}
