"""The API's client, against an API served over HTTP."""

from __future__ import annotations

import pytest

from kops_pulumi.automation.kube.client import Cluster
from kops_pulumi.automation.kube.session import ApiError, Session, Unreachable
from kops_pulumi.errors import KopsError
from kops_pulumi.rehearsal.api import Api
from kops_pulumi.rehearsal.objects import BUDGETS, NODES, PODS, Objects


def node(name, ready=True, **spec):
    return {
        "metadata": {"name": name, "labels": {"kops.k8s.io/instancegroup": "workers"}},
        "spec": {"providerID": f"aws:///eu-west-1a/{name}", **spec},
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready), "message": "" if ready else "kubelet is dead"}],
            "nodeInfo": {"kubeletVersion": "v1.37.0"},
        },
    }


def pod(name, where, **metadata):
    return {
        "metadata": {"namespace": "shop", "name": name, "labels": {"app": name.partition("-")[0]}, **metadata},
        "spec": {"nodeName": where},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def budget(name, allowed):
    return {
        "metadata": {"namespace": "shop", "name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}},
        "status": {"disruptionsAllowed": allowed, "desiredHealthy": 2, "currentHealthy": 2},
    }


@pytest.fixture
def objects():
    found = Objects()
    for item in (node("i-1"), node("i-2", ready=False)):
        found.put(NODES, item)
    found.put(PODS, pod("db-0", "i-1"))
    return found


@pytest.fixture
def session(objects):
    with Api(lookup=lambda _: objects) as api:
        yield Session(api.server("life"))


@pytest.fixture
def time():
    return [0.0]


@pytest.fixture
def kube(session, time):
    return Cluster(session, lambda: time[0])


def later(time):
    time[0] += 60


def test_nodes_are_told_as_they_are(kube):
    one, two = kube.nodes()
    assert (one.name, one.group, one.machine, one.kubelet, one.ready) == ("i-1", "workers", "i-1", "v1.37.0", True)
    assert (two.ready, two.reason) == (False, "kubelet is dead")
    assert kube.problem() is None


def test_what_changes_is_seen_without_another_list(kube, objects, time):
    assert [p.key for p in kube.pods_on("i-1")] == ["shop/db-0"]
    objects.put(NODES, node("i-3"))
    objects.put(PODS, pod("db-1", "i-1"))
    objects.drop(NODES, "/i-2")
    assert len(kube.nodes()) == 2  # what was read a moment ago counts as new
    later(time)
    assert [n.name for n in kube.nodes()] == ["i-1", "i-3"]
    assert [p.key for p in kube.pods_on("i-1")] == ["shop/db-0", "shop/db-1"]
    assert objects.lists == {NODES: 1, PODS: 1, BUDGETS: 0}


def test_a_watch_that_is_too_old_begins_again_with_a_list(kube, objects, time):
    kube.nodes()
    objects.put(NODES, node("i-3"))
    objects.forgotten = objects.version
    later(time)
    assert len(kube.nodes()) == 3
    assert objects.lists[NODES] == 2


def test_marking_keeps_other_taints_and_cordoning_keeps_pods_away(kube, objects, time):
    objects.put(NODES, node("i-1", taints=[{"key": "gpu", "effect": "NoSchedule"}]))
    kube.mark("i-1", needed=True)
    kube.cordon("i-1")
    kube.mark("i-1")
    stored = objects.get(NODES, "/i-1")
    assert [taint["key"] for taint in stored["spec"]["taints"]] == ["gpu", "kops.k8s.io/scheduled-for-update"]
    assert stored["spec"]["unschedulable"] is True
    assert "node.kubernetes.io/exclude-from-external-load-balancers" in stored["metadata"]["labels"]
    later(time)
    (one, _) = kube.nodes()
    assert (one.marked, one.needs_update, one.schedulable) == (True, True, False)


def test_a_node_that_somebody_else_changes_meanwhile_is_marked_on_the_second_try(kube, objects, session, monkeypatch):
    real, meddled = session.get, []

    def get(path):
        found = real(path)
        if not meddled:
            meddled.append(True)
            objects.merge(NODES, "/i-1", {"metadata": {"labels": {"x": "y"}}})
        return found

    monkeypatch.setattr(session, "get", get)
    kube.mark("i-1")
    assert objects.get(NODES, "/i-1")["metadata"]["labels"]["x"] == "y"
    assert objects.get(NODES, "/i-1")["spec"]["taints"]


def test_evictions_heed_budgets_and_say_which_in_the_servers_words(kube, objects, time):
    objects.put(BUDGETS, budget("db", 0))
    (there,) = kube.pods_on("i-1")
    assert kube.evict(there) == "The disruption budget db needs 2 healthy pods and has 2 currently"
    (found,) = kube.budgets()
    assert (found.allowed, found.covers(there)) == (0, True)
    objects.put(BUDGETS, budget("db", 1))
    assert kube.evict(there) is None
    assert kube.evict(there) is None  # gone already
    later(time)
    assert kube.pods_on("i-1") == []


def test_deleting_a_node_twice_is_fine(kube, objects, time):
    kube.delete_node("i-1")
    kube.delete_node("i-1")
    later(time)
    assert [n.name for n in kube.nodes()] == ["i-2"]


def test_an_api_that_is_away_is_a_problem_and_what_was_known_stays(objects, time):
    with Api(lookup=lambda _: objects) as api:
        kube = Cluster(Session(api.server("life")), lambda: time[0])
        assert len(kube.nodes()) == 2
    later(time)
    assert "does not answer" in kube.problem()
    assert len(kube.nodes()) == 2


def test_refusals_are_told_with_status_and_message(session):
    with pytest.raises(ApiError, match='nodes "i-9" not found') as error:
        session.get("/api/v1/nodes/i-9")
    assert error.value.status == 404
    with pytest.raises(Unreachable):
        Session("http://127.0.0.1:1").get("/x")


def test_a_kubeconfig_whose_user_needs_a_plug_in_is_refused_with_a_way_out():
    text = """
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: a, cluster: {server: "https://example.com"}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
users: [{name: a, user: {exec: {command: aws}}}]
"""
    with pytest.raises(KopsError, match="needs a plug-in") as error:
        Session.of(text)
    assert "token" in error.value.hint


def test_a_kubeconfig_of_plain_http_with_a_token_will_do():
    text = """
apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "http://127.0.0.1:8080"}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
users: [{name: a, user: {token: secret}}]
"""
    assert Session.of(text).server == "http://127.0.0.1:8080"
