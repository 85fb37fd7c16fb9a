"""Left-overs on AWS, by real boto3 calls against moto."""

from __future__ import annotations

import boto3
import pytest

from kops_pulumi.clouds.aws import leftovers
from tests.support.aws_fleet import REGION, simulated

NAME = "c.example.com"
TAGS = [{"Key": f"kubernetes.io/cluster/{NAME}", "Value": "owned"}]
OTHERS = [{"Key": "kubernetes.io/cluster/other", "Value": "owned"}]
SHARED = [{"Key": f"kubernetes.io/cluster/{NAME}", "Value": "shared"}]


def made(ec2, kind, tags):
    return [{"ResourceType": kind, "Tags": tags}]


@pytest.fixture
def account(monkeypatch):
    with simulated(monkeypatch):
        yield


def test_what_controllers_made_is_found_in_order_and_goes(account):
    ec2, balancers, classic = (boto3.client(n, region_name=REGION) for n in ("ec2", "elbv2", "elb"))
    vpc = ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.4.0.0/24")["Subnet"]["SubnetId"]
    made_balancer = balancers.create_load_balancer(Name="service", Subnets=[subnet], Type="network", Tags=TAGS)
    balancer = made_balancer["LoadBalancers"][0]["LoadBalancerArn"]
    balancers.create_load_balancer(Name="others", Subnets=[subnet], Type="network", Tags=OTHERS)
    targets = balancers.create_target_group(Name="t", Protocol="TCP", Port=80, VpcId=vpc, Tags=TAGS)
    target = targets["TargetGroups"][0]["TargetGroupArn"]
    listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}
    classic.create_load_balancer(LoadBalancerName="old", Listeners=[listener], Subnets=[subnet], Tags=TAGS)
    volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1, TagSpecifications=made(ec2, "volume", TAGS))
    ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1, TagSpecifications=made(ec2, "volume", SHARED))
    etcd = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1, TagSpecifications=made(ec2, "volume", TAGS))
    group = ec2.create_security_group(
        GroupName="k8s-elb-a", Description="d", VpcId=vpc, TagSpecifications=made(ec2, "security-group", TAGS)
    )["GroupId"]
    nodes = ec2.create_security_group(GroupName="nodes", Description="d", VpcId=vpc)["GroupId"]
    pair = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=nodes, IpPermissions=[pair])
    interface = ec2.create_network_interface(
        SubnetId=subnet, TagSpecifications=made(ec2, "network-interface", TAGS), Description="aws-K8S-i-1"
    )["NetworkInterface"]["NetworkInterfaceId"]

    finder = leftovers.connect(NAME, REGION, {})
    found = finder.find({etcd["VolumeId"]})
    assert [(item.kind, item.id, item.holds_data) for item in found] == [
        ("load balancer", balancer, False),
        ("classic load balancer", "old", False),
        ("target group", target, False),
        ("network interface", interface, False),
        ("volume", volume["VolumeId"], True),
        ("security group", group, False),
    ]
    for item in found:
        finder.remove(item)
    assert finder.find({etcd["VolumeId"]}) == ()
    for item in found:
        finder.remove(item)  # gone already is no error
    assert len(balancers.describe_load_balancers()["LoadBalancers"]) == 1
    assert len(ec2.describe_volumes()["Volumes"]) == 2


def test_machines_outside_of_groups_are_left_over(account):
    ec2 = boto3.client("ec2", region_name=REGION)
    image = ec2.register_image(Name="ubuntu")["ImageId"]
    specification = made(ec2, "instance", [*TAGS, {"Key": "Name", "Value": "karpenter-1"}])
    started = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=specification)
    finder = leftovers.connect(NAME, REGION, {})
    (machine,) = finder.find(())
    assert (machine.kind, machine.id, machine.name) == (
        "machine",
        started["Instances"][0]["InstanceId"],
        "karpenter-1",
    )
    finder.remove(machine)
    assert finder.find(()) == ()


def test_a_bucket_is_emptied_of_all_versions_and_a_missing_one_is_empty(account):
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="bucket-1", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="bucket-1", VersioningConfiguration={"Status": "Enabled"})
    for text in (b"1", b"2"):
        s3.put_object(Bucket="bucket-1", Key="k", Body=text)
    s3.delete_object(Bucket="bucket-1", Key="k")
    assert leftovers.empty("bucket-1", REGION, {}) == 3
    s3.delete_bucket(Bucket="bucket-1")
    assert leftovers.empty("bucket-1", REGION, {}) == 0
