"""Rules that only AWS has: each has a manifest that breaks it, and the exact finding."""

from __future__ import annotations

from typing import Any

import pytest

from kops_pulumi import clouds
from tests.support.specs import full, group

AWS = clouds.get("aws")


def of_cluster(**spec: Any) -> list[str]:
    return [str(finding) for finding in AWS.validate(full(**spec))]


def of_group(**spec: Any) -> list[str]:
    return [str(finding) for finding in AWS.validate(full(groups=(group("workers", "Node", **spec),)))]


def test_a_plain_manifest_has_no_findings() -> None:
    assert of_cluster() == []
    assert of_group(image="ami-0123456789abcdef0", machineType="t3.medium") == []


@pytest.mark.parametrize(
    ("spec", "path", "words"),
    [
        ({"networkID": "network-1"}, "spec.networkID", "not a VPC id"),
        (
            {"iam": {"permissionsBoundary": "arn:aws:s3:::bucket"}},
            "spec.iam.permissionsBoundary",
            "of an IAM policy",
        ),
        (
            {"externalPolicies": {"node": ["arn:aws:iam::1:role/x"]}},
            "spec.externalPolicies.node[0]",
            "of an IAM policy",
        ),
        ({"api": {"loadBalancer": {"type": "Public", "class": "Classic"}}}, "spec.api.loadBalancer.class", "Network"),
        ({"cloudConfig": {"gceServiceAccount": "default"}}, "spec.cloudConfig.gceServiceAccount", "for gce"),
    ],
)
def test_cluster_fields(spec: dict[str, Any], path: str, words: str) -> None:
    (found,) = of_cluster(**spec)
    assert found.startswith(f"Cluster/orchard.example.com: {path}: ")
    assert words in found


@pytest.mark.parametrize(
    ("spec", "path", "words"),
    [
        ({"image": "Ubuntu"}, "spec.image", "not an AMI id"),
        ({"machineType": "m5.large,m5.xlarge"}, "spec.machineType", "mixedInstancesPolicy"),
        ({"additionalSecurityGroups": ["web"]}, "spec.additionalSecurityGroups[0]", "security group id"),
        ({"suspendProcesses": ["Rest"]}, "spec.suspendProcesses[0]", "scaling process"),
        ({"maxPrice": "cheap"}, "spec.maxPrice", "US dollars"),
        ({"machineType": "m5.large", "cpuCredits": "unlimited"}, "spec.cpuCredits", "no CPU credits"),
        ({"maxInstanceLifetime": "1h"}, "spec.maxInstanceLifetime", "outside 86400 to 31536000"),
        ({"rootVolumeIops": 100}, "spec.rootVolumeIops", "outside 3000 to 80000"),
        ({"rootVolumeThroughput": 5000}, "spec.rootVolumeThroughput", "MiB/s"),
        ({"maxPrice": "0.1", "warmPool": {"maxSize": 2}}, "spec.warmPool", "warm pool"),
        ({"guestAccelerators": [{"acceleratorCount": 1}]}, "spec.guestAccelerators", "for gce"),
        (
            {"mixedInstancesPolicy": {"spotInstancePools": 2, "spotAllocationStrategy": "capacity-optimized"}},
            "spec.mixedInstancesPolicy.spotInstancePools",
            "contradicts",
        ),
    ],
)
def test_group_fields(spec: dict[str, Any], path: str, words: str) -> None:
    (found,) = of_group(**spec)
    assert found.startswith(f"InstanceGroup/workers: {path}: ")
    assert words in found


def test_all_findings_come_at_once() -> None:
    assert len(of_group(image="Ubuntu", machineType="big", maxPrice="cheap")) == 3
