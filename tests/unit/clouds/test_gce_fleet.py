"""The fleet on GCE, by real requests against a stub of Compute Engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kops_pulumi.clouds.gce import fleet as gce
from kops_pulumi.clouds.gce import labels
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, FleetGroup, MachineState
from tests.support import clouds
from tests.support.clouds.row import NAME
from tests.support.compute_stub import ComputeEngine, serve

ROW = next(row for row in clouds.ROWS if row.cloud == "gce")
PLAN: ClusterPlan = clouds.planned(clouds.documents(ROW)).plan
A, B, C = ROW.zones
NODES_A, NODES_B = "a-nodes-harbor-example-net", "b-nodes-harbor-example-net"


@pytest.fixture
def engine() -> Iterator[ComputeEngine]:
    engine = ComputeEngine()
    by_name = {group.name: group for group in PLAN.groups}
    with serve(engine):
        control_plane, nodes = f"control-plane-{A}", "nodes"
        name = f"a-{control_plane}-harbor-example-net"
        engine.manager(A, name, "cp-1", 1, labels.group(PLAN, by_name[control_plane]))
        for zone, manager in ((A, NODES_A), (B, NODES_B)):
            engine.manager(zone, manager, "nodes-1", 1, labels.group(PLAN, by_name[nodes]))
        engine.manager(A, "somebody-elses-abc123", "x", 1, {"k8s-io-cluster-name": "other"})
        yield engine


def fleet_of(engine: ComputeEngine) -> gce.GceFleet:
    return gce.connect(PLAN, engine.settings())


def nodes(fleet: gce.GceFleet) -> FleetGroup:
    return next(group for group in fleet.groups() if group.name == "nodes")


def test_a_group_is_what_its_managers_have_in_all_zones(engine: ComputeEngine) -> None:
    found = fleet_of(engine).groups()
    sizes = [(group.name, group.desired, group.min_size, group.max_size, len(group.machines)) for group in found]
    assert sizes == [(f"control-plane-{A}", 1, 1, 1, 1), ("nodes", 2, 2, 4, 2)]
    machine = next(machine for machine in found[1].machines if machine.zone == A)
    assert machine.name is not None
    assert (machine.id, machine.name.startswith(NODES_A), machine.state) == ("9002", True, MachineState.RUNNING)
    assert (machine.addresses, machine.machine_type) == (("10.0.0.2", "192.0.2.2"), "n2-standard-2")
    assert not any(machine.outdated for group in found for machine in group.machines)


def test_machines_of_an_older_template_are_outdated(engine: ComputeEngine) -> None:
    engine.update(f"{B}/{NODES_B}", "nodes-2")
    assert [(machine.zone, machine.outdated) for machine in nodes(fleet_of(engine)).machines] == [(A, False), (B, True)]


def test_lists_are_followed_page_by_page_and_their_number_is_bounded(engine: ComputeEngine) -> None:
    fleet_of(engine).groups()
    assert len(engine.requests) == 2 + 3  # managers, machines; one for each manager of the cluster
    engine.page = 1
    assert len(nodes(fleet_of(engine)).machines) == 2


def test_a_terminated_machine_comes_back_from_the_current_template(engine: ComputeEngine) -> None:
    engine.update(f"{B}/{NODES_B}", "nodes-2")
    fleet = fleet_of(engine)
    old = next(machine for machine in nodes(fleet).machines if machine.outdated)
    fleet.terminate(old)
    (new,) = [machine for machine in nodes(fleet).machines if machine.zone == B]
    assert (new.outdated, new.id != old.id) == (False, True)


def test_a_detached_machine_runs_on_beside_its_successor_and_is_found_again(engine: ComputeEngine) -> None:
    engine.update(f"{A}/{NODES_A}", "nodes-2")
    old = next(machine for machine in nodes(fleet_of(engine)).machines if machine.outdated)
    fleet_of(engine).detach(old)
    fleet = fleet_of(engine)
    group = nodes(fleet)
    assert (group.desired, len(group.machines)) == (2, 3)
    (detached,) = [machine for machine in group.machines if machine.detached]
    assert (detached.id, detached.outdated) == (old.id, True)
    fleet.detach(detached)
    assert nodes(fleet).desired == 2
    fleet.terminate(detached)
    assert [machine.detached for machine in nodes(fleet).machines] == [False, False]
    fleet.terminate(detached)


def test_load_balancers_let_machines_go_by_themselves(engine: ComputeEngine) -> None:
    fleet = fleet_of(engine)
    assert fleet.deregister(nodes(fleet).machines[0]) is True


def test_a_long_operation_is_waited_for_and_its_failure_told(engine: ComputeEngine) -> None:
    fleet = fleet_of(engine)
    machine = nodes(fleet).machines[0]
    engine.waits = 3
    fleet.terminate(machine)
    assert len([request for request in engine.requests if request.endswith("/wait")]) == 3
    engine.waits, engine.failure = 1, "ZONE_RESOURCE_POOL_EXHAUSTED"
    with pytest.raises(KopsError, match="ZONE_RESOURCE_POOL_EXHAUSTED"):
        fleet.terminate(machine)


def test_too_many_requests_are_tried_again_and_refusals_told_in_googles_words(engine: ComputeEngine) -> None:
    engine.refusals = [(429, "slow down"), (503, "not now")]
    assert len(fleet_of(engine).groups()) == 2
    engine.refusals = [(403, "Required 'compute.instances.list' permission")]
    with pytest.raises(KopsError, match=r"Required 'compute.instances.list' permission"):
        fleet_of(engine).groups()


def test_somebody_unknown_is_told_so(engine: ComputeEngine) -> None:
    settings = {**engine.settings(), "accessToken": "another"}
    with pytest.raises(KopsError, match="cannot sign in"):
        gce.connect(PLAN, settings).groups()


def test_credentials_that_are_no_key_are_a_finding_with_a_way_out(engine: ComputeEngine) -> None:
    settings = {**engine.settings(), "accessToken": None, "credentials": "{}"}
    with pytest.raises(KopsError, match="cannot sign in") as caught:
        gce.connect(PLAN, settings).groups()
    assert "gcloud auth application-default login" in str(caught.value.hint)


def test_a_cluster_that_is_not_there_has_empty_groups(engine: ComputeEngine) -> None:
    engine.managers.clear()
    engine.machines.clear()
    assert [(group.name, group.machines) for group in fleet_of(engine).groups()] == [
        (f"control-plane-{A}", ()),
        ("nodes", ()),
    ]


def test_the_plan_is_of_the_cluster_that_all_clouds_share() -> None:
    assert PLAN.name == NAME
