"""The verbs of a running cluster, on a simulated one: what they show first, what they do, how they end."""

from __future__ import annotations

import json

import jsonschema
import pytest

from kops_pulumi import pipeline
from kops_pulumi.automation.kube import Budget
from kops_pulumi.cli.durations import DURATION
from kops_pulumi.cli.live import Live
from kops_pulumi.cli.schemas import SCHEMAS
from tests.support.simulation import FakeClock, Simulation

NAME = "new.example.com"
CONTROL, NODES = "control-plane-eu-west-1a", "nodes-eu-west-1a"


class FakeSession:
    server = "http://127.0.0.1:1"


@pytest.fixture
def sim(cli, stored, monkeypatch):
    """The cluster of the store with three nodes, its machines up to date."""
    path = stored / NAME / "cluster.yaml"
    text = path.read_text()
    head, mark, tail = text.partition(f"name: {NODES}\n")
    path.write_text(head + mark + tail.replace("maxSize: 1", "maxSize: 5", 1))
    clock = FakeClock()
    found = Simulation(pipeline.load([path]).plan, clock)
    found.fill(CONTROL, 1)
    found.fill(NODES, 3)
    for name, value in (("fleet", found), ("kube", found), ("clock", clock), ("session", FakeSession())):
        monkeypatch.setattr(Live, name, value)
    monkeypatch.setattr(Live, "certificates", lambda _self: {})
    return found


def test_without_yes_the_table_is_shown_and_nothing_happens(cli, sim):
    sim.change(NODES)
    result = cli("rolling-update", "cluster")
    assert result.code == 0
    assert result.out == (
        "NAME                      STATUS       NEEDUPDATE  READY  MIN  TARGET  MAX  NODES\n"
        "control-plane-eu-west-1a  Ready        0           1      1    1       2    1\n"
        "nodes-eu-west-1a          NeedsUpdate  3           0      3    3       6    3\n"
    )
    assert result.err == "Nothing has been changed; --yes replaces these machines.\n"
    assert sim.log == []


def test_with_yes_every_step_is_told_on_stderr_and_the_end_counted(cli, sim):
    sim.change(NODES)
    result = cli("rolling-update", "cluster", "--yes")
    assert result.code == 0
    assert sorted(sim.done("terminate")) == ["i-00002", "i-00003", "i-00004"]
    lines = result.err.splitlines()
    assert lines[0] == "      0 s  valid       nodes-eu-west-1a  before its group is rolled"
    assert any(line.endswith("ended       nodes-eu-west-1a  i-00004  (3 of 3)") for line in lines)
    assert any("(1 of 3, about " in line for line in lines)
    assert lines[-1].startswith("replaced 3 machines of new.example.com in ")


def test_json_is_the_same_table_for_programs(cli, sim):
    sim.change(NODES)
    rows = json.loads(cli("rolling-update", "cluster", "-o", "json").out)
    jsonschema.validate(rows, SCHEMAS["rolling-update"]())
    assert [(row["name"], row["needUpdate"], row["machines"]) for row in rows] == [
        (CONTROL, 0, []),
        (NODES, 3, ["i-00002", "i-00003", "i-00004"]),
    ]


def test_nothing_to_do_is_said(cli, sim):
    result = cli("rolling-update", "cluster", "--yes")
    assert (result.code, result.err) == (0, "No machine has to be replaced.\n")


def test_groups_and_roles_are_checked_and_chosen(cli, sim):
    sim.change(NODES, CONTROL)
    result = cli("rolling-update", "cluster", "--instance-group", "nodes")
    assert result.code == 3
    assert f"there are: {CONTROL}, {NODES}" in result.err
    assert cli("rolling-update", "cluster", "--instance-group-roles", "boss").code == 3
    assert CONTROL not in cli("rolling-update", "cluster", "--instance-group-roles", "node").out
    assert NODES not in cli("rolling-update", "cluster", "--instance-group-roles", "Master").out


def test_a_blocked_drain_ends_with_the_pods_and_budgets_and_code_1(cli, sim):
    sim.change(NODES)
    sim.run_pod("db-0", "i-00002", {"app": "db"})
    sim.pdbs.append(Budget("shop", "db", {"app": "db"}, allowed=0))
    result = cli("rolling-update", "cluster", "--yes", "--drain-timeout", "1m")
    assert result.code == 1
    assert (
        "error: nodes-eu-west-1a: i-00002 is not empty after 60 s:\n"
        "  shop/db-0 is held by PodDisruptionBudget shop/db\n" in result.err
    )
    assert "--drain-timeout" in result.err


def test_an_invalid_cluster_stops_the_roll_with_what_is_wrong(cli, sim):
    sim.change(NODES)
    sim.unready.add("i-00003")
    result = cli("rolling-update", "cluster", "--yes", "--validation-timeout", "30s")
    assert result.code == 1
    assert "error: the cluster is not valid 30 s before its group is rolled" in result.err
    assert "Node i-00003: is not ready" in result.err
    assert sim.done("terminate") == []


def test_ctrl_c_says_how_to_go_on(cli, sim):
    sim.change(NODES)

    def interrupt(now):
        if now > 200:
            raise KeyboardInterrupt

    sim.clock.on_tick.append(interrupt)
    result = cli("rolling-update", "cluster", "--yes")
    assert result.code == 130
    assert "of 3 machines are replaced" in result.err
    assert "run the same command again to go on" in result.err


