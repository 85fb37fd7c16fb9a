"""Details of the AWS leaves that goldens show but do not explain."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kops_pulumi.clouds.aws import images, launch, termination
from kops_pulumi.clouds.aws.network import slice_of
from kops_pulumi.components import Cluster
from kops_pulumi.model import (
    ClusterPlan,
    Hop,
    Late,
    NatGateway,
    Peer,
    PeerKind,
    Protocol,
    Route,
    RouteTable,
    Rule,
    UserData,
)
from kops_pulumi.testing import Recording, record
from tests.support import recorded

PLANS = Path(__file__).parents[3] / "golden" / "plan"
PRIVATE = PLANS / "ha-private-bastion" / "manifest.yaml"
PUBLIC = PLANS / "minimal-public" / "manifest.yaml"


def made(plan: ClusterPlan) -> Recording:
    return record(lambda: Cluster("x", plan))


def with_options(plan: ClusterPlan, **options: Any) -> ClusterPlan:
    """The plan with options of all its groups changed."""
    groups = tuple(replace(group, options=replace(group.options, **options)) for group in plan.groups)
    return replace(plan, groups=groups)


@given(st.integers(0, 255), st.integers(0, 255))
def test_slices_of_a_block_are_different_and_inside(one: int, other: int) -> None:
    left, right = slice_of("2001:db8:0:100::/56", one), slice_of("2001:db8:0:100::/56", other)
    assert (left == right) is (one == other)
    assert left.startswith("2001:db8:0:1")


def test_a_block_has_so_many_slices_only() -> None:
    with pytest.raises(ValueError, match="256 subnets"):
        slice_of("2001:db8:0:100::/56", 256)


def test_user_data_is_the_same_bytes_every_time() -> None:
    text = "#cloud-config\n" * 50
    packed = launch.encode(text, compress=True)
    assert packed == launch.encode(text, compress=True)
    assert gzip.decompress(base64.b64decode(packed)).decode() == text
    assert base64.b64decode(launch.encode(text, compress=False)).decode() == text


def test_user_data_gets_its_late_values() -> None:
    plan = recorded.plan_of(PRIVATE)
    groups = tuple(replace(g, user_data=UserData(f"server {Late('api.endpoint')}")) for g in plan.groups)
    (template, *_) = made(replace(plan, groups=groups)).of("aws:ec2/launchTemplate:LaunchTemplate")
    assert b".elb.us-test-1.amazonaws.com" in base64.b64decode(template.inputs["userData"])


@pytest.mark.parametrize(
    ("text", "filters", "owners"),
    [
        ("ami-0123", {"name": "image-id", "values": ["ami-0123"]}, None),
        ("flatcar/Flatcar-stable-1-hvm", {"name": "name", "values": ["Flatcar-stable-1-hvm"]}, ["075585003325"]),
        ("123456789012/mine/x", {"name": "name", "values": ["mine/x"]}, ["123456789012"]),
        ("ubuntu/images/hvm/x-1", {"name": "name", "values": ["ubuntu/images/hvm/x-1"]}, ["099720109477"]),
    ],
)
def test_an_image_is_looked_up_exactly_and_by_owner(text: str, filters: object, owners: object) -> None:
    import pulumi

    lookups = record(lambda: images.find(text, pulumi.ComponentResource("t:t:T", "x"))).invokes
    assert [(lookup.args["filters"], lookup.args.get("owners")) for lookup in lookups] == [([filters], owners)]


def test_an_image_by_parameter_is_two_look_ups() -> None:
    import pulumi

    lookups = record(lambda: images.find("ssm:/a/b", pulumi.ComponentResource("t:t:T", "x"))).invokes
    assert [lookup.token.rpartition(":")[2] for lookup in lookups] == ["getAmi", "getParameter"]


def test_only_our_rules_may_send_to_the_queue() -> None:
    statement = json.loads(termination.policy("arn:queue", "arn:b", "arn:a"))["Statement"][0]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": ["arn:a", "arn:b"]}}
    assert statement["Resource"] == "arn:queue"


def test_a_price_buys_on_the_spot_market() -> None:
    plan = with_options(recorded.plan_of(PUBLIC), spot_max_price="0.1", interruption_behavior="stop")
    for template in made(plan).of("aws:ec2/launchTemplate:LaunchTemplate"):
        spot = {"maxPrice": "0.1", "instanceInterruptionBehavior": "stop"}
        assert template.inputs["instanceMarketOptions"] == {"marketType": "spot", "spotOptions": spot}


def test_options_of_machines_reach_the_launch_template() -> None:
    plan = with_options(
        recorded.plan_of(PUBLIC),
        cpu_credits="unlimited",
        tenancy="dedicated",
        detailed_monitoring=True,
        ebs_optimized=True,
    )
    for template in made(plan).of("aws:ec2/launchTemplate:LaunchTemplate"):
        assert template.inputs["creditSpecification"] == {"cpuCredits": "unlimited"}
        assert template.inputs["placement"] == {"tenancy": "dedicated"}
        assert template.inputs["monitoring"] == {"enabled": True}
        assert template.inputs["ebsOptimized"] == "true"


def test_a_control_planes_group_waits_for_its_volumes() -> None:
    recording = recorded.cluster(PRIVATE)
    groups = {group.name: group for group in recording.of("aws:autoscaling/group:Group")}
    volumes = [volume.urn for volume in recording.of("aws:ebs/volume:Volume") if volume.name.endswith("-a")]
    waiting = next(group for name, group in groups.items() if name.endswith("control-plane-a"))
    assert volumes
    assert set(volumes) <= set(waiting.depends_on)


def test_the_autoscaler_owns_the_desired_size() -> None:
    for group in recorded.cluster(PRIVATE).of("aws:autoscaling/group:Group"):
        assert "desiredCapacity" not in group.inputs
        assert group.ignore_changes == ("desiredCapacity",)
        assert group.inputs["waitForCapacityTimeout"] == "0"


def test_rules_go_where_they_act_and_say_why_in_letters_that_ec2_takes() -> None:
    plan = recorded.plan_of(PUBLIC)
    node, outside = Peer(PeerKind.ROLE, "node"), Peer(PeerKind.PREFIX_LIST, "pl-1")
    rules = (
        Rule(outside, node, Protocol.UDP, None, "the user's “list”"),
        Rule(node, Peer(PeerKind.CIDR, "2001:db8::/32"), Protocol.ALL, None, "out"),
    )
    recording = made(replace(plan, rules=rules))
    (ingress,) = recording.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    (egress,) = recording.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    assert ingress.inputs["prefixListId"] == "pl-1"
    assert (ingress.inputs["fromPort"], ingress.inputs["toPort"]) == (0, 65535)
    assert ingress.inputs["description"] == "the users list"
    assert (egress.inputs["cidrIpv6"], egress.inputs["ipProtocol"]) == ("2001:db8::/32", "-1")
    assert "fromPort" not in egress.inputs


def test_roles_that_share_a_users_group_share_its_rules() -> None:
    plan = recorded.plan_of(PUBLIC)
    groups = tuple(replace(group, security_group_override="sg-all") for group in plan.groups)
    recording = made(replace(plan, groups=groups))
    names = {group.name.rpartition("-")[2] for group in recording.of("aws:ec2/securityGroup:SecurityGroup")}
    assert not names & {"masters", "nodes"}
    rules = recording.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    shared = [rule.inputs.get("cidrIpv4") for rule in rules if rule.inputs["securityGroupId"] == "sg-all"]
    assert sorted(filter(None, shared)) == ["0.0.0.0/0"]


@pytest.mark.parametrize(
    ("route", "attribute", "value"),
    [
        (Route("192.0.2.0/24", Hop.TRANSIT, "tgw-1"), "transitGatewayId", "tgw-1"),
        (Route("192.0.2.0/24", Hop.PEERING, "pcx-1"), "vpcPeeringConnectionId", "pcx-1"),
        (Route("192.0.2.0/24", Hop.NETWORK_INTERFACE, "eni-1"), "networkInterfaceId", "eni-1"),
        (Route("192.0.2.0/24", Hop.INTERNET, "igw-1"), "gatewayId", "igw-1"),
        (Route("2001:db8::/32", Hop.EGRESS_ONLY, "eigw-1"), "egressOnlyGatewayId", "eigw-1"),
    ],
)
def test_routes_lead_to_existing_things_by_id(route: Route, attribute: str, value: str) -> None:
    plan = recorded.plan_of(PUBLIC)
    table = RouteTable("private-z", public=False, routes=(route,))
    network = replace(plan.network, route_tables=(*plan.network.route_tables, table))
    routes = made(replace(plan, network=network)).of("aws:ec2/route:Route")
    assert [r.inputs[attribute] for r in routes if "private-z" in r.name] == [value]


def test_a_shared_network_is_asked_for_its_gateway() -> None:
    plan = recorded.plan_of(PUBLIC)
    network = replace(plan.network, existing_id="vpc-1", internet_gateway=False)
    recording = made(replace(plan, network=network))
    assert [lookup.token for lookup in recording.invokes if "InternetGateway" in lookup.token]
    assert recording.of("aws:ec2/vpc:Vpc") == recording.of("aws:ec2/internetGateway:InternetGateway") == []


@pytest.mark.parametrize(
    ("nat", "allocation"),
    [
        (NatGateway("z", "z", "{}", allocation_id="eipalloc-1"), "eipalloc-1"),
        (NatGateway("z", "z", "{}", public_ip="192.0.2.7"), "eipalloc-"),
    ],
)
def test_a_nat_gateway_can_have_the_users_address(nat: NatGateway, allocation: str) -> None:
    plan = recorded.plan_of(PUBLIC)
    nat = replace(nat, subnet=plan.network.subnets[0].name)
    recording = made(replace(plan, network=replace(plan.network, nat_gateways=(nat,))))
    (gateway,) = recording.of("aws:ec2/natGateway:NatGateway")
    assert gateway.inputs["allocationId"].startswith(allocation)
    assert recording.of("aws:ec2/eip:Eip") == []
