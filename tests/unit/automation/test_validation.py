"""Whether a cluster is healthy: every condition, looking, waiting, certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kops_pulumi.automation.kube import Node, Pod
from kops_pulumi.automation.validation.certificates import expiring, lifetimes
from kops_pulumi.automation.validation.conditions import State, problems
from kops_pulumi.automation.validation.looking import Look, wait
from kops_pulumi.automation.validation.report import Validation
from kops_pulumi.model import FleetGroup, Machine, MachineState, Role
from tests.support.clusters import plan_of
from tests.support.simulation import FakeClock, Simulation

ROLES = {"cp-a": Role.CONTROL_PLANE, "nodes-a": Role.NODE, "bastion-a": Role.BASTION}


def machine(id_, group="nodes-a", state=MachineState.RUNNING, detached=False):
    return Machine(id_, group, id_, state, outdated=False, detached=detached)


def node(name, group="nodes-a", **more):
    return Node(name, group, **{"ready": True, "machine": name, **more})


def plane_pods(name, *but):
    components = {"kube-apiserver", "kube-controller-manager", "kube-scheduler"} - set(but)
    return [
        Pod("kube-system", f"{c}-{name}", name, "Running", True, "system-node-critical", {"component": c})
        for c in sorted(components)
    ]


def state(*, desired=1, machines=(), nodes=(), pods=(), group="nodes-a", **more):
    return State(ROLES, [FleetGroup(group, desired, 0, 9, tuple(machines))], nodes, pods, **more)


def said(found):
    return [str(problem) for problem in problems(found)]


def test_a_complete_group_of_ready_nodes_is_fine():
    assert said(state(machines=[machine("i-1")], nodes=[node("i-1")])) == []


def test_a_group_with_too_few_machines_says_how_many():
    assert said(state(desired=2, machines=[machine("i-1")], nodes=[node("i-1")])) == [
        "InstanceGroup nodes-a: did not have enough nodes 1 vs 2"
    ]


def test_detached_machines_do_not_count_for_their_group():
    found = state(machines=[machine("i-1", detached=True)], nodes=[node("i-1")])
    assert said(found) == ["InstanceGroup nodes-a: did not have enough nodes 0 vs 1"]


def test_nodes_of_machines_that_were_started_since_the_cloud_was_asked_count():
    assert said(state(machines=[], nodes=[node("i-9")])) == []
    assert said(state(machines=[], nodes=[node("i-9", ready=False)])) == ["Node i-9: is not ready"]


def test_nodes_of_machines_that_were_just_ended_do_not_count():
    found = state(machines=[], nodes=[node("i-1", ready=False)], gone=frozenset({"i-1"}))
    assert said(found) == ["InstanceGroup nodes-a: did not have enough nodes 0 vs 1"]


def test_groups_whose_size_nobody_fixes_are_never_short():
    assert said(state(desired=5, uncounted=frozenset({"nodes-a"}))) == []


def test_a_machine_that_has_not_joined_is_named():
    assert said(state(machines=[machine("i-1")])) == ["Machine i-1: has not yet joined the cluster"]


@pytest.mark.parametrize("gone", [MachineState.STOPPING, MachineState.WARM])
def test_machines_on_their_way_out_and_warm_ones_need_not_join(gone):
    assert said(state(desired=0, machines=[machine("i-1", state=gone)])) == []


def test_bastions_are_counted_and_need_not_join():
    found = state(group="bastion-a", machines=[machine("i-1", "bastion-a")])
    assert said(found) == []


def test_nodes_are_ready_and_have_their_network():
    nodes = [node("i-1", ready=False, reason="PLEG is not healthy"), node("i-2", network=False)]
    found = state(desired=2, machines=[machine("i-1"), machine("i-2")], nodes=nodes)
    assert said(found) == ["Node i-1: is not ready: PLEG is not healthy", "Node i-2: has no network yet"]


@pytest.mark.parametrize("missing", ["kube-apiserver", "kube-controller-manager", "kube-scheduler"])
def test_every_control_plane_has_its_three_pods(missing):
    found = state(
        group="cp-a",
        machines=[machine("i-1", "cp-a")],
        nodes=[node("i-1", "cp-a", control_plane=True)],
        pods=plane_pods("i-1", missing),
    )
    assert said(found) == [f"Node i-1: has no ready {missing} pod"]


@pytest.mark.parametrize("priority", ["system-cluster-critical", "system-node-critical"])
@pytest.mark.parametrize(
    ("phase", "ready", "message"),
    [
        ("Pending", False, "is pending: Unschedulable"),
        ("Unknown", True, "is unknown"),
        ("Running", False, "is not ready"),
    ],
)
def test_critical_pods_run_and_are_ready(priority, phase, ready, message):
    reason = "Unschedulable" if phase == "Pending" else ""
    pod = Pod("kube-system", "dns", None, phase, ready, priority, reason=reason)
    assert said(state(desired=0, pods=[pod])) == [f"Pod kube-system/dns: {priority} pod {message}"]


@pytest.mark.parametrize(
    "pod",
    [
        Pod("shop", "web", None, "Pending", False),
        Pod("kube-system", "job", None, "Succeeded", False, "system-cluster-critical"),
        Pod("kube-system", "old", None, "Running", False, "system-cluster-critical", leaving=True),
    ],
)
def test_other_pods_and_those_that_are_done_do_not_matter(pod):
    assert said(state(desired=0, pods=[pod])) == []


# -- looking


@pytest.fixture
def sim():
    found = Simulation(plan_of("cp-a", "nodes-a"), FakeClock())
    found.fill("cp-a", 1)
    found.fill("nodes-a", 2)
    return found


def look(sim, **more):
    given = {"resolve": lambda _: ["10.0.0.1"], "certificates": {}, "server": "https://api.orchard.example.com", **more}
    return Look(sim.plan, sim, sim, now=datetime(2026, 11, 1, tzinfo=UTC), **given)


def test_a_healthy_cluster_is_valid_with_its_nodes(sim):
    found = look(sim).once()
    assert (found.valid, len(found.nodes)) == (True, 3)
    assert found.to_data()["nodes"][0]["role"] == "control-plane"


def test_a_name_that_does_not_resolve_is_the_first_problem(sim):
    found = look(sim, resolve=lambda _: []).once()
    assert [str(p) for p in found.problems] == [
        "dns api.orchard.example.com: does not resolve; nobody can find the API"
    ]


@pytest.mark.parametrize("placeholder", ["203.0.113.123", "fd00:dead:add::"])
def test_a_placeholder_is_no_address(sim, placeholder):
    (problem,) = look(sim, resolve=lambda _: [placeholder]).once().problems
    assert (problem.kind, "placeholder" in problem.message) == ("dns", True)


def test_an_api_or_a_cloud_that_does_not_answer_is_a_problem(sim):
    sim.silent = "connection refused"
    assert [p.kind for p in look(sim).once().problems] == ["api"]
    sim.silent, sim.refusals["groups", ""] = None, "AccessDenied"
    assert [p.message for p in look(sim).once().problems] == ["AccessDenied"]


def test_a_group_that_was_not_made_yet_is_missing(sim):
    sim.desired["nodes-a"] = 0
    sim.machines = {key: m for key, m in sim.machines.items() if m.group != "nodes-a"}
    assert [str(p) for p in look(sim).once().problems] == [
        "InstanceGroup nodes-a: is missing from the cloud; update makes it"
    ]
    assert look(sim, complete=False).once().valid


def test_some_nodes_may_be_missing_when_that_is_allowed(sim):
    sim.unready.add("i-00002")
    assert not look(sim).once().valid
    assert look(sim, max_unready=1).once().valid
    sim.unready.add("i-00003")
    assert len(look(sim, max_unready=1).once().problems) == 2


def test_waiting_ends_after_so_many_good_looks_in_a_row(sim):
    clock, looks = FakeClock(), iter([False, True, False, True, True, True])
    seen = []

    def once():
        good = next(looks)
        return look(sim).once() if good else look(sim, resolve=lambda _: []).once()

    found = wait(once, clock, patience=600, interval=10, count=3, tell=lambda f, n: seen.append(n))
    assert (found.valid, seen, clock.time) == (True, [0, 1, 0, 1, 2, 3], 50)


def test_waiting_ends_with_the_last_look_when_patience_is_over(sim):
    clock = FakeClock()
    found = wait(look(sim, resolve=lambda _: []).once, clock, patience=60, interval=10, count=1)
    assert (found.valid, clock.time) == (False, 60)


# -- certificates


def pem(days):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "warning", "problem"),
    [
        (100, False, None),
        (60, False, None),
        (59, True, None),
        (14, True, None),
        (13, False, "ends in 13 days"),
        (-1, False, "has ended"),
    ],
)
def test_certificates_warn_for_two_months_and_fail_for_two_weeks(days, warning, problem):
    (found,) = lifetimes({"authority kubernetes-ca": pem(days)}, NOW)
    said = [p.message.partition(" (")[0] for p in expiring((found,))]
    assert (found.days, found.warning, said) == (days, warning, [problem] if problem else [])


def test_an_ending_certificate_makes_a_cluster_invalid(sim):
    found = look(sim, certificates={"API server": pem(3)}).once()
    assert [p.kind for p in found.problems] == ["Certificate"]
    assert found.to_data()["certificates"][0]["days"] == 3


def test_a_validation_says_nothing_of_groups_that_the_plan_does_not_have(sim):
    stranger = Node("x", "gone", ready=True)
    assert Validation(sim.plan, [stranger], ()).role(stranger) == ""
