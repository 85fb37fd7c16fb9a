"""Machines without a cloud's groups: stable ordinals, spread places, who waits for whom."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kops_pulumi.model import ClusterPlan, PlannedMachine, Role
from kops_pulumi.plan import machines
from tests.unit.plan.conftest import Kit


@cache
def planned(zones: str) -> ClusterPlan:
    return Kit.planned(Kit.documents(zones)).plan


def plan(zones: str = "abc", nodes: int = 3) -> ClusterPlan:
    whole = planned(zones)
    groups = tuple(
        replace(group, min_size=nodes, max_size=nodes) if group.role is Role.NODE else group for group in whole.groups
    )
    return replace(whole, groups=groups, name_limits={"server": 63})


def of(whole: ClusterPlan, group: str) -> tuple[PlannedMachine, ...]:
    return machines.of(whole, next(item for item in whole.groups if item.name == group))


def test_a_group_is_as_many_machines_as_its_least_size_numbered_from_one() -> None:
    found = of(plan(nodes=3), "nodes")
    assert [(item.key, item.name) for item in found] == [
        ("nodes/1", "nodes-1-unit-test-example-org"),
        ("nodes/2", "nodes-2-unit-test-example-org"),
        ("nodes/3", "nodes-3-unit-test-example-org"),
    ]


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 12))
def test_another_size_changes_nothing_but_the_last_machines(one: int, other: int) -> None:
    small, large = (
        [(m.key, m.name, m.subnet, m.zone, m.volumes) for m in of(plan(nodes=size), "nodes")]
        for size in sorted((one, other))
    )
    assert large[: len(small)] == small


def test_neighbours_stand_in_different_zones_and_in_the_subnet_of_their_zone() -> None:
    found = of(plan("abc", nodes=4), "nodes")
    assert [item.zone for item in found] == ["eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-west-1a"]
    assert [item.subnet for item in found] == ["eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-west-1a"]


def test_subnets_that_span_a_region_are_dealt_out_in_turn() -> None:
    whole = plan("abc", nodes=3)
    subnets = tuple(replace(subnet, zone=None) for subnet in whole.network.subnets)
    groups = tuple(replace(group, zones=("z1", "z2", "z3"), subnets=group.subnets[:2]) for group in whole.groups)
    regional = replace(whole, network=replace(whole.network, subnets=subnets), groups=groups)
    assert [item.zone for item in of(regional, "nodes")] == ["z1", "z2", "z3"]
    assert [item.subnet for item in of(regional, "nodes")] == ["eu-west-1a", "eu-west-1b", "eu-west-1a"]


def test_a_control_plane_stands_where_its_members_volumes_are() -> None:
    (found,) = of(plan("abc"), "control-plane-b")
    assert (found.subnet, found.zone, found.volumes) == ("eu-west-1b", "eu-west-1b", ("events/b", "main/b"))


def test_control_planes_take_turns_over_all_their_groups() -> None:
    found = {item.key: item.after for item in machines.all_of(plan("abc")) if item.group != "nodes"}
    assert found == {
        "control-plane-a/1": None,
        "control-plane-b/1": "control-plane-a/1",
        "control-plane-c/1": "control-plane-b/1",
    }


@pytest.mark.parametrize(("size", "at_once"), [(1, 1), (2, 1), (4, 1), (5, 2), (8, 2), (100, 25)])
def test_at_most_a_quarter_of_a_group_of_nodes_is_replaced_at_once(size: int, at_once: int) -> None:
    found = of(plan(nodes=size), "nodes")
    assert sum(item.after is None for item in found) == at_once
    assert len({item.after for item in found if item.after}) == size - at_once  # nobody has two behind it


@settings(deadline=None)  # the first plan of all imports what it needs
@given(st.integers(0, 9), st.sampled_from(["a", "abc"]))
def test_nobody_comes_before_the_one_it_waits_for(nodes: int, zones: str) -> None:
    seen: set[str] = set()
    for item in machines.all_of(plan(zones, nodes)):
        assert item.after is None or item.after in seen
        seen.add(item.key)


def test_machines_that_something_else_starts_are_not_ours() -> None:
    whole = plan()
    groups = tuple(replace(group, managed=False) for group in whole.groups)
    assert machines.all_of(replace(whole, groups=groups)) == ()


def test_a_machines_list_of_the_others_is_what_the_scripts_read() -> None:
    found = of(plan(nodes=2), "nodes")
    assert machines.listed(found, ["10.0.0.5", "10.0.0.6"]) == (
        "nodes nodes-1-unit-test-example-org 10.0.0.5 nodes-1-unit-test-example-org\n"
        "nodes nodes-2-unit-test-example-org 10.0.0.6 nodes-2-unit-test-example-org\n"
    )
