"""A rolling update with real boto3 calls (against moto) and an API served over HTTP, evictions and all."""

from __future__ import annotations

import pytest

from kops_pulumi.automation.kube.client import Cluster
from kops_pulumi.automation.kube.session import Session
from kops_pulumi.automation.rolling import Options, Roll
from kops_pulumi.automation.rolling.context import DrainError
from kops_pulumi.clouds.aws.fleet import connect
from kops_pulumi.rehearsal.api import Api
from kops_pulumi.rehearsal.objects import BUDGETS, NODES, PODS, Objects
from tests.support.aws_fleet import Account, simulated
from tests.support.clusters import plan_of
from tests.support.simulation import FakeClock

READY = [{"type": "Ready", "status": "True"}]


class World:
    """An account whose machines become nodes when they run."""

    def __init__(self, account, fleet):
        self.account, self.fleet, self.objects = account, fleet, Objects()
        self.roles = {group.name: group for group in account.plan.groups}

    def sync(self, _cluster):
        """What kubelets do: machines that run have a node; those that are gone have none."""
        running = self.account.running()
        for key in [key for key in self.objects.items[NODES] if key.strip("/") not in running]:
            self.objects.drop(NODES, key)
        known = {key.strip("/") for key in self.objects.items[NODES]}
        if running - known:
            for group in self.fleet.groups():
                for machine in group.machines:
                    if machine.id in running - known:
                        self._join(machine)
        return self.objects

    def _join(self, machine):
        labels = {**self.roles[machine.group].node_labels}
        self.objects.put(
            NODES,
            {
                "metadata": {"name": machine.id, "labels": labels},
                "spec": {"providerID": f"aws:///eu-west-1a/{machine.id}"},
                "status": {"conditions": READY, "nodeInfo": {"kubeletVersion": "v1.37.0"}},
            },
        )
        if machine.group.startswith("cp"):
            for component in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "etcd-main",
                "etcd-events",
            ):
                self.pod(
                    f"{component}-{machine.id}", machine.id, {"k8s-app": component}, owner="Node", space="kube-system"
                )

    def pod(self, name, node, labels, owner="ReplicaSet", space="shop"):
        owners = [] if owner == "Node" else [{"kind": owner, "controller": True}]
        annotations = {"kubernetes.io/config.mirror": "x"} if owner == "Node" else {}
        metadata = {"namespace": space, "name": name, "labels": labels}
        self.objects.put(
            PODS,
            {
                "metadata": {**metadata, "ownerReferences": owners, "annotations": annotations},
                "spec": {"nodeName": node},
                "status": {"phase": "Running", "conditions": READY},
            },
        )

    def budget(self, name, allowed):
        self.objects.put(
            BUDGETS,
            {
                "metadata": {"namespace": "shop", "name": name},
                "spec": {"selector": {"matchLabels": {"app": name}}},
                "status": {"disruptionsAllowed": allowed, "desiredHealthy": 1, "currentHealthy": 1},
            },
        )


@pytest.fixture
def here(monkeypatch):
    plan = plan_of("cp-a", "nodes-a")
    with simulated(monkeypatch):
        account = Account(plan)
        by_name = {group.name: group for group in plan.groups}
        account.make(by_name["cp-a"], 1, targets=(account.target_group(),))
        account.make(by_name["nodes-a"], 3)
        for group in by_name.values():
            account.change(group)
        world = World(account, connect(plan, {}))
        with Api(lookup=world.sync) as api:
            clock = FakeClock()
            kube = Cluster(Session(api.server(plan.name)), clock.now)
            world.sync("")
            world.events = []
            world.roll = lambda **options: Roll(
                plan, connect(plan, {}), kube, clock=clock, options=Options(**options), tell=world.events.append
            )
            yield world


def test_every_machine_is_really_replaced_and_every_pod_really_evicted(here):
    old = here.account.running()
    workers = sorted(m.id for g in here.fleet.groups() if g.name == "nodes-a" for m in g.machines)
    for number, worker in enumerate(workers):
        here.pod(f"web-{number}", worker, {"app": "web"})
        here.pod(f"agent-{number}", worker, {"app": "agent"}, owner="DaemonSet")
    here.budget("web", allowed=3)
    outcome = here.roll().run()
    now = here.account.running()
    assert (outcome.replaced, outcome.failures) == (4, {})
    assert (len(now), now & old) == (4, set())
    assert not any(machine.outdated for group in here.fleet.groups() for machine in group.machines)
    assert not [key for key in here.objects.items[PODS] if key.startswith("shop/web")]
    assert here.objects.lists == {NODES: 1, PODS: 1, BUDGETS: 0}
    assert here.roll().jobs() == []


def test_a_budget_that_holds_a_pod_keeps_its_machine_and_is_named(here):
    held = min(m.id for g in here.fleet.groups() if g.name == "nodes-a" for m in g.machines)
    here.pod("db-0", held, {"app": "db"})
    here.budget("db", allowed=0)
    outcome = here.roll(drain_timeout=60).run()
    error = outcome.failures["nodes-a"]
    assert isinstance(error, DrainError)
    assert "shop/db-0 is held by PodDisruptionBudget shop/db" in error.message
    assert held in here.account.running()
    assert any("needs 1 healthy pods" in event.detail for event in here.events if event.what == "draining")
    # Once the budget has room, the same command goes on, and only with what is left.
    left = {machine.id for job in here.roll().jobs() for machine in job.machines}
    here.budget("db", allowed=1)
    done = here.roll(drain_timeout=60).run()
    assert (done.replaced, done.failures) == (len(left), {})
    assert not left & here.account.running()
