"""OpenStack through the real engine: machines are replaced in turns, what they leave behind stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from kops_pulumi import rehearsal
from kops_pulumi.automation.fleets import EngineFleet
from kops_pulumi.automation.stack import ClusterStack
from kops_pulumi.components import Cluster
from kops_pulumi.model import ClusterPlan
from kops_pulumi.rehearsal.clusters import Clusters
from tests.support import clouds
from tests.support.clouds.openstack import ROW
from tests.support.clouds.row import NAME
from tests.support.deployment import Outcome

SERVER = "openstack:compute/instance:Instance"
ATTACHMENT = "openstack:compute/volumeAttach:VolumeAttach"
VOLUME = "openstack:blockstorage/volume:Volume"
PORT = "openstack:networking/port:Port"
Stacks = Callable[..., Any]


def plan(control_planes: int, *, bastion: bool) -> ClusterPlan:
    return replace(clouds.planned(clouds.documents(ROW, control_planes, bastion=bastion)).plan, protected=False)


def with_image(whole: ClusterPlan, role: str, image: str) -> ClusterPlan:
    groups = tuple(replace(g, image=image) if g.role.value == role else g for g in whole.groups)
    return replace(whole, groups=groups)


def order(outcome: Outcome, *types: str) -> list[tuple[str, str]]:
    """What was taken away and made, in the engine's order."""
    wanted = {"create-replacement": "make", "delete-replaced": "end", "create": "make", "delete": "end"}
    return [
        (wanted[step.operation], step.name.removeprefix(f"{NAME}-instances-"))
        for step in outcome.steps
        if step.type in types and step.operation in wanted
    ]


def ids(world: rehearsal.World, type_: str) -> dict[str, str]:
    return {record.name: record.id for record in world.store.objects(type_)}


def test_control_planes_are_replaced_one_at_a_time_and_keep_volume_and_address(
    world: rehearsal.World, deployment: Stacks
) -> None:
    current = [plan(3, bastion=True)]
    rehearsal.seed(world.store, current[0])
    adopted = [record.id for record in world.store.objects()]
    stack = deployment(lambda: Cluster(NAME, current[0]))

    made = stack.up()
    assert made.errors == ""
    assert set(made.counts) <= {"create", "read"}
    assert set(stack.up().counts) == {"same"}
    before = {type_: ids(world, type_) for type_ in (SERVER, VOLUME, PORT)}

    current[0] = with_image(current[0], "control-plane", "ubuntu-26.10")
    changed = stack.up()
    assert changed.errors == ""
    zones = [f"control-plane-{zone}-1" for zone in ROW.zones]
    volumes = {zone: [f"{etcd}-{zone[-1]}" for etcd in ("events", "main")] for zone in ROW.zones}
    servers = order(changed, SERVER)
    assert servers == [(what, name) for name in zones for what in ("end", "make")]
    whole = order(changed, SERVER, ATTACHMENT)
    for zone, name in zip(ROW.zones, zones, strict=True):
        gone, back = whole.index(("end", name)), whole.index(("make", name))
        assert all(whole.index(("end", volume)) < gone for volume in volumes[zone]), "detached before the server goes"
        assert all(whole.index(("make", volume)) > back for volume in volumes[zone])
    for one, other in zip(ROW.zones, zones[1:], strict=False):
        assert all(whole.index(("make", v)) < whole.index(("end", other)) for v in volumes[one]), "one after the other"
    after = {type_: ids(world, type_) for type_ in (SERVER, VOLUME, PORT)}
    assert (after[VOLUME], after[PORT]) == (before[VOLUME], before[PORT])
    moved = {name for name in after[SERVER] if after[SERVER][name] != before[SERVER][name]}
    assert moved == {f"{NAME}-instances-{name}" for name in zones}
    assert set(stack.up().counts) == {"same"}

    assert stack.destroy().errors == ""
    assert [record.id for record in world.store.objects()] == adopted


def test_a_roll_replaces_one_machine_with_its_volumes_and_leaves_the_others(
    world: rehearsal.World, tmp_path: Path
) -> None:
    documents = clouds.documents(ROW, 3)
    rehearsal.seed(world.store, clouds.planned(documents).plan)

    def stack() -> ClusterStack:
        settings = {"state": tmp_path / "state", "environ": world.environment, "project_file": tmp_path / "none"}
        return ClusterStack.of(clouds.planned(documents), **settings)

    stack().up()
    fleet = Clusters(world.store).fleet(clouds.planned(documents).plan)
    before = {machine.name: machine.id for group in fleet.groups() for machine in group.machines}
    assert len(before) == 5
    for document in documents[1:]:
        document["spec"]["image"] = "ubuntu-26.10"
    attached = {r.inputs["volumeId"]: r.id for r in world.store.objects(ATTACHMENT)}
    current = stack()
    second = f"control-plane-{ROW.zones[1]}-1-harbor-example-net"
    rolled = EngineFleet(fleet, current)
    groups = {group.name: group for group in rolled.groups()}
    assert [machine.outdated for group in groups.values() for machine in group.machines] == [True] * 5
    (machine,) = groups[f"control-plane-{ROW.zones[1]}"].machines
    rolled.terminate(machine)
    after = {machine.name: machine.id for group in fleet.groups() for machine in group.machines}
    assert {name for name in after if after[name] != before[name]} == {second}
    moved = {r.inputs["volumeId"]: r.id for r in world.store.objects(ATTACHMENT)}
    assert moved.keys() == attached.keys()
    assert len([volume for volume in moved if moved[volume] != attached[volume]]) == 2
    holders = {r.inputs["instanceId"] for r in world.store.objects(ATTACHMENT)}
    assert holders <= set(after.values())


def test_one_control_plane_goes_up_and_nodes_come_and_go_from_the_end(
    world: rehearsal.World, deployment: Stacks
) -> None:
    whole = plan(1, bastion=False)
    current = [whole]
    rehearsal.seed(world.store, whole)
    stack = deployment(lambda: Cluster(NAME, current[0]))
    assert stack.up().errors == ""

    def sized(size: int) -> ClusterPlan:
        groups = tuple(replace(g, min_size=size) if g.name == "nodes" else g for g in whole.groups)
        return replace(whole, groups=groups)

    current[0] = sized(3)
    grown = stack.up().changes
    assert {name: what for name, what in grown.items() if what != "create"} == {f"{NAME}-instances-peers": "update"}
    assert {name.rpartition("-instances-")[2] for name, what in grown.items() if what == "create"} == {"nodes-3"}
    current[0] = sized(1)
    shrunk = stack.up()
    assert {name for what, name in order(shrunk, SERVER)} == {"nodes-2", "nodes-3"}
    assert "PRIVATE KEY" not in stack.state()
    credentials = [
        r.outputs["secret"]
        for r in world.store.objects("openstack:identity/applicationCredential:ApplicationCredential")
    ]
    assert credentials
    assert [secret for secret in credentials if secret in stack.state()] == []
    assert stack.destroy().errors == ""
