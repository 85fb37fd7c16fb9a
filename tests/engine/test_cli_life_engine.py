"""A cluster's life after its creation, through the command line, against a simulated cloud: look, roll, upgrade."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from kops_pulumi.automation import engine as engines
from kops_pulumi.cli import main
from kops_pulumi.cli.schemas import SCHEMAS

NAME = "life.example.com"
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
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def instances(cli: Cli) -> list[dict[str, object]]:
    code, out, err = cli("get", "instances", "--rehearse", "-o", "json")
    assert code == 0, err
    found = json.loads(out)
    jsonschema.validate(found, SCHEMAS["instances"]())
    return found


def test_look_roll_upgrade_reconcile_and_replace_one(cli: Cli, tmp_path: Path) -> None:  # noqa: PLR0915 - one life
    zones = "eu-west-1a,eu-west-1b,eu-west-1c"
    made = ("create", "cluster", NAME, "--zones", zones, "--control-plane-count", "3", "--kubernetes-version", "1.36.3")
    assert cli(*made, "--admin-access", "192.0.2.0/24")[0] == 0
    assert cli("update", "cluster", "--rehearse", "--yes")[0] == 0
    manifest = tmp_path / "clusters" / NAME / "cluster.yaml"

    first = instances(cli)
    assert [(item["state"], item["ready"], item["version"]) for item in first] == [("running", True, "v1.36.3")] * 6
    code, out, _ = cli("validate", "cluster", "--rehearse", "-o", "json")
    found = json.loads(out)
    jsonschema.validate(found, SCHEMAS["validation"]())
    assert (code, found["valid"], len(found["nodes"])) == (0, True, 6)
    assert {item["name"] for item in found["certificates"]} >= {"authority kubernetes-ca"}

    code, out, err = cli("rolling-update", "cluster", "--rehearse")
    assert (code, "No machine has to be replaced" in err) == (0, True)

    # A newer minor: patch first, then the next minor, written with comments kept.
    manifest.write_text(manifest.read_text().replace("spec:\n", "# ours\nspec:\n", 1))
    code, out, err = cli("upgrade", "cluster")
    assert (code, "Nothing has been written" in err) == (0, True)
    assert "1.36.3" in out
    assert "1.36.4" in out
    code, out, err = cli("upgrade", "cluster", "--kubernetes-version", "1.37.1", "--yes")
    assert code == 0, err
    assert "# ours\n" in manifest.read_text()
    assert "kubernetesVersion: 1.37.1" in manifest.read_text()

    # Worker groups wait for the control planes.
    code, out, err = cli("update", "cluster", "--rehearse", "--yes")
    assert (code, "a kubelet must not be newer than its API server" in err) == (0, True), err
    assert "instances-control-plane-eu-west-1a" in out
    assert "instances-nodes-eu-west-1a" not in out
    code, out, _ = cli("rolling-update", "cluster", "--rehearse", "-o", "json")
    rows = json.loads(out)
    jsonschema.validate(rows, SCHEMAS["rolling-update"]())
    assert {row["name"]: row["needUpdate"] for row in rows if row["role"] == "node"} == dict.fromkeys(
        (f"nodes-{zone}" for zone in zones.split(",")), 0
    )
    assert sum(row["needUpdate"] for row in rows) == 3

    # Reconcile does the rest in its order.
    code, out, err = cli("reconcile", "cluster", "--rehearse")
    assert (code, "Nothing has been changed" in err) == (0, True), err
    assert out.startswith("1. update the groups of control-plane")
    code, out, err = cli("reconcile", "cluster", "--rehearse", "--yes")
    assert (code, "is as its manifest says" in err) == (0, True), err
    after = instances(cli)
    assert {item["version"] for item in after} == {"v1.37.1"}
    assert not {item["id"] for item in after} & {item["id"] for item in first}
    assert not any(item["outdated"] for item in after)

    # One machine.
    doomed = str(after[-1]["id"])
    code, out, err = cli("delete", "instance", doomed, "--rehearse")
    assert (code, "Nothing has been changed" in err, doomed in out) == (0, True, True)
    code, _, err = cli("delete", "instance", doomed, "--rehearse", "--yes")
    assert (code, "replaced 1 machine" in err) == (0, True), err
    assert doomed not in {item["id"] for item in instances(cli)}

    code, out, err = cli("upgrade", "cluster")
    assert (code, "Nothing to upgrade" in err) == (0, True)
    code, _, err = cli("upgrade", "cluster", "--kubernetes-version", "1.36.4")
    assert (code, "cannot go back a minor" in err) == (1, True)
    assert cli("delete", "cluster", NAME, "--rehearse", "--yes")[0] == 0
    code, out, _ = cli("validate", "cluster", "--rehearse")
    assert (code, "is not healthy" in out) == (2, True)
