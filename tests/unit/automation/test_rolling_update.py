"""Rolling updates, family by family: order, surge, limits, failures, resuming. On a fake clock, without any network."""

from __future__ import annotations

import pytest

from kops_pulumi.automation.kube import Budget, Pod
from kops_pulumi.automation.rolling.context import (
    DeregisterError,
    DrainError,
    QuorumError,
    RollError,
    ValidationTimeout,
)
from kops_pulumi.automation.rolling.roll import Interrupted, Selection
from kops_pulumi.automation.rolling.settings import Limits, Rules, limits
from kops_pulumi.model import Role

HA = {"bastion_a": 1, "cp_a": 1, "cp_b": 1, "cp_c": 1, "api_a": 2, "nodes_a": 3, "nodes_b": 2}


def groups_in_order(sim, ids, groups):
    seen = [groups[id_] for id_ in ids]
    return list(dict.fromkeys(seen))


def replaced(here):
    """Group of each terminated machine, in order."""
    return [here.group_of[id_] for id_ in here.sim.done("terminate")]


@pytest.fixture
def ha(stage):
    here = stage(**HA)
    here.group_of = {machine.id: machine.group for machine in here.sim.machines.values()}
    return here


def remember(here):
    here.group_of = {machine.id: machine.group for machine in here.sim.machines.values()}
    return here


# -- which machines, in which order


def test_everything_outdated_is_replaced_once_bastions_first_then_control_planes_api_servers_and_nodes(ha):
    outcome = ha.roll()
    assert list(dict.fromkeys(replaced(ha))) == ["bastion-a", "cp-a", "cp-b", "cp-c", "api-a", "nodes-a", "nodes-b"]
    assert (outcome.replaced, outcome.failures) == (11, {})
    assert len(ha.sim.done("terminate")) == len(set(ha.sim.done("terminate"))) == 11
    assert not any(ha.sim.outdated(group.name) for group in ha.sim.plan.groups)


def test_nothing_outdated_nothing_done(stage):
    here = stage(**HA, outdated=False)
    assert here.roll().replaced == 0
    assert here.sim.log == []


def test_force_replaces_what_is_up_to_date(stage):
    here = remember(stage(**HA, outdated=False))
    assert here.roll(force=True).replaced == 11
    assert list(dict.fromkeys(replaced(here)))[:2] == ["bastion-a", "cp-a"]


def test_only_the_outdated_machines_of_a_group_go(stage):
    here = stage(cp_a=1, nodes_a=4, outdated=False)
    old = [m.id for m in here.sim.machines.values() if m.group == "nodes-a"][:2]
    here.sim.version["nodes-a"] = 2
    for machine in here.sim.machines.values():
        if machine.group == "nodes-a" and machine.id not in old:
            machine.version = 2
    here.roll()
    assert sorted(here.sim.done("terminate")) == old


def test_groups_and_roles_can_be_chosen(ha):
    ha.roll(Selection(names=frozenset({"nodes-b"})))
    assert set(replaced(ha)) == {"nodes-b"}
    ha.roll(Selection(roles=frozenset({Role.CONTROL_PLANE})))
    assert list(dict.fromkeys(replaced(ha))) == ["nodes-b", "cp-a", "cp-b", "cp-c"]


def test_a_node_that_is_marked_to_be_replaced_goes_although_its_machine_is_up_to_date(stage):
    here = stage(cp_a=1, nodes_a=3, outdated=False)
    chosen = here.sim.machines["i-00003"]
    chosen.needed = True
    here.roll()
    assert here.sim.done("terminate") == ["i-00003"]


def test_a_group_without_machines_is_passed_over(stage):
    here = stage(cp_a=1, nodes_a=0)
    assert here.roll().replaced == 1


def test_warm_machines_are_ended_directly_and_before_the_others(stage):
    here = stage(cp_a=1, nodes_a=2)
    here.sim.change("cp-a")
    warm = here.sim._start("nodes-a", 0.0, warm=True)
    warm.version = 1
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert here.sim.done("terminate")[0] == warm.id
    assert warm.id not in here.sim.done("cordon")


# -- control planes


