from __future__ import annotations

import json

import yaml

from kops_pulumi.errors import ExitCode

GROUPS = ["control-plane-eu-west-1a", "nodes-eu-west-1a"]


def test_clusters_as_a_table(cli, stored):
    lines = cli("get", "clusters").out.splitlines()
    assert lines[0].split() == ["NAME", "CLOUD", "ZONES", "KUBERNETES"]
    assert lines[1].split()[:3] == ["new.example.com", "aws", "eu-west-1a"]


def test_groups_as_a_table(cli, stored):
    lines = cli("get", "ig").out.splitlines()
    assert lines[0].split() == ["NAME", "ROLE", "MACHINETYPE", "MIN", "MAX", "SUBNETS"]
    assert [line.split()[0] for line in lines[1:]] == GROUPS


def test_json_is_a_list_for_one_as_for_many(cli, stored):
    assert [c["kind"] for c in json.loads(cli("get", "clusters", "-o", "json").out)] == ["Cluster"]
    assert [c["kind"] for c in json.loads(cli("get", "cluster", "new.example.com", "-o", "json").out)] == ["Cluster"]
    assert [g["metadata"]["name"] for g in json.loads(cli("get", "ig", "-o", "json").out)] == GROUPS
    assert [g["metadata"]["name"] for g in json.loads(cli("get", "ig", GROUPS[1], "-o", "json").out)] == GROUPS[1:]


def test_yaml_is_a_stream_that_can_be_registered_again(cli, stored, tmp_path):
    text = cli("get", "all", "-o", "yaml").out
    assert [document["kind"] for document in yaml.safe_load_all(text)] == ["Cluster", "InstanceGroup", "InstanceGroup"]
    (tmp_path / "again.yaml").write_text(text)
    assert cli("create", "-f", "again.yaml", "--state", tmp_path / "other").code == 0


def test_names_only(cli, stored):
    assert cli("get", "ig", "-o", "name").out.split() == GROUPS
    assert cli("get", "clusters", "-o", "name").out == "new.example.com\n"


def test_all_as_a_table(cli, stored):
    lines = cli("get", "all", "new.example.com").out.splitlines()
    assert lines[0].split() == ["KIND", "NAME"]
    assert len(lines) == 4


def test_an_empty_store_says_so_and_is_no_error(cli, tmp_path):
    result = cli("get", "clusters")
    assert (result.code, result.out) == (0, "")
    assert str(tmp_path / "clusters") in result.err
    assert cli("get", "clusters", "-o", "json").out == "[]\n"


def test_unknown_things_are_not_found(cli, stored):
    assert cli("get", "cluster", "nwe.example.com").code == ExitCode.NOT_FOUND == 3
    result = cli("get", "ig", "nodes")
    assert result.code == 3
    assert ", ".join(GROUPS) in result.err


def test_the_cluster_is_found_by_argument_option_variable_or_alone(cli, stored, monkeypatch):
    assert cli("create", "-f", stored / "new.example.com" / "cluster.yaml", "--state", "other").code == 0
    (stored / "b").mkdir()
    (stored / "b" / "cluster.yaml").write_text((stored / "new.example.com" / "cluster.yaml").read_text())
    ambiguous = cli("get", "ig")
    assert (ambiguous.code, "which cluster" in ambiguous.err) == (3, True)
    assert cli("get", "ig", "--name", "new.example.com").code == 0
    assert cli("--name", "new.example.com", "get", "ig").code == 0
    assert cli("get", "ig", "--state", "other").code == 0
    monkeypatch.setenv("KOPS_CLUSTER_NAME", "new.example.com")
    assert cli("get", "all").code == 0
    monkeypatch.setenv("KOPS_STATE_STORE", "s3://bucket")
    assert "PULUMI_BACKEND_URL" in cli("get", "all").err