def test_interactive_asks_and_no_stops(cli, sim, monkeypatch):
    sim.change(NODES)
    monkeypatch.setattr("click.prompt", lambda *_a, **_k: "no")
    result = cli("rolling-update", "cluster", "--yes", "-i")
    assert (result.code, "as you said" in result.err, sim.done("terminate")) == (1, True, [])


def test_the_manifests_rolling_update_settings_are_heeded(cli, sim, stored):
    path = stored / NAME / "cluster.yaml"
    path.write_text(
        path.read_text().replace(
            "  maxSize: 5\n", "  maxSize: 5\n  rollingUpdate:\n    maxSurge: 0\n    maxUnavailable: 2\n"
        )
    )
    sim.change(NODES)
    assert cli("rolling-update", "cluster", "--yes").code == 0
    assert sim.done("detach") == []


def test_one_machine_is_shown_then_replaced(cli, sim):
    shown = cli("delete", "instance", "i-00003")
    assert shown.code == 0
    assert shown.out == (
        "ID       NODE     GROUP             ZONE  MACHINETYPE  OUTDATED\n"
        "i-00003  i-00003  nodes-eu-west-1a  -     -            no\n"
    )
    assert sim.log == []
    assert cli("delete", "instance", "i-00003", "--yes").code == 0
    assert (sim.done("detach"), sim.done("terminate")) == (["i-00003"], ["i-00003"])
    assert cli("delete", "instance", "i-00004", "--yes", "--no-surge").code == 0
    assert sim.done("detach") == ["i-00003"]
    unknown = cli("delete", "instance", "i-9", "--yes")
    assert (unknown.code, "get instances" in unknown.err) == (3, True)


def test_machines_are_listed_with_their_nodes(cli, sim):
    sim.change(NODES)
    sim.unready.add("i-00002")
    result = cli("get", "instances")
    assert result.out.splitlines()[:3] == [
        "ID       NODE     GROUP                     STATE    OUTDATED  READY  VERSION  MACHINETYPE  ZONE",
        "i-00001  i-00001  control-plane-eu-west-1a  running  no        yes    v1.37.0  -            -",
        "i-00002  i-00002  nodes-eu-west-1a          running  yes       no     v1.37.0  -            -",
    ]
    found = json.loads(cli("get", "instances", "-o", "json").out)
    jsonschema.validate(found, SCHEMAS["instances"]())
    assert cli("get", "instances", "-o", "name").out == "i-00001\ni-00002\ni-00003\ni-00004\n"
    assert "instanceGroup: nodes-eu-west-1a" in cli("get", "instances", "-o", "yaml").out


def test_without_the_api_machines_are_listed_alone(cli, sim):
    sim.silent = "connection refused"
    result = cli("get", "instances", "-o", "json")
    assert result.err == "nodes are not known: connection refused\n"
    assert {item["node"] for item in json.loads(result.out)} == {None}


def test_a_healthy_cluster_is_shown_and_ends_with_0(cli, sim):
    result = cli("validate", "cluster")
    assert result.code == 0
    assert result.out == (
        "Instance groups\n"
        "NAME                      ROLE           MACHINETYPE  MIN  MAX  SUBNETS\n"
        "control-plane-eu-west-1a  control-plane  t3.medium    1    1    eu-west-1a\n"
        "nodes-eu-west-1a          node           t3.medium    1    5    eu-west-1a\n"
        "\nNodes\n"
        "NAME     ROLE           READY  VERSION\n"
        "i-00001  control-plane  yes    v1.37.0\n"
        "i-00002  node           yes    v1.37.0\n"
        "i-00003  node           yes    v1.37.0\n"
        "i-00004  node           yes    v1.37.0\n"
        "\nnew.example.com is healthy\n"
    )


def test_an_unhealthy_cluster_ends_with_2_and_its_problems(cli, sim):
    sim.unready.add("i-00003")
    result = cli("validate", "cluster")
    assert result.code == 2
    assert result.out.endswith(
        "\nProblems\nKIND  NAME     MESSAGE\nNode  i-00003  is not ready\n\nnew.example.com is not healthy: 1 problem\n"
    )
    found = json.loads(cli("validate", "cluster", "-o", "json").out)
    jsonschema.validate(found, SCHEMAS["validation"]())
    assert (found["valid"], found["problems"][0]["name"]) == (False, "i-00003")
    assert "valid: false" in cli("validate", "cluster", "-o", "yaml").out
    assert cli("validate", "cluster", "--max-unready-nodes", "1").code == 0


def test_waiting_tells_why_and_ends_when_it_is_healthy(cli, sim):
    sim.unready.add("i-00003")
    sim.clock.on_tick.append(lambda now: sim.unready.clear() if now > 25 else None)
    result = cli("validate", "cluster", "--wait", "10m", "--count", "2")
    assert result.code == 0
    assert result.err.splitlines()[0].endswith("Node i-00003: is not ready")
    assert "healthy, 1 of 2 times" in result.err
    assert sim.clock.time == 40


def test_validate_without_anything_says_what_can_be_given(cli):
    result = cli("validate")
    assert (result.code, "-f FILE" in result.err) == (64, True)


@pytest.mark.parametrize(
    ("text", "seconds"), [("15m", 900), ("15m0s", 900), ("1h30m", 5400), ("500ms", 0.5), ("30", 30), ("0s", 0)]
)
def test_durations_are_written_as_go_writes_them(text, seconds):
    assert DURATION.convert(text, None, None) == seconds


def test_a_duration_that_is_none_is_refused(cli, sim):
    result = cli("rolling-update", "cluster", "--drain-timeout", "soon")
    assert (result.code, "not a duration like 15m" in result.err) == (64, True)
