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
from kops_pulumi.automation.report import Action
from kops_pulumi.automation.stack import ClusterStack
from kops_pulumi.components import Cluster, readiness
from kops_pulumi.components.addons import Access, AddOns
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


def test_skipped_addons_stay_out_of_a_new_cluster(world: rehearsal.World, deployment: Stacks, manifest: Path) -> None:
    stack = deployment(deploy(manifest, "addons"))
    assert stack.up().errors == ""
    assert not [item for item in world.store.objects() if item.type.startswith("kubernetes:")]


def test_the_gate_asks_again_until_the_api_is_ready(
    world: rehearsal.World, deployment: Stacks, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PAUSE", 0.01)
    world.store.inject(Fault(FaultKind.ERROR, Operation.READ, "kubernetes:api", times=3))
    stack = deployment(deploy(manifest))
    assert stack.preview().errors == ""
    assert world.store.faults()[0][1] == 3, "a preview must not ask"
    assert stack.up().errors == ""
    assert not world.store.faults()


def test_a_cluster_whose_api_is_gone_can_be_destroyed(
    world: rehearsal.World, deployment: Stacks, manifest: Path
) -> None:
    stack = deployment(deploy(manifest))
    assert stack.up().errors == ""
    world.store.inject(Fault(FaultKind.UNREACHABLE, Operation.DELETE, "kubernetes:*", times=99))
    assert stack.destroy().errors == ""
    left = {item.type.partition(":")[0] for item in world.store.objects(adopted=False)}
    assert left == {"kubernetes"}, "only what nobody could reach is left"


def test_skipping_addons_that_are_there_leaves_them_alone(world: rehearsal.World, manifest: Path) -> None:
    whole = pipeline.load([manifest])
    place = {"state": world.path, "environ": world.environment}
    assert ClusterStack.of(whole, **place).up().count(Action.CREATE) > len(whole.plan.deliveries)
    before = {item.id for item in world.store.objects() if item.type.startswith("kubernetes:")}

    change(manifest, lambda spec: spec["addons"][0]["helm"].update(version="2.4.0"))
    world.store.inject(Fault(FaultKind.ERROR, None, "kubernetes:*", times=99))
    report = ClusterStack.of(pipeline.load([manifest]), skip=("addons",), **place).up()
    assert not [item for item in report.changes if item.type.startswith("kubernetes:")]
    assert {item.id for item in world.store.objects() if item.type.startswith("kubernetes:")} == before


def test_a_second_stack_installs_what_the_first_leaves_out(
    world: rehearsal.World, deployment: Stacks, manifest: Path
) -> None:
    plan = pipeline.load([manifest]).plan

    def install() -> None:
        AddOns("addons", plan, Access.of_stack(pulumi.StackReference("organization/rehearsed/test"), plan))

    first, second = deployment(deploy(manifest, "addons")), deployment(install, "second")
    assert first.up().errors == ""
    made = second.up()
    assert made.errors == ""
    assert made.changes["addons-pictures"] == "create"
    (release,) = [item for item in world.store.objects("kubernetes:helm.sh/v3:Release") if "pictures" in item.id]
    assert release.inputs["values"]["vpc"] == first.outputs()["networkId"]
    assert second.preview().changes == {}
