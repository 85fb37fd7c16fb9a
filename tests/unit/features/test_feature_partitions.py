"""Other partitions and regions: ARNs, domains and the issuer's address follow the subnets' zones."""

from __future__ import annotations

import json

import pytest

from tests.support import features

IRSA = {
    "serviceAccountIssuerDiscovery": {"discoveryStore": "s3://harbor-oidc/tokens", "enableAWSOIDCProvider": True},
    "iam": {"useServiceAccountExternalPermissions": True},
}


def in_zone(zone: str) -> features.Made:
    documents = features.laid_over(features.base(private=True), IRSA)
    for subnet in documents[0]["spec"]["subnets"]:
        subnet["zone"] = zone
    return features.made(documents)


@pytest.mark.parametrize(
    ("zone", "region", "partition", "domain"),
    [
        ("us-west-2b", "us-west-2", "aws", "amazonaws.com"),
        ("us-west-2-lax-1a", "us-west-2", "aws", "amazonaws.com"),
        ("cn-north-1a", "cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1a", "us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_everything_is_of_the_zones_partition(zone: str, region: str, partition: str, domain: str) -> None:
    made = in_zone(zone)
    issuer = f"https://harbor-oidc.s3.{region}.{domain}/tokens"
    assert [provider["url"] for provider in made.inputs("OpenIdConnectProvider").values()] == [issuer]
    host = issuer.removeprefix("https://")
    trusts = [role["assumeRolePolicy"] for role in made.inputs("Role").values() if "Federated" in str(role)]
    assert trusts
    for trust in trusts:
        conditions = json.loads(trust)["Statement"][0]["Condition"]["StringEquals"]
        assert {key.rpartition(":")[0] for key in conditions} == {host}
    policies = "".join(policy["policy"] for policy in made.inputs("RolePolicy").values())
    assert f"arn:{partition}:" in policies
    assert {text.partition(":")[0] for text in policies.split("arn:")[1:]} == {partition}
    assert made.inputs("VpcDhcpOptions")["network-dhcp"]["domainName"] == f"{region}.compute.internal"
