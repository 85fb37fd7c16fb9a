"""No kubelet is ever newer than an API server: reconciliations in which machines are started at any time.

A model: groups' descriptions carry a minor of Kubernetes; an autoscaler (hypothesis) starts machines of worker groups
between any two ticks of real rolls, and servers break and are replaced. The rule is kept in every interleaving.
"""

from __future__ import annotations

import semver
from hypothesis import given, settings
from hypothesis import strategies as st

from kops_pulumi.automation import reconcile, skew
from kops_pulumi.automation.kube import Node
from kops_pulumi.automation.report import Action, ChangeReport, Kind, ResourceChange
from kops_pulumi.automation.rolling import Options, Roll
from kops_pulumi.automation.rolling.roll import Selection
from kops_pulumi.model import Role
from tests.support.clusters import plan_of
from tests.support.simulation import FakeClock, Simulation

OLD, NEW = semver.Version(1, 36, 4), semver.Version(1, 37, 1)
PLAN = plan_of("cp-a", "cp-b", "cp-c", "api-a", "nodes-a", "nodes-b", kubernetesVersion="1.37.1")
SIZES = {"cp-a": 1, "cp-b": 1, "cp-c": 1, "api-a": 1, "nodes-a": 2, "nodes-b": 2}
SERVERS = {"cp-a", "cp-b", "cp-c", "api-a"}


class Upgrade:
    """A cluster on its way, with somebody who meddles."""

    def __init__(self, meddling: list[tuple[int, str]]) -> None:
        self.clock = FakeClock()
        self.sim = Simulation(PLAN, self.clock, boot=30.0)
        for name, size in SIZES.items():
            self.sim.fill(name, size)
        self.meddling = dict(meddling)
        self.tick = 0
        self.violations: list[str] = []
        self.clock.on_tick.append(self._meddle)
        self.clock.on_tick.append(lambda _now: self.check())

    def _meddle(self, _now: float) -> None:
        """Start another machine of a worker group, or lose one of a group of servers that is then replaced."""
        self.tick += 1
        group = self.meddling.get(self.tick)
        if group is None:
            return
        if group in SERVERS:
            lost = next((m for m in self.sim.machines.values() if m.group == group and not m.detached), None)
            if lost:
                del self.sim.machines[lost.id]
        else:
            self.sim.desired[group] += 1
        self.sim._start(group, self.clock.time)
        self.sim.log.append(("meddle", group))

    def check(self) -> None:
        servers = [m.version for m in self.sim.machines.values() if m.group in SERVERS]
        for machine in self.sim.machines.values():
            if machine.group not in SERVERS and machine.version > min(servers, default=0):
                self.violations.append(f"{machine.id} of {machine.group} at {self.clock.time}")

    def take(self, step: reconcile.Step) -> None:
        match step.kind:
            case "update":
                changed = [g.name for g in PLAN.groups if not step.roles or g.role in step.roles]
                self.sim.change(*(name for name in changed if self.sim.version[name] == 1))
            case "roll":
                self._roll(step)
        self.clock.sleep(5)

    def _roll(self, step: reconcile.Step) -> None:
        """As the user would: the same again while something was left."""
        for _ in range(10):
            options = Options(fail_on_validate_error=False, validation_timeout=120)
            roll = Roll(
                PLAN,
                self.sim,
                self.sim,
                clock=self.clock,
                options=options,
                selection=Selection(roles=frozenset(step.roles)),
            )
            if not roll.jobs():
                return
            roll.run()


meddlings = st.lists(
    st.tuples(st.integers(1, 400), st.sampled_from(["nodes-a", "nodes-b", "cp-a", "cp-b", "api-a"])), max_size=6
)


@given(meddlings)
@settings(max_examples=40, deadline=None)
def test_no_kubelet_is_newer_than_an_api_server_whatever_starts_machines_meanwhile(meddling):
    upgrade = Upgrade(meddling)
    for step in reconcile.steps(PLAN, exists=True):
        upgrade.take(step)
    assert upgrade.violations == []
    assert {machine.version for machine in upgrade.sim.machines.values()} == {2}


def test_the_model_sees_what_updating_everything_first_would_do():
    upgrade = Upgrade([(20, "nodes-a")])
    upgrade.take(reconcile.Step("update"))
    upgrade._roll(reconcile.Step("roll", (Role.CONTROL_PLANE,)))
    assert upgrade.violations


def test_the_steps_are_told_in_words():
    assert [str(step) for step in reconcile.steps(PLAN, exists=True)] == [
        "update the groups of control-plane and apiserver, and all that belongs to no group",
        "wait until the cluster is healthy",
        "roll the groups of control-plane and apiserver",
        "update all",
        "roll the groups of node",
    ]
    assert [str(step) for step in reconcile.steps(PLAN, exists=False)] == ["update all"]


def node(name, kubelet, control_plane=True):
    return Node(name, None, ready=True, kubelet=kubelet, control_plane=control_plane)


def test_the_oldest_control_plane_counts():
    nodes = [node("a", "v1.37.1"), node("b", "v1.36.4"), node("c", "v1.35.0", control_plane=False)]
    assert skew.running(nodes).oldest == OLD
    assert skew.running([]) is None


def test_worker_groups_wait_for_a_newer_minor_and_for_nothing_else():
    scope = skew.held_back(PLAN, OLD)
    assert scope.left_out == ("nodes-a", "nodes-b")
    assert set(scope.groups) == SERVERS
    assert skew.held_back(PLAN, NEW) is None
    assert skew.held_back(PLAN, semver.Version(1, 37, 0)) is None


def test_only_changes_of_worker_groups_make_an_update_ask():
    def report(name, action=Action.UPDATE):
        change = ResourceChange(action, "aws:ec2/launchTemplate:LaunchTemplate", name, "Instances", Kind.RESOURCE, "")
        return ChangeReport("s", "preview", (change,), 0)

    name = PLAN.name
    assert skew.touches_workers(PLAN, report(f"{name}-instances-nodes-a"))
    assert not skew.touches_workers(PLAN, report(f"{name}-instances-cp-a"))
    assert not skew.touches_workers(PLAN, report(f"{name}-instances-nodes-a", Action.DELETE))
    assert not skew.touches_workers(PLAN, report(f"{name}-network-vpc"))
