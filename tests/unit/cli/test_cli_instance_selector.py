"""`toolbox instance-selector`: groups in the manifest from criteria."""

from __future__ import annotations

import yaml

NAME = "new.example.com"
SELECT = ("toolbox", "instance-selector")


def group_of(text, name):
    return next(d["spec"] for d in yaml.safe_load_all(text) if d["metadata"]["name"] == name)


def test_a_spot_group_of_several_types_is_shown_and_nothing_is_written(cli, stored):
    before = (stored / NAME / "cluster.yaml").read_text()
    result = cli(
        *SELECT, "spots", "--name", NAME, "--vcpus", "4", "--memory", "16gb", "--usage-class", "spot",
        "--flexible", "--max-results", "3", "--node-count-max", "7", "--dry-run", "-o", "yaml",
    )  # fmt: skip
    assert result.code == 0
    spec = group_of(result.out, "spots")
    policy = spec["mixedInstancesPolicy"]
    assert len(policy["instances"]) == 3
    assert spec["machineType"] == policy["instances"][0]
    assert (policy["onDemandAboveBase"], policy["spotAllocationStrategy"]) == (0, "capacity-optimized")
    assert (spec["role"], spec["minSize"], spec["maxSize"], spec["subnets"]) == ("Node", 1, 7, ["eu-west-1a"])
    assert spec["image"]
    assert f"k8s.io/cluster-autoscaler/{NAME}" in spec["cloudLabels"]
    assert (stored / NAME / "cluster.yaml").read_text() == before


def test_an_existing_group_is_changed_where_it_stands(cli, stored):
    assert cli(*SELECT, "nodes-eu-west-1a", "--vcpus", "2", "--memory", "8gb", "--max-results", "2").code == 0
    text = (stored / NAME / "cluster.yaml").read_text()
    spec = group_of(text, "nodes-eu-west-1a")
    assert len(spec["mixedInstancesPolicy"]["instances"]) == 2
    assert spec["maxSize"] == 10
    assert cli("validate", "-f", stored / NAME / "cluster.yaml").code == 0


def test_types_are_dealt_to_several_groups(cli, stored):
    wanted = ("--vcpus", "4", "--memory", "16gb", "--max-results", "4", "--ig-count", "2", "--no-cluster-autoscaler")
    assert cli(*SELECT, "pool", *wanted).code == 0
    text = (stored / NAME / "cluster.yaml").read_text()
    first, second = (group_of(text, name)["mixedInstancesPolicy"]["instances"] for name in ("pool-1", "pool-2"))
    assert (len(first), len(second), set(first) & set(second)) == (2, 2, set())
    assert "cluster-autoscaler" not in str(group_of(text, "pool-1"))


def test_bad_criteria_are_one_error_with_a_way_out(cli, stored):
    for arguments, message in {
        ("--vcpus", "3"): "no instance type has all of that\n  ask for less",
        ("--memory", "lots"): "'lots' is no amount of memory\n  write 4gb",
        ("--vcpus-to-memory-ratio", "4"): "'4' is no ratio\n  write 1:4",
        ("--allow-list", "("): "'(' is no regular expression",
        ("--base-instance-type", "x"): "there is no instance type x\n  types look like",
        ("--vcpus", "4", "--max-results", "1", "--ig-count", "2"): "1 types cannot be dealt to 2 groups\n  lower",
    }.items():
        result = cli(*SELECT, "g", *arguments)
        assert result.code != 0
        assert f"error: {message}" in result.err
