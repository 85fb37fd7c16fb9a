"""Finding what a killed run made on AWS, by real boto3 calls against moto."""

from __future__ import annotations

import boto3
import pytest

from kops_pulumi.clouds.aws import finder as aws
from tests.support.aws_fleet import REGION, simulated

NAME = "c.example.com"
TAGS = {"Name": NAME, f"kubernetes.io/cluster/{NAME}": "owned"}


@pytest.fixture
def finder(monkeypatch):
    with simulated(monkeypatch):
        yield aws.connect(NAME, REGION, {})


def test_things_with_a_name_are_found_by_it(finder) -> None:
    role = {"name": "masters"}
    assert finder.find("aws:iam/role:Role", role) == ()
    boto3.client("iam").create_role(RoleName="masters", AssumeRolePolicyDocument="{}")
    assert finder.find("aws:iam/role:Role", role) == ["masters"]
    queue = boto3.client("sqs", region_name=REGION).create_queue(QueueName="nth")["QueueUrl"]
    assert finder.find("aws:sqs/queue:Queue", {"name": "nth"}) == [queue]
    assert finder.find("aws:s3/bucket:Bucket", {"bucket": "not-there"}) == ()
    assert finder.find("aws:autoscaling/group:Group", {"name": "nodes"}) == []
    assert finder.find("aws:lb/loadBalancer:LoadBalancer", {"name": "api"}) == ()


def test_other_things_are_found_by_the_clusters_tags(finder) -> None:
    ec2 = boto3.client("ec2", region_name=REGION)
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])
    ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags[:1]}])
    assert finder.find("aws:ec2/vpc:Vpc", {"tags": TAGS}) == [made["Vpc"]["VpcId"]]
    assert finder.find("aws:ec2/subnet:Subnet", {"tags": TAGS}) == []
    assert finder.find("aws:ec2/vpc:Vpc", {"tags": {}}) is None


def test_what_is_written_over_needs_no_looking_and_rules_cannot_be_told(finder) -> None:
    assert finder.find("aws:s3/bucketObjectv2:BucketObjectv2", {"key": "k"}) == ()
    assert finder.find("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {}) is None
