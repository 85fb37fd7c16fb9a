"""Objects by the rules of the AWS and Kubernetes tables, without an engine."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from kops_pulumi.rehearsal.aws import AWS
from kops_pulumi.rehearsal.aws import facts as aws
from kops_pulumi.rehearsal.kinds import Cloud, LookupFailed, Package
from kops_pulumi.rehearsal.kubernetes import KUBERNETES
from kops_pulumi.rehearsal.lifecycle import Lifecycle
from kops_pulumi.rehearsal.sdk import Sdk
from kops_pulumi.rehearsal.store import CloudError, Record, Store
from kops_pulumi.rehearsal.wire import UNKNOWN

POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


class Account:
    """Shorthand over a lifecycle."""

    def __init__(self, path: Path, package: Package = AWS) -> None:
        self.life = Lifecycle(package, Store(path / "cloud.sqlite"))
        self.life.cloud = Cloud("eu-west-1")

    def make(self, token: str, logical: str = "x", /, **inputs: Any) -> Record:
        return self.life.create(token, f"urn:pulumi:s::p::{token}::{logical}", logical, inputs)

    def complaints(self, token: str, **inputs: Any) -> list[str]:
        return [f"{path}: {reason}" for path, reason in self.life.check(token, "x", {}, inputs, b"seed")[1]]

    def vpc(self) -> Record:
        return self.make(aws.VPC, cidrBlock="10.0.0.0/16", assignGeneratedIpv6CidrBlock=True)

    def subnet(self, vpc: Record, cidr: str, **inputs: Any) -> Record:
        return self.make(aws.SUBNET, cidr, vpcId=vpc.id, cidrBlock=cidr, **inputs)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


def test_every_type_in_the_tables_exists_in_the_sdk_with_its_properties() -> None:
    sdk = Sdk("aws")
    for token, kind in AWS.kinds.items():
        schema = sdk.schema(token)
        assert schema is not None, token
        named = {*kind.replaces, *kind.unique, *kind.required, *(ref.path for ref in kind.refs)}
        tops = {path.partition(".")[0].removesuffix("[]") for path in named} - {"region"}
        assert tops <= schema.inputs.keys(), (token, tops - schema.inputs.keys())


def test_every_reference_leads_to_a_kind_of_the_table() -> None:
    outside = {
        target
        for kind in AWS.kinds.values()
        for ref in kind.refs
        for target in ref.kinds
        if target not in AWS.kinds and Sdk("aws").schema(target) is None
    }
    assert outside <= {"aws:ec2/localGateway:LocalGateway"}  # exists on outposts only, has no resource


def test_ids_and_arns_look_like_aws_and_repeat_in_a_new_world(account: Account, tmp_path: Path) -> None:
    vpc = account.vpc()
    assert vpc.id.startswith("vpc-0")
    assert len(vpc.id) == len("vpc-") + 17
    assert vpc.outputs["arn"] == f"arn:aws:ec2:eu-west-1:123456789012:vpc/{vpc.id}"
    assert vpc.outputs["ipv6CidrBlock"] == "2001:db8:0:100::/56"
    assert Account(tmp_path / "again").vpc().id == vpc.id
    assert account.vpc().id != vpc.id


def test_subnets_must_fit_into_their_vpc_beside_each_other(account: Account) -> None:
    vpc = account.vpc()
    account.subnet(vpc, "10.0.0.0/24")
    with pytest.raises(CloudError, match=r"InvalidSubnet.Conflict: the CIDR '10.0.0.128/25'"):
        account.subnet(vpc, "10.0.0.128/25")
    with pytest.raises(CloudError, match=r"InvalidSubnet.Range"):
        account.subnet(vpc, "192.168.0.0/24")
    with pytest.raises(CloudError, match=r"zone us-east-1a is not in region eu-west-1"):
        account.subnet(vpc, "10.0.9.0/24", availabilityZone="us-east-1a")
    account.make(
        "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", vpcId=vpc.id, cidrBlock="192.168.0.0/16"
    )
    account.subnet(vpc, "192.168.0.0/24")


def test_a_vpc_with_subnets_cannot_go(account: Account) -> None:
    vpc = account.vpc()
    subnet = account.subnet(vpc, "10.0.0.0/24")
    with pytest.raises(CloudError, match=f"DependencyViolation: Vpc {vpc.id} is in use by Subnet {subnet.id}"):
        account.life.delete(aws.VPC, vpc.id)


def test_a_role_in_use_cannot_go(account: Account) -> None:
    role = account.make(aws.ROLE, name="nodes", assumeRolePolicy=POLICY)
    account.make(aws.INSTANCE_PROFILE, name="nodes", role="nodes")
    with pytest.raises(CloudError, match="in use by InstanceProfile nodes"):
        account.life.delete(aws.ROLE, role.id)


def test_two_groups_may_have_hooks_of_one_name(account: Account) -> None:
    for name in ("a", "b"):
        account.make(aws.AUTOSCALING_GROUP, name, name=name, minSize=1, maxSize=1)
        account.make("aws:autoscaling/lifecycleHook:LifecycleHook", name, name="drain", autoscalingGroupName=name)


def test_a_launch_template_gets_a_new_version_with_each_update(account: Account) -> None:
    template = account.make(aws.LAUNCH_TEMPLATE, name="t", imageId="ami-1")
    inputs = {"name": "t", "imageId": "ami-2"}
    assert (
        account.life.draft_update(aws.LAUNCH_TEMPLATE, template.outputs, template.inputs, inputs)["latestVersion"]
        is UNKNOWN
    )
    outputs = account.life.update(aws.LAUNCH_TEMPLATE, template.id, template.outputs, inputs)
    assert (outputs["latestVersion"], outputs["defaultVersion"], outputs["imageId"]) == (2, 1, "ami-2")


def test_an_input_that_is_taken_away_leaves_the_outputs(account: Account) -> None:
    vpc = account.make(aws.VPC, cidrBlock="10.0.0.0/16", tags={"a": "b"})
    outputs = account.life.update(aws.VPC, vpc.id, vpc.outputs, {"cidrBlock": "10.0.0.0/16"})
    assert "tags" not in outputs
    assert outputs["tagsAll"] == {}


def test_missing_names_are_generated_once_and_renewed_on_replacement(account: Account) -> None:
    first, _ = account.life.check(aws.LAUNCH_TEMPLATE, "web", {}, {"imageId": "ami-1"}, b"one")
    kept, _ = account.life.check(aws.LAUNCH_TEMPLATE, "web", first, {"imageId": "ami-2"}, b"two")
    assert first["name"].startswith("web-")
    assert kept["name"] == first["name"]
    assert not account.life.conflicts(aws.LAUNCH_TEMPLATE, first, kept)
    assert account.life.conflicts(aws.ROLE, {"name": "a", "path": "/"}, {"name": "a", "path": "/b/"})
    prefixed, _ = account.life.check(aws.LAUNCH_TEMPLATE, "web", {}, {"namePrefix": "web-"}, b"")
    assert "name" not in prefixed


def test_network_load_balancers_gain_subnets_but_never_lose_them(account: Account) -> None:
    def replaces(old: list[str], new: list[str], kind: str) -> tuple[str, ...]:
        bags = [{"loadBalancerType": kind, "subnets": subnets} for subnets in (old, new)]
        return account.life.diff(aws.LOAD_BALANCER, *bags).replaces

    assert replaces(["a"], ["a", "b"], "network") == ()
    assert replaces(["a", "b"], ["a"], "network") == ("subnets",)
    assert replaces(["a", "b"], ["a"], "application") == ()


@pytest.mark.parametrize(("assigned", "replaced"), [(True, ("ipv6CidrBlock",)), (False, ())])
def test_an_ipv6_range_in_use_by_new_machines_cannot_change(
    account: Account, assigned: bool, replaced: tuple[str, ...]
) -> None:
    old = {"ipv6CidrBlock": "2001:db8:0:100::/64", "assignIpv6AddressOnCreation": assigned}
    assert account.life.diff(aws.SUBNET, old, {**old, "ipv6CidrBlock": "2001:db8:0:101::/64"}).replaces == replaced


@pytest.mark.parametrize(
    ("token", "inputs", "complaint"),
    [
        (aws.LAUNCH_TEMPLATE, {"userData": "#cloud-config"}, "is not base64"),
        (aws.LAUNCH_TEMPLATE, {"userData": base64.b64encode(b"x" * 16385).decode()}, "the limit is 16384"),
        (aws.LOAD_BALANCER, {"name": "a"}, "exactly one of subnets and subnetMappings is needed, got none"),
        (aws.LOAD_BALANCER, {"subnets": ["a"], "name": "a" * 33}, "has 33 characters, the limit is 32"),
        (aws.LOAD_BALANCER, {"subnets": ["a"], "name": "a.b"}, "has characters that are not allowed"),
        (aws.ROLE, {"name": "r", "assumeRolePolicy": "{"}, "is not JSON"),
        (aws.ROLE, {"name": "r", "assumeRolePolicy": "{}"}, "is not a policy document"),
        (aws.KEY_PAIR, {"publicKey": "-----BEGIN"}, "ssh-rsa and ssh-ed25519"),
        (aws.SECURITY_GROUP, {"name": "sg-1"}, "must not start with 'sg-'"),
        (aws.AUTOSCALING_GROUP, {"minSize": 3, "maxSize": 2}, "3 is more than maxSize 2"),
        (aws.OIDC_PROVIDER, {"url": "http://x", "clientIdLists": ["a"]}, "must begin with https://"),
        ("aws:ec2/route:Route", {"routeTableId": "rtb-1"}, "exactly one target, got none"),
    ],
)
def test_the_clouds_own_rules_are_kept(account: Account, token: str, inputs: dict[str, Any], complaint: str) -> None:
    found = account.complaints(token, **inputs)
    assert len(found) == 1
    assert complaint in found[0]


def test_rules_let_unknown_values_pass(account: Account) -> None:
    everything = {"userData": UNKNOWN, "name": UNKNOWN, "vpcSecurityGroupIds": [UNKNOWN]}
    assert account.complaints(aws.LAUNCH_TEMPLATE, **everything) == []


def test_zones_and_images_are_the_same_each_time(account: Account) -> None:
    zones = account.life.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {})
    assert zones["names"] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    question = {"owners": ["099720109477"], "filters": [{"name": "name", "values": ["ubuntu-arm64"]}]}
    image = account.life.invoke("aws:ec2/getAmi:getAmi", question)
    assert image == account.life.invoke("aws:ec2/getAmi:getAmi", question)
    assert (image["id"][:5], image["architecture"]) == ("ami-0", "arm64")


def test_look_ups_by_filter_and_tag_find_one_object_or_fail(account: Account) -> None:
    vpc = account.vpc()
    gateway = account.make(aws.INTERNET_GATEWAY, vpcId=vpc.id, tags={"Name": "main"})
    token = "aws:ec2/getInternetGateway:getInternetGateway"
    for args in (
        {"filters": [{"name": "attachment.vpc-id", "values": [vpc.id]}]},
        {"filters": [{"name": "tag:Name", "values": ["ma*"]}]},
        {"tags": {"Name": "main"}},
    ):
        assert account.life.invoke(token, args)["internetGatewayId"] == gateway.id
    with pytest.raises(LookupFailed, match="no matching internet gateway found"):
        account.life.invoke(token, {"tags": {"Name": "other"}})
    with pytest.raises(LookupFailed, match="does not know the function"):
        account.life.invoke("aws:x/getX:getX", {})


def test_hosted_zones_are_told_apart_by_privacy(account: Account) -> None:
    vpc = account.vpc()
    public = account.make(aws.ZONE, "public", name="example.net")
    private = account.make(aws.ZONE, "private", name="example.net", vpcs=[{"vpcId": vpc.id}])
    token = "aws:route53/getZone:getZone"
    assert account.life.invoke(token, {"name": "example.net.", "privateZone": False})["zoneId"] == public.id
    assert account.life.invoke(token, {"name": "example.net", "privateZone": True})["zoneId"] == private.id


def test_policy_documents_are_written_as_json(account: Account) -> None:
    condition = {"test": "StringEquals", "variable": "aws:x", "values": ["y"]}
    statement = {"sid": "a", "actions": ["s3:Get*"], "resources": ["*"], "conditions": [condition]}
    answer = account.life.invoke("aws:iam/getPolicyDocument:getPolicyDocument", {"statements": [statement]})
    (written,) = json.loads(answer["json"])["Statement"]
    assert written == {
        "Sid": "a",
        "Effect": "Allow",
        "Action": "s3:Get*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:x": "y"}},
    }


class TestKubernetes:
    CONFIG_MAP = "kubernetes:core/v1:ConfigMap"

    def test_names_are_unique_in_a_namespace(self, tmp_path: Path) -> None:
        cluster = Account(tmp_path, KUBERNETES)
        first = cluster.make(self.CONFIG_MAP, metadata={"name": "a", "namespace": "x"})
        assert first.id == "x/a"
        cluster.make(self.CONFIG_MAP, metadata={"name": "a", "namespace": "y"})
        with pytest.raises(CloudError, match="already exists"):
            cluster.make(self.CONFIG_MAP, metadata={"name": "a", "namespace": "x"})

    def test_two_clusters_of_one_world_may_hold_the_same_names(self, tmp_path: Path) -> None:
        account = Account(tmp_path, KUBERNETES)
        ids = set()
        for cluster in ("one.example.com", "two.example.com"):
            account.life.cloud = Cloud(region="", scope=cluster)
            made = account.make(self.CONFIG_MAP, metadata={"name": "a", "namespace": "x"})
            assert made.outputs["metadata"]["name"] == "a"
            assert made.outputs["metadata"]["namespace"] == "x"
            ids.add(made.id)
            with pytest.raises(CloudError, match="already exists"):
                account.make(self.CONFIG_MAP, metadata={"name": "a", "namespace": "x"})
        assert len(ids) == 2

    def test_moving_an_object_replaces_it_and_its_data_does_not(self, tmp_path: Path) -> None:
        life = Account(tmp_path, KUBERNETES).life
        old = {"metadata": {"name": "a", "namespace": "x"}, "data": {"k": "1"}}
        assert life.diff(self.CONFIG_MAP, old, {**old, "data": {"k": "2"}}).replaces == ()
        moved = {**old, "metadata": {"name": "a", "namespace": "y"}}
        assert life.diff(self.CONFIG_MAP, old, moved).replaces == ("metadata",)

    def test_a_release_counts_its_revisions(self, tmp_path: Path) -> None:
        cluster = Account(tmp_path, KUBERNETES)
        token = "kubernetes:helm.sh/v3:Release"
        inputs = {"chart": "cilium", "name": "cni", "namespace": "kube-system", "version": "1.18.0"}
        release = cluster.make(token, **inputs)
        outputs = cluster.life.update(token, release.id, release.outputs, {**inputs, "version": "1.18.1"})
        assert (release.outputs["status"]["revision"], outputs["status"]["revision"]) == (1, 2)
        assert outputs["status"]["version"] == "1.18.1"

    def test_yaml_is_decoded_with_lists_and_default_namespaces(self, tmp_path: Path) -> None:
        life = Account(tmp_path, KUBERNETES).life
        text = "kind: List\nitems:\n- {kind: A}\n- {kind: B, metadata: {namespace: own}}\n---\n---\nkind: C\n"
        answer = life.invoke("kubernetes:yaml:decode", {"text": text, "defaultNamespace": "x"})
        assert [item["metadata"]["namespace"] for item in answer["result"]] == ["x", "own", "x"]
        with pytest.raises(LookupFailed, match="not YAML"):
            life.invoke("kubernetes:yaml:decode", {"text": "a: ["})
