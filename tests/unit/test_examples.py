"""What users copy works: example manifests are valid, stack settings point to files that exist."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kops_pulumi import pipeline, program, testing
from kops_pulumi.model import Stage

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = sorted(path for path in ROOT.glob("examples/*/*.yaml") if not path.name.endswith(".overlay.yaml"))
ADDONS = sorted(ROOT.glob("examples/addons/*.overlay.yaml"))
STACKS = sorted(ROOT.glob("stacks/Pulumi.*.yaml"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_is_valid_without_a_warning(path):
    assert pipeline.load([path]).findings == ()


@pytest.mark.parametrize("path", ADDONS, ids=lambda path: path.name)
def test_an_addon_of_yours_joins_a_cluster(path, monkeypatch):
    monkeypatch.syspath_prepend(str(path.parent))
    planned = pipeline.load([ROOT / "examples/aws/minimal.yaml"], [path])
    assert planned.findings == ()
    own = {delivery.name for delivery in planned.plan.deliveries if delivery.stage is Stage.CUSTOM}
    made = testing.record(lambda: program.deploy(planned))
    assert own
    assert all(any(f"-addons-{name}" in resource.name for resource in made) for name in own)


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_a_stacks_manifest_and_overlays_make_a_plan(path):
    config = yaml.safe_load(path.read_text())["config"]
    overlays = [ROOT / overlay for overlay in config.get("kops-pulumi:overlays", [])]
    assert pipeline.load([ROOT / config["kops-pulumi:manifest"]], overlays).findings == ()


def test_no_example_opens_anything_to_the_world():
    assert not [path for path in MANIFESTS if "0.0.0.0/0" in path.read_text()]
