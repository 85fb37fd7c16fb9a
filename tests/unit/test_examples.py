"""What users copy works: example manifests are valid, stack settings point to files that exist."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from kops_pulumi import pipeline, program, testing
from kops_pulumi.cli import app
from kops_pulumi.model import Stage
from kops_pulumi.testing import record

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = sorted(
    path
    for path in ROOT.glob("examples/*/*.yaml")
    if path.parent.name in {"aws", "gce", "openstack"} and ".overlay" not in path.name and "Pulumi." not in path.name
)
ADDONS = sorted(ROOT.glob("examples/addons/*.overlay.yaml"))
BUILT_IN = sorted(ROOT.glob("examples/addons/built-in/*.overlay.yaml"))
STACKS = sorted(
    path
    for folder in ("stacks", "examples/gce", "examples/openstack")
    for path in (ROOT / folder).glob("Pulumi.*.yaml")
)
NETWORKS = sorted(ROOT.glob("examples/networking/*.overlay.yaml"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_is_valid_without_a_warning(path):
    assert pipeline.load([path]).findings == ()


@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: path.name)
def test_built_in_addons_join_a_cluster(path):
    plain = pipeline.load([ROOT / "examples/aws/minimal.yaml"])
    planned = pipeline.load([ROOT / "examples/aws/minimal.yaml"], [path])
    assert planned.findings == ()
    names = {delivery.name for delivery in planned.plan.deliveries}
    assert names > {delivery.name for delivery in plain.plan.deliveries}


@pytest.mark.parametrize("path", ADDONS, ids=lambda path: path.name)
def test_an_addon_of_yours_joins_a_cluster(path, monkeypatch):
    monkeypatch.syspath_prepend(str(path.parent))
    planned = pipeline.load([ROOT / "examples/aws/minimal.yaml"], [path])
    assert planned.findings == ()
    own = {delivery.name for delivery in planned.plan.deliveries if delivery.stage is Stage.CUSTOM}
    made = testing.record(lambda: program.deploy(planned))
    assert own
    assert all(any(f"-addons-{name}" in resource.name for resource in made) for name in own)


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.name)
@pytest.mark.parametrize("below", ["minimal", "ha-private"])
def test_a_network_plugin_lies_over_every_example(path, below):
    planned = pipeline.load([ROOT / f"examples/aws/{below}.yaml"], [path])
    assert planned.findings == ()
    assert planned.plan.pod_network.plugin == path.name.partition(".")[0].partition("-")[0]
    assert [delivery.name for delivery in planned.plan.deliveries if delivery.stage is Stage.CNI]


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_a_stacks_manifest_and_overlays_make_a_plan(path):
    config = yaml.safe_load(path.read_text())["config"]
    overlays = [ROOT / overlay for overlay in config.get("kops-pulumi:overlays", [])]
    assert pipeline.load([ROOT / config["kops-pulumi:manifest"]], overlays).findings == ()


def test_no_example_opens_anything_to_the_world():
    assert not [path for path in MANIFESTS if "0.0.0.0/0" in path.read_text()]


def test_the_programs_resources_stand_beside_the_cluster(monkeypatch):
    monkeypatch.chdir(ROOT / "examples" / "program")
    settings = yaml.safe_load(Path("Pulumi.dev.yaml").read_text())["config"]
    project = yaml.safe_load(Path("Pulumi.yaml").read_text())["name"]
    made = record(lambda: runpy.run_path("__main__.py"), project=project, config=settings)
    (address,) = made.of("aws:ssm/parameter:Parameter")
    assert address.inputs["insecureValue"] == made.exports["apiServer"]
    assert made.exports["kubeconfig"] == "[secret]"
    assert made.of("kops:index:Cluster")


def _commands_of_the_workflow():
    jobs = yaml.safe_load((ROOT / "examples" / "ci" / "clusters.yml").read_text())["jobs"]
    lines = [line for job in jobs.values() for step in job["steps"] for line in step.get("run", "").splitlines()]
    return sorted({line for line in lines if line.startswith("kops-pulumi ")})


@pytest.mark.parametrize("line", _commands_of_the_workflow())
def test_the_workflow_calls_verbs_and_options_that_exist(line):
    words = line.partition(" > ")[0].replace("$CLUSTER", "prod.example.com").split()[1:]
    options = [word for word in words if word.startswith("-")]
    verb = words[: 1 if words[0] == "validate" else 2]
    shown = CliRunner().invoke(app.root, [*verb, "--help"])
    assert shown.exit_code == 0
    assert [option for option in options if option not in shown.output] == []


def test_the_workflow_changes_clouds_only_after_a_merge():
    jobs = yaml.safe_load((ROOT / "examples" / "ci" / "clusters.yml").read_text())["jobs"]
    for name, job in jobs.items():
        changes = [s["run"] for s in job["steps"] if "--yes" in s.get("run", "") and "--rehearse" not in s["run"]]
        assert bool(changes) == (name == "update")
    assert jobs["update"]["if"] == "github.event_name == 'push'"
    assert jobs["check"].get("permissions") is None
