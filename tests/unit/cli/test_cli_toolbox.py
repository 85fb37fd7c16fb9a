from __future__ import annotations

import json

import pytest
import yaml

FILE = "ha-private.yaml"


@pytest.mark.parametrize("what", ["plan", "network", "firewall"])
def test_json_and_yaml_say_the_same(cli, examples, what):
    as_json = json.loads(cli("toolbox", what, "-f", examples / FILE, "-o", "json").out)
    documents = list(yaml.safe_load_all(cli("toolbox", what, "-f", examples / FILE, "-o", "yaml").out))
    assert documents == (as_json if isinstance(as_json, list) else [as_json])


def test_the_plan_is_the_clusters(cli, examples):
    plan = json.loads(cli("toolbox", "plan", "-f", examples / FILE, "-o", "json").out)
    assert (plan["name"], plan["cloud"], plan["region"]) == ("ha.example.com", "aws", "eu-central-1")
    assert len(plan["groups"]) == 7


def test_tables_have_titles_and_reasons(cli, examples):
    assert cli("toolbox", "plan", "-f", examples / FILE).out.startswith("Instance groups\n")
    assert "10.20.32.0/19" in cli("toolbox", "network", "-f", examples / FILE).out
    assert "spec.kubernetesApiAccess" in cli("toolbox", "firewall", "-f", examples / FILE).out


def test_the_graph_is_mermaid(cli, examples):
    assert cli("toolbox", "graph", "-f", examples / FILE).out.startswith("flowchart ")


def test_resources_have_types_parents_and_masked_secrets_in_a_stable_order(cli, examples):
    first = cli("toolbox", "resources", "-f", examples / FILE, "-o", "json").out
    assert cli("toolbox", "resources", "-f", examples / FILE, "-o", "json").out == first
    resources = json.loads(first)
    assert {tuple(sorted(resource)) for resource in resources} == {("inputs", "name", "parent", "type")}
    vpc = next(resource for resource in resources if resource["type"] == "aws:ec2/vpc:Vpc")
    assert vpc["inputs"]["cidrBlock"] == "10.20.0.0/16"
    assert "kops:aws:Network" in vpc["parent"]
    assert "PRIVATE KEY" not in first


def test_resources_are_counted_by_type(cli, examples):
    lines = cli("toolbox", "resources", "-f", examples / FILE).out.splitlines()
    counts = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
    assert counts["aws:ec2/subnet:Subnet"] == 6
    assert counts.pop("total") == sum(counts.values())


def test_an_overlay_changes_the_plan(cli, examples):
    arguments = ("toolbox", "plan", "-f", examples / FILE, "-o", "json")
    laid = json.loads(cli(*arguments, "--overlay", examples / "prod.overlay.yaml").out)
    sizes = {group["name"]: group["max_size"] for group in laid["groups"]}
    assert sizes["nodes-eu-central-1a"] == 10
    assert sizes["nodes-eu-central-1b"] == 3


def test_a_stored_cluster_needs_no_file(cli, stored):
    assert "new.example.com" in cli("toolbox", "plan", "new.example.com").out
