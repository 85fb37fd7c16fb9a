"""Every AWS scenario plans, and what its plan implies has the counts and names of kops's own Terraform."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from kops_pulumi import pipeline
from kops_pulumi.model import ClusterPlan, EndpointKind

SHARED = Path(os.environ.get("KOPS_PULUMI_SHARED") or Path(__file__).resolve().parents[3] / "shared")
INDEX = SHARED / "scenarios" / "index.json"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOlT0sVqHbWhkyBOl8c6f4mXfkNQd7dlnV3uZHrJzwYt somebody"

KOPS_CONTROLLER = "our nodes join through the API's port; kops's have a listener for kops-controller (3988) without DNS"
DEVIATIONS: dict[str, dict[str, tuple[int, str]]] = {
    "minimal-ipv6-dns-none": {"aws_lb_listener": (-1, KOPS_CONTROLLER), "aws_lb_target_group": (-1, KOPS_CONTROLLER)}
}
"""By scenario and type: how many we have more than kops, and why."""


def scenarios() -> list[str]:
    if not INDEX.exists():
        return []
    return [entry["name"] for entry in json.loads(INDEX.read_text()) if entry["cloud"] == "aws"]


pytestmark = pytest.mark.skipif(not INDEX.exists(), reason=f"no scenarios at {SHARED}; set KOPS_PULUMI_SHARED")


def counts(plan: ClusterPlan) -> Counter[str]:
    """Terraform resources that the plan implies, by type."""
    net = plan.network
    balanced = [endpoint for endpoint in plan.endpoints if endpoint.kind is EndpointKind.LOAD_BALANCER]
    made = [nat for nat in net.nat_gateways if nat.existing_id is None]
    managed = sum(group.managed for group in plan.groups)
    events = len(plan.termination_queue.events) if plan.termination_queue else 0
    return Counter(
        aws_vpc=int(not net.adopted),
        aws_vpc_ipv4_cidr_block_association=len(net.additional_cidrs),
        aws_subnet=sum(not subnet.adopted for subnet in net.subnets),
        aws_route_table=len(net.route_tables),
        aws_route=sum(len(table.routes) for table in net.route_tables),
        aws_route_table_association=sum(subnet.route_table is not None for subnet in net.subnets),
        aws_internet_gateway=int(net.internet_gateway),
        aws_egress_only_internet_gateway=int(net.egress_only_gateway),
        aws_nat_gateway=len(made),
        aws_eip=sum(nat.allocation_id is None for nat in made),
        aws_lb=len(balanced),
        aws_lb_listener=sum(len(endpoint.listeners) for endpoint in balanced),
        aws_lb_target_group=sum(len({item.name for item in endpoint.listeners}) for endpoint in balanced),
        aws_route53_record=len(plan.dns.records),
        aws_route53_zone_association=int(plan.dns.attach_zone),
        aws_ebs_volume=sum(len(cluster.members) for cluster in plan.etcd),
        aws_autoscaling_group=managed,
        aws_launch_template=managed,
        aws_key_pair=int(plan.ssh_key is not None and plan.ssh_key.physical_name is not None),
        aws_iam_role=len(plan.identities),
        aws_iam_openid_connect_provider=int(bool(plan.issuer and plan.issuer.cloud_provider_trust)),
        aws_sqs_queue=int(events > 0),
        aws_cloudwatch_event_rule=events,
    )


@pytest.fixture(scope="module", params=scenarios())
def scenario(request: pytest.FixtureRequest) -> tuple[str, ClusterPlan, str]:
    folder = SHARED / "scenarios" / request.param
    plan = pipeline.load([folder / "cluster.yaml"], ssh_public_keys=[KEY]).plan
    return request.param, plan, (folder / "kubernetes.tf").read_text()


def test_plan_implies_as_many_resources_as_kops_makes(scenario: tuple[str, ClusterPlan, str]) -> None:
    name, plan, terraform = scenario
    theirs = Counter(re.findall(r'^resource "(\w+)"', terraform, re.MULTILINE))
    ours = counts(plan)
    difference = {kind: ours[kind] - theirs[kind] for kind in ours if ours[kind] != theirs[kind]}
    assert difference == {kind: more for kind, (more, _) in DEVIATIONS.get(name, {}).items()}


def test_physical_names_are_kops_names(scenario: tuple[str, ClusterPlan, str]) -> None:
    _, plan, terraform = scenario
    theirs = set(re.findall(r'^\s+"?(?:name|Name)"?\s+= "([^"]+)"', terraform, re.MULTILINE))
    ours = {
        *(group.physical_name for group in plan.groups if group.managed),
        *(member.volume_name for cluster in plan.etcd for member in cluster.members),
        *(endpoint.physical_name for endpoint in plan.endpoints if endpoint.kind is EndpointKind.LOAD_BALANCER),
        *(identity.name for identity in plan.identities),
    }
    assert ours <= theirs


def test_subnets_have_the_ranges_that_kops_gives_them(scenario: tuple[str, ClusterPlan, str]) -> None:
    _, plan, terraform = scenario
    blocks = re.findall(r'^resource "aws_subnet".*?^}', terraform, re.MULTILINE | re.DOTALL)
    theirs = sorted(re.findall(r'\bcidr_block\s+= "([^"]+)"', "\n".join(blocks)))
    assert sorted(s.cidr for s in plan.network.subnets if s.cidr and not s.adopted) == theirs


def test_plan_is_stable(scenario: tuple[str, ClusterPlan, str]) -> None:
    name, plan, _ = scenario
    again = pipeline.load([SHARED / "scenarios" / name / "cluster.yaml"], ssh_public_keys=[KEY]).plan
    assert again.to_json() == plan.to_json()
