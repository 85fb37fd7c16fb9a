"""What is installed in a cluster, through the real engine: in the preview, one by one, and gone with the cluster."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from kops_pulumi import pipeline, rehearsal
from kops_pulumi.components import Cluster
from kops_pulumi.rehearsal import Fault, FaultKind, Operation
from tests.engine.conftest import Stacks

CASE = Path(__file__).parents[1] / "golden" / "addons" / "custom"
NAME = "own.lab.example.org"
RELEASE = "kubernetes:helm.sh/v3:Release"

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def manifest(world: rehearsal.World, tmp_path: Path) -> Path:
    """The case's manifest with what it refers to, to be changed."""
    rehearsal.seed(world.store, pipeline.load([CASE / "manifest.yaml"]).plan)
    directory = tmp_path / "cluster"
    shutil.copytree(CASE, directory)
    return directory / "manifest.yaml"


def deploy(manifest: Path, *skip: str) -> Callable[[], None]:
    """The program of the manifest as it is when the program runs; nothing refuses to be deleted."""

    def run() -> None:
        cluster = Cluster(NAME, {"manifest": str(manifest), "protect": False, "skip": list(skip)})
        for name, value in cluster.outputs.items():
            pulumi.export(name, value)

    return run


def change(manifest: Path, edit: Change) -> None:
    documents = list(yaml.safe_load_all(manifest.read_text()))
    edit(documents[0]["spec"])
    manifest.write_text(yaml.safe_dump_all(documents))


def test_all_is_in_the_first_preview_and_made_once(world: rehearsal.World, deployment: Stacks, manifest: Path) -> None:
    stack = deployment(deploy(manifest))
    planned = stack.preview()
    assert planned.errors == ""
    made = stack.up()
    assert made.errors == ""
    assert planned.changes == made.changes
    assert made.changes[f"{NAME}-addons-pictures"] == "create"
    assert stack.preview().changes == {}
    assert stack.up().changes == {}
    gone = stack.destroy()
    assert gone.errors == ""
    assert world.store.objects(adopted=False) == []


def test_changes_of_one_addon_touch_no_other(deployment: Stacks, manifest: Path) -> None:
    stack = deployment(deploy(manifest))
    assert stack.up().errors == ""

    change(manifest, lambda spec: spec["addons"][0]["helm"].update(version="2.4.0"))
    bumped = stack.preview()
    step = next(step for step in bumped.steps if step.operation != "same")
    assert bumped.changes == {f"{NAME}-addons-pictures": "update"}
    assert step.diffs == ("version",)

    change(manifest, lambda spec: spec["addons"].pop(1))
    assert stack.preview().changes == {f"{NAME}-addons-pictures": "update", f"{NAME}-addons-queue": "delete"}
    assert stack.up().errors == ""
    assert stack.preview().changes == {}