def test_control_planes_go_one_by_one_and_never_surge(ha):
    ha.rules.update({name: Rules(max_surge=3, max_unavailable="100%") for name in ("cp-a", "cp-b", "cp-c")})
    missing = []
    planes = [m for m in ha.sim.machines.values() if m.group.startswith("cp")]
    ha.clock.on_tick.append(lambda now: missing.append(3 - sum(n.control_plane for n in ha.sim.nodes())))
    ha.roll(Selection(roles=frozenset({Role.CONTROL_PLANE})))
    assert len(planes) == 3
    assert max(missing) == 1
    assert ha.sim.done("detach") == []


def test_several_machines_of_one_control_plane_group_go_one_by_one_too(stage):
    here = stage(cp_a=3, nodes_a=1)
    missing = []
    here.clock.on_tick.append(lambda now: missing.append(3 - sum(n.control_plane for n in here.sim.nodes())))
    here.roll(Selection(names=frozenset({"cp-a"})))
    assert (max(missing), len(here.sim.done("terminate"))) == (1, 3)


def test_no_control_plane_goes_while_etcd_could_not_spare_it(ha):
    lost = next(m.id for m in ha.sim.machines.values() if m.group == "cp-c")
    ha.sim.unready.add(lost)
    with pytest.raises(ValidationTimeout):  # the cluster is not valid, so that nothing even begins
        ha.roll(Selection(names=frozenset({"cp-a"})))
    with pytest.raises(QuorumError, match=r"etcd main would keep 1 healthy of 3 members, and needs 2") as error:
        ha.roll(Selection(names=frozenset({"cp-a"})), fail_on_validate_error=False)
    assert "bring the other members back" in error.value.hint
    assert ha.sim.done("terminate") == []


def test_the_lost_member_itself_may_be_replaced_while_the_others_have_a_quorum(ha):
    lost = next(m.id for m in ha.sim.machines.values() if m.group == "cp-c")
    ha.sim.unready.add(lost)
    ha.roll(Selection(names=frozenset({"cp-c"})), fail_on_validate_error=False, validation_timeout=60)
    assert ha.sim.done("terminate") == [lost]


def test_a_roll_waits_until_etcd_has_a_quorum_again(ha):
    lost = next(m.id for m in ha.sim.machines.values() if m.group == "cp-c")
    ha.sim.unready.add(lost)
    ha.clock.on_tick.append(lambda now: ha.sim.unready.clear() if now > 200 else None)
    ha.roll(Selection(names=frozenset({"cp-a"})))
    assert ha.clock.time > 200
    assert len(ha.sim.done("terminate")) == 1


def test_an_only_control_plane_is_replaced_for_it_has_no_quorum_to_keep(stage):
    here = stage(cp_a=1, nodes_a=1)
    assert here.roll(Selection(names=frozenset({"cp-a"}))).replaced == 1


def test_a_control_plane_that_fails_stops_the_roll(ha):
    first = next(m.id for m in ha.sim.machines.values() if m.group == "cp-b")
    ha.sim.refusals["terminate", first] = "UnauthorizedOperation"
    with pytest.raises(RollError, match="UnauthorizedOperation"):
        ha.roll()
    assert set(replaced(ha)) == {"bastion-a", "cp-a"}


# -- surge and limits


@pytest.mark.parametrize(
    ("rules", "role", "size", "surges", "expected"),
    [
        (Rules(), Role.NODE, 10, True, Limits(1, 0)),
        (Rules(), Role.NODE, 10, False, Limits(0, 1)),
        (Rules(max_surge=0), Role.NODE, 10, True, Limits(0, 1)),
        (Rules(max_surge="25%"), Role.NODE, 10, True, Limits(3, 0)),
        (Rules(max_surge="0%"), Role.NODE, 10, True, Limits(0, 1)),
        (Rules(max_unavailable="25%"), Role.NODE, 10, True, Limits(1, 2)),
        (Rules(max_unavailable="1%"), Role.NODE, 10, False, Limits(0, 1)),
        (Rules(max_surge=2, max_unavailable=3), Role.NODE, 10, True, Limits(2, 3)),
        (Rules(max_surge="50%"), Role.CONTROL_PLANE, 3, True, Limits(0, 1)),
        (Rules(max_unavailable=3), Role.CONTROL_PLANE, 3, True, Limits(0, 1)),
        (Rules(max_surge=1), Role.BASTION, 2, True, Limits(0, 1)),
        (Rules(max_surge=1), Role.API_SERVER, 2, True, Limits(1, 0)),
    ],
)
def test_surge_rounds_up_and_unavailable_down(rules, role, size, surges, expected):
    assert limits(rules, role, size, surges=surges) == expected


