"""What kops allows between roles and from outside, we allow, no wider: compared port by port for every AWS scenario."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kops_pulumi import pipeline
from kops_pulumi.model import ClusterPlan, PeerKind, Role
from tests.scenarios import kops_matrix
from tests.scenarios.deviations import FIREWALL, FirewallDeviation
from tests.scenarios.names import AWS, GCE
from tests.support import recorded, terraform
from tests.support.clouds import gce

pytestmark = pytest.mark.scenarios
every_scenario = pytest.mark.parametrize("name", AWS)


def planned(shared: Path, name: str) -> ClusterPlan:
    return recorded.plan_of(shared / "scenarios" / name / "cluster.yaml")


def differences(shared: Path, name: str) -> tuple[set[kops_matrix.Opening], set[kops_matrix.Opening]]:
    """What only kops opens, and what only we open."""
    plan = planned(shared, name)
    theirs = kops_matrix.kops(shared / "scenarios" / name / "kubernetes.tf", plan)
    mine = kops_matrix.ours(plan)
    return kops_matrix.without(theirs, mine), kops_matrix.without(mine, theirs)


def opening(deviation: FirewallDeviation) -> kops_matrix.Opening:
    return kops_matrix.Opening(deviation.source, deviation.target, deviation.protocol, deviation.ports)


@every_scenario
def test_reachability_is_kopss_but_for_named_deviations(shared: Path, name: str) -> None:
    closed, opened = differences(shared, name)
    assert closed <= {opening(deviation) for deviation in FIREWALL if deviation.closed}
    assert opened <= {opening(deviation) for deviation in FIREWALL if not deviation.closed}


def test_the_list_of_scenarios_is_complete(shared: Path) -> None:
    index = json.loads((shared / "scenarios" / "index.json").read_text())
    assert set(AWS) == {entry["name"] for entry in index if entry["cloud"] == "aws"}
    assert set(GCE) == {entry["name"] for entry in index if entry["cloud"] == "gce"}


@pytest.mark.parametrize(
    ("left", "right", "rest"),
    [
        ([(1, 100)], [(20, 30)], {(1, 19), (31, 100)}),
        ([(1, 10), (5, 20)], [], {(1, 20)}),
        ([(5, 5)], [(1, 10)], set()),
    ],
)
def test_the_comparison_itself_sees_single_ports(
    left: list[tuple[int, int]], right: list[tuple[int, int]], rest: set[tuple[int, int]]
) -> None:
    one, other = (
        kops_matrix.matrix(kops_matrix.Opening("node", "control-plane", "tcp", ports) for ports in side)
        for side in (left, right)
    )
    assert {opening.ports for opening in kops_matrix.without(one, other)} == rest


def test_every_named_deviation_occurs(shared: Path) -> None:
    found = set().union(*(side for name in AWS for side in differences(shared, name)))
    assert {deviation.name for deviation in FIREWALL if opening(deviation) not in found} == set()


@every_scenario
def test_the_rules_made_on_aws_open_exactly_what_the_plan_opens(shared: Path, name: str) -> None:
    manifest = shared / "scenarios" / name / "cluster.yaml"
    plan = recorded.plan_of(manifest)
    made = kops_matrix.registered(recorded.cluster(manifest), plan)
    mine = kops_matrix.ours(plan)
    assert kops_matrix.without(made, mine) == set()
    assert kops_matrix.without(mine, made) == set()


@pytest.mark.parametrize("name", GCE)
def test_the_rules_made_on_gce_open_exactly_what_the_plan_opens(shared: Path, name: str) -> None:
    manifest = shared / "scenarios" / name / "cluster.yaml"
    plan = recorded.plan_of(manifest)
    made = kops_matrix.matrix(gce.opened(recorded.cluster(manifest), plan))
    mine = kops_matrix.matrix(gce.expected(plan))
    assert kops_matrix.without(made, mine) == set()
    assert kops_matrix.without(mine, made) == set()


@pytest.mark.parametrize("name", GCE)
def test_from_outside_kops_opens_as_much_on_gce_but_for_health_checks(shared: Path, name: str) -> None:
    """Ranges to machines, port by port; kops lets health checks reach every port, we the one that they check."""
    directory = shared / "scenarios" / name
    plan = recorded.plan_of(directory / "cluster.yaml")
    made = gce.opened(recorded.cluster(directory / "cluster.yaml"), plan)
    rules = terraform.read(directory / "kubernetes.tf")["google_compute_firewall"].values()
    theirs = (opening for rule in rules for opening in gce.kops(rule))
    left, right = (
        kops_matrix.matrix(o for o in side if "/" in o.source and o.source not in gce.PROBES) for side in (theirs, made)
    )
    assert kops_matrix.without(left, right) == set()
    assert kops_matrix.without(right, left) == set()


@every_scenario
def test_the_world_comes_in_only_by_the_manifests_lists(shared: Path, name: str) -> None:
    loaded = pipeline.load([shared / "scenarios" / name / "cluster.yaml"], ssh_public_keys=[recorded.KEY])
    spec = loaded.full.cluster.spec
    lists = {*(spec.kubernetes_api_access or ()), *(spec.ssh_access or ()), *(spec.node_port_access or ())}
    world = {rule.source.name for rule in loaded.plan.rules if rule.source.name in ("0.0.0.0/0", "::/0")}
    assert world <= lists
    exposed = {r.target.name for r in loaded.plan.rules if r.source.name in world and r.target.kind is PeerKind.ROLE}
    ports = {r.ports for r in loaded.plan.rules if r.source.name in world and r.target.kind is PeerKind.ROLE}
    assert exposed <= {role.value for role in Role}
    assert ports <= {(22, 22), (443, 443)}
