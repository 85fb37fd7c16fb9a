"""A cluster's life through the command line: create, update, edit, update, delete, against a simulated cloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from kops_pulumi import rehearsal
from kops_pulumi.automation import engine as engines
from kops_pulumi.automation.report import json_schema
from kops_pulumi.cli import main

NAME = "life.example.com"
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    if engines.look().engine is None:
        pytest.skip("no engine (`make setup` installs one)")
    for variable in ("KOPS_CLUSTER_NAME", "KOPS_STATE_STORE", "PULUMI_CONFIG_PASSPHRASE"):
        monkeypatch.delenv(variable, raising=False)
    # A rehearsal leaves alone where the user's own stacks are kept, and the key of their secrets.
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://not-for-rehearsals")
    monkeypatch.setenv("KOPS_SECRETS_PROVIDER", "awskms://alias/not-for-rehearsals")
    monkeypatch.setenv("KOPS_PULUMI_WORLD", str(tmp_path / "world"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_create_update_edit_update_delete(cli: Cli, tmp_path: Path) -> None:
    assert cli("create", "cluster", NAME, "--zones", "eu-west-1a", "--admin-access", "192.0.2.0/24")[0] == 0
    manifest = tmp_path / "clusters" / NAME / "cluster.yaml"

    code, out, err = cli("update", "cluster", NAME, "--rehearse")
    assert (code, "Nothing has been changed" in err) == (0, True), err
    assert "+ aws:ec2:Vpc" in out
    with rehearsal.open_store(tmp_path / "world") as cloud:
        assert cloud.objects() == []

    code, out, _ = cli("update", "cluster", NAME, "--rehearse", "--yes", "-o", "json")
    created = json.loads(out)
    jsonschema.validate(created, json_schema())
    assert (code, created["operation"]) == (0, "update")
    assert created["summary"]["create"] > 40

    code, out, _ = cli("update", "cluster", NAME, "--rehearse", "-o", "json")
    unchanged = json.loads(out)
    assert (code, unchanged["changes"]) == (0, [])
    assert unchanged["summary"]["unchanged"] == created["summary"]["create"]

    text = manifest.read_text()
    head, mark, tail = text.partition("name: nodes-eu-west-1a\n")
    manifest.write_text(head + mark + tail.replace("maxSize: 1", "maxSize: 4", 1))
    code, out, _ = cli("update", "cluster", NAME, "--rehearse", "-o", "json")
    (change,) = json.loads(out)["changes"]
    assert (change["action"], change["type"]) == ("update", "aws:autoscaling/group:Group")
    assert [(p["path"], p["before"], p["after"]) for p in change["properties"]] == [("maxSize", 1, 4)]
    assert cli("update", "cluster", NAME, "--rehearse", "--yes")[0] == 0

    text = manifest.read_text()
    manifest.write_text(text.replace("cilium:\n", "cilium:\n      tunnel: geneve\n", 1))
    code, out, err = cli("update", "cluster", NAME, "--rehearse", "--yes")
    assert (code, out) == (1, "")
    assert "this changes its network:\n  tunnel: vxlan to geneve\n    1. Take a maintenance window" in err
    assert "kops.k8s.io/accept-network-change: 'tunnel: vxlan to geneve'" in err
    manifest.write_text(text)

    code, out, err = cli("delete", "cluster", NAME, "--rehearse")
    assert (code, "Nothing has been deleted" in err) == (0, True)
    assert "aws:ebs:Volume" in out
    code, _, err = cli("delete", "cluster", NAME, "--rehearse", "--yes", "--remove-manifest")
    assert (code, f"resources of {NAME}" in err) == (0, True)
    with rehearsal.open_store(tmp_path / "world") as cloud:
        assert cloud.objects() == []
    assert cli("get", "clusters", "-o", "json")[1] == "[]\n"


def test_a_real_cloud_is_never_touched_without_a_passphrase(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PULUMI_BACKEND_URL", "KOPS_SECRETS_PROVIDER"):
        monkeypatch.delenv(variable)
    cli("create", "cluster", NAME, "--zones", "eu-west-1a", "--admin-access", "192.0.2.0/24")
    monkeypatch.setenv("PULUMI_HOME", str(Path.cwd() / "home"))
    code, out, err = cli("update", "cluster", NAME)
    assert (code, out) == (4, "")
    assert "PULUMI_CONFIG_PASSPHRASE" in err