def test_nothing_extra_and_nothing_missing_would_never_end_so_one_goes():
    assert limits(Rules(max_surge=0, max_unavailable=0), Role.NODE, 3, surges=True).concurrency == 1


def capacity(here, group, size):
    """Ready nodes of a group at every tick, less its wanted size."""
    seen = []
    here.clock.on_tick.append(
        lambda now: seen.append(sum(n.group == group and n.ready for n in here.sim.nodes()) - size)
    )
    return seen


def test_by_default_one_machine_more_is_started_and_the_group_is_never_short(stage):
    here = stage(cp_a=1, nodes_a=5)
    seen = capacity(here, "nodes-a", 5)
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert (min(seen), max(seen)) == (0, 1)
    assert (len(here.sim.done("detach")), len(here.sim.done("terminate"))) == (1, 5)


def test_the_cloud_is_told_that_a_machine_was_detached_when_it_is_ended(stage, monkeypatch):
    here = stage(cp_a=1, nodes_a=2)
    ended = {}
    real = here.sim.terminate
    monkeypatch.setattr(here.sim, "terminate", lambda machine: (ended.update({machine.id: machine}), real(machine)))
    here.roll(Selection(names=frozenset({"nodes-a"})))
    (detached,) = here.sim.done("detach")
    assert {id_: machine.detached for id_, machine in ended.items()} == {"i-00002": False, detached: True}


def test_a_detached_machine_goes_last(stage):
    here = stage(cp_a=1, nodes_a=4)
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert here.sim.done("terminate")[-1] == here.sim.done("detach")[0]


@pytest.mark.parametrize(("unavailable", "worst"), [(1, -1), (2, -2), ("50%", -3)])
def test_never_more_machines_are_missing_than_allowed(stage, unavailable, worst):
    here = stage(cp_a=1, nodes_a=6)
    here.rules["nodes-a"] = Rules(max_surge=0, max_unavailable=unavailable)
    seen = capacity(here, "nodes-a", 6)
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert min(seen) == worst
    assert here.sim.outdated("nodes-a") == []


def test_more_surge_than_machines_detaches_all_of_them(stage):
    here = stage(cp_a=1, nodes_a=3)
    here.rules["nodes-a"] = Rules(max_surge=10)
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert (len(here.sim.done("detach")), len(here.sim.done("terminate"))) == (3, 3)


def test_a_machine_that_cannot_be_detached_is_passed_over(stage):
    here = stage(cp_a=1, nodes_a=3)
    here.sim.refusals["detach", "i-00004"] = "ScaleIn protection"
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert here.sim.done("detach") == ["i-00003"]
    assert sorted(here.sim.done("terminate")) == ["i-00002", "i-00003", "i-00004"]


def test_when_none_can_be_detached_machines_still_go_one_by_one(stage):
    here = stage(cp_a=1, nodes_a=3)
    here.sim.refusals["detach", "*"] = "no"
    seen = capacity(here, "nodes-a", 3)
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert (min(seen), len(here.sim.done("terminate"))) == (-1, 3)


def test_machines_that_an_earlier_run_detached_count_as_surge(stage):
    here = stage(cp_a=1, nodes_a=3)
    (group,) = [g for g in here.sim.groups() if g.name == "nodes-a"]
    here.sim.detach(group.machines[0])
    here.clock.time += 600
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert len(here.sim.done("detach")) == 1
    assert here.sim.done("terminate")[-1] == group.machines[0].id


def test_drain_and_terminate_off_only_surges(stage):
    here = stage(cp_a=1, nodes_a=3)
    here.rules["nodes-a"] = Rules(drain_and_terminate=False)
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert (len(here.sim.done("detach")), here.sim.done("terminate")) == (1, [])
    (skipped,) = here.said("skipped")
    assert "drainAndTerminate" in skipped.detail


