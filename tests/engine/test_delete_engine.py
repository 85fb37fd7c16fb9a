"""Update flags, dump, left-overs and deletion through the command line and the real engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kops_pulumi import rehearsal
from kops_pulumi.automation import engine as engines
from kops_pulumi.cli import main
from kops_pulumi.rehearsal.store import Record, Ties

NAME = "flags.example.com"
TAGS = {f"kubernetes.io/cluster/{NAME}": "owned"}
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    if engines.look().engine is None:
        pytest.skip("no engine (`make setup` installs one)")
    for variable in ("KOPS_CLUSTER_NAME", "KOPS_STATE_STORE", "PULUMI_CONFIG_PASSPHRASE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KOPS_PULUMI_WORLD", str(tmp_path / "world"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments[:2], NAME, "--rehearse", *arguments[2:]])
        said = capsys.readouterr()
        return code, said.out, said.err

    zones = ("--zones", "eu-west-1a,eu-west-1b", "--admin-access", "192.0.2.0/24", "--networking", "cni")
    assert main(["create", "cluster", NAME, *zones]) == 0
    capsys.readouterr()
    return run


def _edit(old: str, new: str, count: int = -1) -> None:
    path = Path("clusters") / NAME / "cluster.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def test_some_groups_drift_saved_plans_dump_left_overs_and_the_end(cli: Cli, tmp_path: Path) -> None:
    assert cli("update", "cluster", "--yes", "--skip", "addons")[0] == 0

    # Another size for both groups of nodes, updated one at a time, by a saved plan.
    for group in ("nodes-eu-west-1a", "nodes-eu-west-1b"):
        head, mark, tail = (Path("clusters") / NAME / "cluster.yaml").read_text().partition(f"name: {group}\n")
        (Path("clusters") / NAME / "cluster.yaml").write_text(head + mark + tail.replace("maxSize: 1", "maxSize: 3", 1))
    only = ("--skip", "addons", "--instance-group", "nodes-eu-west-1a")
    code, out, err = cli("update", "cluster", *only, "--save-plan", "plan.json", "-o", "json")
    assert [change["name"] for change in json.loads(out)["changes"]] == [f"{NAME}-instances-nodes-eu-west-1a"]
    assert "left as they are: instance groups control-plane-eu-west-1a, nodes-eu-west-1b" in err
    assert cli("update", "cluster", "--skip", "addons", "--yes", "--plan", "plan.json")[0] == 1
    assert cli("update", "cluster", *only, "--yes", "--plan", "plan.json")[0] == 0
    code, out, _ = cli("update", "cluster", "--skip", "addons", "-o", "json")
    assert [change["name"] for change in json.loads(out)["changes"]] == [f"{NAME}-instances-nodes-eu-west-1b"]

    # Somebody else changes the cloud: shown as drift, and as what the update would take back.
    with rehearsal.open_store(tmp_path / "world") as cloud:
        group = next(g for g in cloud.objects("aws:autoscaling/group:Group") if g.name.endswith("nodes-eu-west-1a"))
        cloud.mutate(group.type, group.id, {"maxSize": 9})
    code, out, _ = cli("update", "cluster", "--skip", "addons", "--refresh", "-o", "json")
    (drift,) = json.loads(out)["drift"]
    assert [(p["path"], p["before"], p["after"]) for p in drift["properties"]] == [("maxSize", 3, 9)]
    assert cli("update", "cluster", "--skip", "addons", "--refresh", "--yes")[0] == 0

    code, out, _ = cli("toolbox", "dump", "-o", "json")
    told = json.loads(out)
    assert {row["instanceGroup"] for row in told["instances"]} >= {"control-plane-eu-west-1a", "nodes-eu-west-1a"}
    assert any(row["type"] == "aws:ec2/vpc:Vpc" and row["id"].startswith("vpc-") for row in told["resources"])

    # A controller's security group stands in the network's way; another cluster's does not concern us.
    group_type = "aws:ec2/securityGroup:SecurityGroup"
    with rehearsal.open_store(tmp_path / "world") as cloud:
        for id_, tags in (("sg-left", TAGS), ("sg-other", {"kubernetes.io/cluster/other": "owned"})):
            inputs = {"name": id_, "tags": tags}
            cloud.create(Record(group_type, id_, id_, inputs, inputs, adopted=True), Ties())
    code, out, _ = cli("delete", "cluster", "-o", "json")
    assert [item["id"] for item in json.loads(out)["leftovers"]] == ["sg-left"]
    code, _, err = cli("delete", "cluster", "--yes", "--leftovers", "remove")
    assert (code, "removed 1 left-overs" in err) == (0, True), err
    with rehearsal.open_store(tmp_path / "world") as cloud:
        assert [item.id for item in cloud.objects()] == ["sg-other"]
