"""vSphere in the real engine: control planes one at a time, disks that stay, and what changes without a new machine."""

from __future__ import annotations

import itertools
from typing import Any

from kops_pulumi import rehearsal
from kops_pulumi.components import Cluster
from kops_pulumi.model import ClusterPlan
from kops_pulumi.rehearsal.seed import seed
from kops_pulumi.rehearsal.vsphere.facts import APART, DISK, MACHINE, NETWORK
from tests.engine.conftest import Stacks
from tests.support import clouds
from tests.support.clouds.row import NAME, Document
from tests.support.clouds.vsphere import ROW

CONTROL_PLANES = [f"{NAME}-instances-control-plane-{zone}-1" for zone in ROW.zones]
NODES = [f"{NAME}-instances-nodes-{ordinal}" for ordinal in (1, 2)]


def _documents(*, maxPods: int = 110, nodes: int = 2) -> list[Document]:  # noqa: N803 - as in the manifest
    documents = clouds.laid_over(ROW, {"kubelet": {"maxPods": maxPods}}, control_planes=3)
    (group,) = [document for document in documents if document["metadata"]["name"] == "nodes"]
    group["spec"] |= {"minSize": nodes, "maxSize": nodes}
    return documents


def test_control_planes_are_replaced_one_at_a_time_and_their_disks_stay(
    world: rehearsal.World, deployment: Stacks
) -> None:
    plans: list[ClusterPlan] = [clouds.planned(_documents()).plan]
    seed(world.store, plans[0])
    site = {(item.type, item.id) for kind in (MACHINE, NETWORK) for item in world.store.objects(kind)}
    stack = deployment(lambda: Cluster(NAME, plans[-1], skip=("addons",)), "vsphere")

    assert stack.up().errors == ""
    assert set(stack.preview().counts) == {"same"}
    disks = {item.id: item.outputs for item in world.store.objects(DISK)}
    assert len(disks) == 6

    # Another worker: control planes learn of it where they are
    plans.append(clouds.planned(_documents(nodes=3)).plan)
    changes = stack.up().changes
    assert changes.pop(f"{NAME}-instances-nodes-3") == "create"
    machines = {name: what for name, what in changes.items() if name in {*CONTROL_PLANES, *NODES}}
    assert machines == dict.fromkeys([*CONTROL_PLANES, *NODES], "update")
    assert not [what for what in changes.values() if "replace" in what or what == "delete"]

    # Another configuration: every machine is made again, control planes in turn
    plans.append(clouds.planned(_documents(maxPods=90, nodes=3)).plan)
    outcome = stack.up()
    assert outcome.errors == ""
    order = [(step.operation, step.name) for step in outcome.steps if step.name in CONTROL_PLANES]
    made = [name for what, name in order if what in ("create-replacement", "create")]
    gone = [name for what, name in order if what in ("delete-replaced", "delete")]
    assert made == gone == CONTROL_PLANES
    for before, after in itertools.pairwise(CONTROL_PLANES):
        assert _position(order, "create-replacement", before) < _position(order, "delete-replaced", after)
    assert {item.id: item.outputs for item in world.store.objects(DISK)} == disks
    attached = [disk["path"] for item in _own(world) for disk in item.outputs["disks"] if disk.get("attach")]
    assert sorted(attached) == sorted(disks)
    (rule,) = world.store.objects(APART)
    running = {item.id for item in _own(world) if item.name in CONTROL_PLANES}
    assert set(rule.outputs["virtualMachineIds"]) == running

    stack.stack.workspace.pulumi_command.run(
        ["state", "unprotect", "--all", "--yes", "--stack", "vsphere"],
        cwd=stack.stack.workspace.work_dir,
        additional_env=dict(world.environment),
    )
    assert stack.destroy().errors == ""
    assert {(item.type, item.id) for kind in (MACHINE, NETWORK) for item in world.store.objects(kind)} == site
    assert list(world.store.objects(DISK)) == []


def _own(world: rehearsal.World) -> list[Any]:
    return [item for item in world.store.objects(MACHINE) if not item.adopted]


def _position(order: list[tuple[str, str]], operation: str, name: str) -> int:
    return order.index((operation, name))
