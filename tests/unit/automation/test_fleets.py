"""Machines that the engine makes: what is outdated is what it would replace, and ending one is a targeted update."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kops_pulumi.automation import fleets
from kops_pulumi.automation.report import Action, ChangeReport, Kind, ResourceChange
from kops_pulumi.automation.settings import plain_settings
from kops_pulumi.errors import KopsError
from kops_pulumi.model import FleetGroup, Machine, MachineState
from tests.support.clusters import plan_of


class Cloud:
    surges, replaces_itself, reuses_names = False, False, False

    def groups(self):
        machines = tuple(
            Machine(f"vm-{n}", "nodes", f"nodes-{n}", MachineState.RUNNING, outdated=False) for n in (1, 2)
        )
        return [FleetGroup("nodes", 2, 2, 2, machines)]

    def deregister(self, machine):
        return machine.id == "vm-1"


class Engine:
    def __init__(self):
        self.replaced = []

    def preview(self):
        change = ResourceChange(Action.REPLACE, "openstack:compute/instance:Instance", "n", "", Kind.RESOURCE, "urn:1")
        return ChangeReport("s", "preview", (change,), 1)

    def ids(self):
        return {"vm-1": "urn:1", "vm-2": "urn:2"}

    def replace(self, urn):
        self.replaced.append(urn)


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def fleet(engine):
    return fleets.managed(Cloud(), engine)


def test_outdated_is_what_the_engine_would_replace(fleet):
    (group,) = fleet.groups()
    assert {machine.id: machine.outdated for machine in group.machines} == {"vm-1": True, "vm-2": False}


def test_ending_a_machine_replaces_just_that_resource(fleet, engine):
    (group,) = fleet.groups()
    fleet.terminate(group.machines[0])
    assert engine.replaced == ["urn:1"]


def test_there_is_no_group_to_leave_and_balancers_are_the_clouds(fleet):
    (group,) = fleet.groups()
    assert (fleet.surges, fleet.reuses_names) == (False, True)
    assert [fleet.deregister(machine) for machine in group.machines] == [True, False]
    with pytest.raises(KopsError, match="in no group"):
        fleet.detach(group.machines[0])


def test_a_machine_that_the_state_does_not_know_is_refused_with_a_way_out(fleet):
    stranger = Machine("vm-9", "nodes", None, MachineState.RUNNING, outdated=True)
    with pytest.raises(KopsError, match="not in the stack's state") as error:
        fleet.terminate(stranger)
    assert "--refresh" in error.value.hint


def test_groups_that_start_machines_again_need_no_engine(engine):
    cloud = Cloud()
    cloud.replaces_itself = True
    assert fleets.managed(cloud, engine) is cloud


def test_settings_of_one_provider_are_taken_from_the_stacks():
    values = {"aws:profile": "dev", "aws:assumeRoles": '[{"roleArn": "x"}]', "kops-pulumi:profile": "no"}
    assert plain_settings(values, "aws") == {"profile": "dev", "assumeRoles": [{"roleArn": "x"}]}


def test_machines_that_only_the_engine_makes_wait_for_their_roll_and_others_are_not_touched():
    plan = plan_of("cp-a", "nodes-a")
    changes = tuple(
        ResourceChange(action, "t", f"{plan.name}-instances-{name}", "Instances", Kind.RESOURCE, f"urn:{name}")
        for name, action in (("nodes-a-1", Action.REPLACE), ("nodes-a-2", Action.UPDATE), ("folder", Action.REPLACE))
    )
    report = ChangeReport("s", "preview", changes, 0)
    assert fleets.to_be_rolled(replace(plan, cloud="openstack"), report) == ["urn:nodes-a-1"]
    assert fleets.to_be_rolled(plan, report) == []