def test_clouds_that_cannot_surge_go_below_their_size_by_one(stage):
    here = stage(cp_a=1, nodes_a=3)
    here.sim.surges = False
    seen = capacity(here, "nodes-a", 3)
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert (min(seen), max(seen), here.sim.done("detach")) == (-1, 0, [])


# -- nodes on their way out


def test_nodes_are_marked_then_cordoned_then_out_of_the_balancers_then_drained_then_ended(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.rules["nodes-a"] = Rules(max_surge=0)
    here.sim.run_pod("web", "i-00002")
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert [what for what, _ in here.sim.log] == ["mark", "cordon", "deregister", "evict", "terminate"]


def test_all_outdated_nodes_of_a_group_are_marked_before_the_first_goes(stage):
    here = stage(cp_a=1, nodes_a=3)
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert [what for what, _ in here.sim.log][:3] == ["mark"] * 3


def test_pods_of_daemon_sets_and_static_pods_stay(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.sim.run_pod("agent", "i-00002", owner="DaemonSet")
    here.roll(Selection(names=frozenset({"nodes-a"})))
    assert here.sim.done("evict") == []
    assert here.sim.done("terminate") == ["i-00002"]


def test_a_drain_ends_at_its_timeout_and_names_pods_and_budgets(stage):
    here = stage(cp_a=1, nodes_a=2)
    here.sim.run_pod("db-0", "i-00002", {"app": "db"})
    here.sim.pdbs.append(Budget("shop", "db", {"app": "db"}, allowed=0))
    outcome = here.roll(Selection(names=frozenset({"nodes-a"})), drain_timeout=300)
    error = outcome.failures["nodes-a"]
    assert isinstance(error, DrainError)
    assert "i-00002 is not empty after 300 s" in error.message
    assert "shop/db-0 is held by PodDisruptionBudget shop/db" in error.message
    assert "--drain-timeout" in error.hint
    assert "i-00002" not in here.sim.done("terminate")
    assert here.clock.time < 900


def test_a_pod_that_does_not_end_is_named_too(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.sim.run_pod("stuck", "i-00002")
    here.sim.extra_pods["shop/stuck"].leaves_at = float("inf")
    outcome = here.roll(Selection(names=frozenset({"nodes-a"})), drain_timeout=60)
    assert "shop/stuck does not end" in outcome.failures["nodes-a"].message


def test_a_budget_that_gets_room_lets_the_roll_go_on(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.sim.run_pod("db-0", "i-00002", {"app": "db"})
    here.sim.pdbs.append(Budget("shop", "db", {"app": "db"}, allowed=0))
    here.clock.on_tick.append(lambda now: here.sim.pdbs.clear() if now > 400 else None)
    assert here.roll(Selection(names=frozenset({"nodes-a"}))).replaced == 1


def test_with_drain_errors_allowed_the_machine_goes_all_the_same(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.sim.run_pod("db-0", "i-00002", {"app": "db"})
    here.sim.pdbs.append(Budget("shop", "db", {"app": "db"}, allowed=0))
    outcome = here.roll(Selection(names=frozenset({"nodes-a"})), fail_on_drain_error=False, drain_timeout=60)
    assert (outcome.failures, here.sim.done("terminate")) == ({}, ["i-00002"])
    assert any("it goes all the same" in event.detail for event in here.said("warning"))


def test_the_machine_waits_a_while_after_its_node_is_empty(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.roll(Selection(names=frozenset({"nodes-a"})), post_drain_delay=60)
    (drained,), (ended,) = here.said("drained"), here.said("ended")
    assert ended.at - drained.at >= 60


def test_no_machine_is_ended_while_its_balancers_still_use_it(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.sim.deregistering = 100
    here.roll(Selection(names=frozenset({"nodes-a"})))
    (cordoned,), (ended,) = here.said("cordoned"), here.said("ended")
    assert ended.at - cordoned.at >= 100


@pytest.mark.parametrize("trouble", ["refused", "never"])
def test_a_machine_that_its_balancers_do_not_let_go_ends_everything(stage, trouble):
    here = stage(cp_a=1, nodes_a=2, nodes_b=2)
    if trouble == "refused":
        here.sim.refusals["deregister", "*"] = "AccessDenied"
    else:
        here.sim.deregistering = float("inf")
    with pytest.raises(DeregisterError):
        here.roll(Selection(roles=frozenset({Role.NODE})))
    assert here.sim.done("terminate") == []
    assert {g for m, g in ((m, here.sim.machines[m].group) for m in here.sim.done("cordon"))} == {"nodes-a"}


def test_a_machine_that_never_joined_goes_first_and_undrained(stage):
    here = stage(cp_a=1, nodes_a=3)
    here.sim.machines["i-00004"].joins_at = float("inf")
    here.roll(Selection(names=frozenset({"nodes-a"})), fail_on_validate_error=False, validation_timeout=30)
    assert here.sim.done("terminate")[0] == "i-00004"
    assert "i-00004" not in here.sim.done("cordon")


def test_where_names_are_used_again_the_node_goes_before_its_machine(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.sim.reuses_names = True
    here.roll(Selection(names=frozenset({"nodes-a"})), fail_on_validate_error=False, validation_timeout=30)
    calls = [what for what, _ in here.sim.log]
    assert calls.index("delete node") == calls.index("terminate") - 1


# -- validation


def test_nothing_goes_while_the_cluster_is_not_valid(stage):
    here = stage(cp_a=1, nodes_a=3)
    here.sim.unready.add("i-00003")
    with pytest.raises(ValidationTimeout, match=r"Node i-00003: is not ready"):
        here.roll(Selection(names=frozenset({"nodes-a"})))
    assert (here.sim.done("terminate"), here.sim.done("detach")) == ([], [])
    assert 900 <= here.clock.time < 1000


def test_a_description_that_gives_no_nodes_costs_one_machine_at_most(stage):
    here = stage(cp_a=1, nodes_a=10, outdated=False)
    here.sim.change("nodes-a", broken=True)
    here.rules["nodes-a"] = Rules(max_surge=5, max_unavailable=5)
    with pytest.raises(ValidationTimeout):
        here.roll(Selection(names=frozenset({"nodes-a"})))
    assert (len(here.sim.done("detach")), here.sim.done("terminate")) == (1, [])


def test_without_surge_it_costs_exactly_one_machine_and_no_other_group(stage):
    here = stage(cp_a=1, nodes_a=10, nodes_b=5, outdated=False)
    here.sim.change("nodes-a", "nodes-b", broken=True)
    here.rules |= {name: Rules(max_surge=0, max_unavailable=5) for name in ("nodes-a", "nodes-b")}
    with pytest.raises(ValidationTimeout):
        here.roll(Selection(roles=frozenset({Role.NODE})))
    assert len(here.sim.done("terminate")) == 1
    assert here.clock.time < 1100


def test_once_a_node_of_the_new_description_is_ready_several_go_at_once(stage):
    here = stage(cp_a=1, nodes_a=6)
    here.rules["nodes-a"] = Rules(max_surge=0, max_unavailable=3)
    at = []
    here.clock.on_tick.append(lambda now: at.append(len(here.sim.done("terminate"))))
    here.roll(Selection(names=frozenset({"nodes-a"})))
    steps = sorted(set(at))
    assert steps[:2] == [0, 1]
    assert 2 not in steps
    assert 4 in steps


def test_the_cluster_must_be_valid_several_times_in_a_row(stage):
    here = stage(cp_a=1, nodes_a=2)
    flips = iter(range(10**6))

    def flap(now):
        if 100 < now < 600 and next(flips) % 3 == 0:
            here.sim.unready.symmetric_difference_update({"i-00001"})
        elif now >= 600:
            here.sim.unready.clear()

    here.clock.on_tick.append(flap)
    assert here.roll(Selection(names=frozenset({"nodes-a"})), validate_count=5).replaced == 2


def test_problems_of_other_worker_groups_do_not_stop_a_worker_group(stage):
    here = stage(cp_a=1, nodes_a=2, nodes_b=2)
    here.sim.unready.add(next(m.id for m in here.sim.machines.values() if m.group == "nodes-b"))
    assert here.roll(Selection(names=frozenset({"nodes-a"}))).replaced == 2


def test_problems_of_worker_groups_do_stop_a_control_plane(stage):
    here = stage(cp_a=1, nodes_a=2)
    here.sim.unready.add("i-00003")
    with pytest.raises(ValidationTimeout):
        here.roll(Selection(names=frozenset({"cp-a"})))


def test_problems_of_control_planes_stop_every_group(stage):
    here = stage(cp_a=1, nodes_a=2)
    here.sim.unready.add("i-00001")
    with pytest.raises(ValidationTimeout):
        here.roll(Selection(names=frozenset({"nodes-a"})))


def test_a_critical_pod_that_is_pending_keeps_the_cluster_invalid(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.sim.bad_pods.append(Pod("kube-system", "dns", None, "Pending", False, "system-cluster-critical"))
    with pytest.raises(ValidationTimeout, match="kube-system/dns"):
        here.roll(Selection(names=frozenset({"nodes-a"})))


def test_with_validation_errors_allowed_the_roll_goes_on_and_warns(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.sim.bad_pods.append(Pod("kube-system", "dns", None, "Pending", False, "system-cluster-critical"))
    outcome = here.roll(Selection(names=frozenset({"nodes-a"})), fail_on_validate_error=False, validation_timeout=60)
    assert outcome.replaced == 1
    assert here.said("warning")


def test_an_api_that_is_away_for_a_while_is_waited_for(stage):
    here = stage(cp_a=1, nodes_a=2)
    here.clock.on_tick.append(
        lambda now: setattr(here.sim, "silent", "connection refused" if 100 < now < 300 else None)
    )
    assert here.roll(Selection(names=frozenset({"nodes-a"}))).replaced == 2


def test_a_validation_timeout_ends_the_roll_for_all_groups(stage):
    here = stage(cp_a=1, nodes_a=2, nodes_b=2, outdated=False)
    here.sim.change("nodes-a", broken=True)
    here.sim.change("nodes-b")
    with pytest.raises(ValidationTimeout):
        here.roll()
    assert not any(here.sim.machines[m].group == "nodes-b" for m in here.sim.done("cordon"))


def test_other_errors_of_a_worker_group_are_collected_and_the_next_group_is_rolled(stage):
    here = remember(stage(cp_a=1, nodes_a=2, nodes_b=2))
    here.sim.refusals["terminate", "i-00002"] = "UnauthorizedOperation"
    here.sim.refusals["terminate", "i-00003"] = "UnauthorizedOperation"
    outcome = here.roll(Selection(roles=frozenset({Role.NODE})))
    assert list(outcome.failures) == ["nodes-a"]
    assert replaced(here).count("nodes-b") == 2


def test_bastions_are_not_validated_and_all_their_groups_go_at_once(stage):
    here = remember(stage(bastion_a=2, bastion_b=2, cp_a=1))
    here.sim.unready.add("i-00005")
    with pytest.raises(ValidationTimeout):
        here.roll()
    assert replaced(here).count("bastion-a") == replaced(here).count("bastion-b") == 2
    assert here.said("ended")[0].at == here.said("ended")[1].at


def test_a_bastion_that_fails_stops_the_roll(ha):
    ha.sim.refusals["terminate", "i-00001"] = "no"
    with pytest.raises(RollError):
        ha.roll()
    assert ha.sim.done("terminate") == []


# -- without the API, interactively, interrupted


def test_cloud_only_neither_drains_nor_validates(ha):
    ha.sim.silent = "connection refused"
    outcome = ha.roll(cloud_only=True)
    assert outcome.replaced == 11
    assert {what for what, _ in ha.sim.log} == {"terminate"}
    assert ha.clock.time >= 11 * 15


def test_interactively_each_machine_is_asked_for(stage):
    here = stage(cp_a=1, nodes_a=3)
    here.rules["nodes-a"] = Rules(max_surge=0, max_unavailable=3)
    asked = []

    def confirm(text):
        asked.append(text)
        return "yes"

    here.roll(Selection(names=frozenset({"nodes-a"})), confirm=confirm)
    assert asked == [f"replace i-0000{n} of nodes-a?" for n in (2, 3, 4)]


def test_saying_no_stops_and_always_stops_asking(stage):
    here = stage(cp_a=1, nodes_a=3)
    answers = iter(["yes", "no"])
    with pytest.raises(RollError, match="as you said"):
        here.roll(Selection(names=frozenset({"nodes-a"})), confirm=lambda _: next(answers))
    assert len(here.sim.done("terminate")) == 1
    answers = iter(["always"])
    here.roll(Selection(names=frozenset({"nodes-a"})), confirm=lambda _: next(answers))
    assert here.sim.outdated("nodes-a") == []


def interrupt_at(here, when):
    def stop(now):
        if now >= when:
            here.clock.on_tick.remove(stop)
            raise KeyboardInterrupt

    here.clock.on_tick.append(stop)


@pytest.mark.parametrize("when", [50, 200, 333, 500, 777, 1000, 1500])
def test_a_roll_that_is_interrupted_anywhere_goes_on_and_rolls_no_machine_twice(ha, when):
    interrupt_at(ha, when)
    with pytest.raises(Interrupted) as error:
        ha.roll()
    assert "of 11 machines are replaced" in error.value.message
    assert "run the same command again" in error.value.hint
    ha.clock.time += 600
    ha.roll()
    terminated = ha.sim.done("terminate")
    assert sorted(terminated) == sorted(ha.group_of)
    assert not any(ha.sim.outdated(group.name) for group in ha.sim.plan.groups)


def test_an_interrupted_forced_roll_goes_on_without_force(stage):
    here = stage(cp_a=1, nodes_a=4, outdated=False)
    old = set(here.sim.machines)
    interrupt_at(here, 700)
    with pytest.raises(Interrupted) as error:
        here.roll(force=True)
    assert "without --force" in error.value.hint
    first = set(here.sim.done("terminate"))
    assert 0 < len(first) < 5
    here.clock.time += 600
    here.roll()
    assert set(here.sim.done("terminate")) == old
    assert len(here.sim.done("terminate")) == 5


def test_a_half_drained_node_is_named_with_the_way_back(stage):
    here = stage(cp_a=1, nodes_a=1)
    here.sim.deregistering = 500
    interrupt_at(here, 300)
    with pytest.raises(Interrupted) as error:
        here.roll(Selection(names=frozenset({"nodes-a"})))
    assert "kubectl uncordon i-00002" in error.value.hint


def test_progress_tells_how_much_is_done_and_an_estimate_of_the_rest(stage):
    here = stage(cp_a=1, nodes_a=4)
    here.roll(Selection(names=frozenset({"nodes-a"})))
    ended = here.said("ended")
    assert [(event.done, event.total) for event in ended] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert ended[-1].left == 0
    assert ended[1].left == pytest.approx(ended[1].at)


# -- one machine


def test_one_machine_is_replaced_with_another_started_before(stage):
    here = stage(cp_a=1, nodes_a=3, outdated=False)
    roll = here.prepared()
    roll.jobs()
    seen = capacity(here, "nodes-a", 3)
    machine = roll.view.group("nodes-a").machines[1]
    assert roll.replace(machine, surge=True).replaced == 1
    assert (here.sim.done("detach"), here.sim.done("terminate")) == ([machine.id], [machine.id])
    assert min(seen) == 0


# -- large clusters


def test_a_thousand_machines_in_twenty_groups_take_at_most_two_hundred_list_calls(stage):
    sizes = {f"nodes_{number:02}": 50 for number in range(20)}
    here = stage(cp_a=1, cp_b=1, cp_c=1, **sizes)
    here.rules |= {name.replace("_", "-"): Rules(max_surge="20%") for name in sizes}
    here.roll()
    assert len(here.sim.done("terminate")) == len(set(here.sim.done("terminate"))) == 1003
    assert sum(here.sim.calls.values()) <= 2 * 23  # 200 are allowed


def test_slow_machines_cost_few_list_calls_too(stage):
    here = stage(cp_a=1, nodes_a=100, boot=400.0)
    here.roll()
    assert sum(here.sim.calls.values()) <= 10
