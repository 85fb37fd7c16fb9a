"""The simulated cloud's memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from kops_pulumi.errors import KopsError
from kops_pulumi.rehearsal.faults import Fault, FaultKind, Operation, parse
from kops_pulumi.rehearsal.kinds import OnDelete
from kops_pulumi.rehearsal.store import CloudError, Link, Record, Store, Ties

NET, NODE = "x:net:Net", "x:node:Node"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cloud.sqlite")


def record(type_: str, id_: str, **inputs: object) -> Record:
    return Record(type_, id_, id_, inputs, {**inputs, "arn": f"arn:{id_}"})


def link(value: str, on_delete: OnDelete = OnDelete.BLOCK) -> Ties:
    return Ties(links=(Link("netId", value, (NET,), on_delete),))


def test_another_process_sees_the_same_cloud(store: Store) -> None:
    store.create(record(NET, "net-1", cidr="10.0.0.0/8"), Ties(handles=("arn:net-1",)))
    with Store(store.path) as other:
        assert other.get(NET, "net-1") == store.get(NET, "net-1")
        other.delete(NET, "net-1")
    assert store.objects() == []
    assert [operation for operation, _, _ in store.history()] == ["create", "delete"]


def test_only_the_owner_can_read_the_file(store: Store) -> None:
    assert store.path.stat().st_mode & 0o077 == 0


def test_objects_are_found_by_id_and_by_handle(store: Store) -> None:
    store.create(record(NET, "net-1"), Ties(handles=("arn:net-1",)))
    for value in ("net-1", "arn:net-1"):
        found = store.resolve(value, (NODE, NET))
        assert found is not None
        assert found.id == "net-1"
    assert store.resolve("net-1", (NODE,)) is None


def test_a_name_is_free_again_after_its_holder_is_gone(store: Store) -> None:
    store.create(record(NET, "net-1"), Ties(claim="name=a"))
    with pytest.raises(CloudError, match="EntityAlreadyExists: Net with name=a already exists"):
        store.create(record(NET, "net-2"), Ties(claim="name=a"))
    store.delete(NET, "net-1")
    store.create(record(NET, "net-2"), Ties(claim="name=a"))


def test_a_refused_creation_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(CloudError, match=r"InvalidNet\.NotFound: netId: Net net-9 does not exist"):
        store.create(record(NODE, "node-1"), link("net-9"))
    assert store.objects() == []
    assert store.history() == []


def test_what_is_in_use_cannot_be_deleted(store: Store) -> None:
    store.create(record(NET, "net-1"), Ties())
    store.create(record(NODE, "node-1"), link("net-1"))
    with pytest.raises(CloudError, match="DependencyViolation: Net net-1 is in use by Node node-1"):
        store.delete(NET, "net-1")
    store.delete(NODE, "node-1")
    assert store.delete(NET, "net-1")
    assert not store.delete(NET, "net-1")


def test_an_update_moves_references(store: Store) -> None:
    for id_ in ("net-1", "net-2"):
        store.create(record(NET, id_), Ties())
    store.create(record(NODE, "node-1"), link("net-1"))
    store.update(record(NODE, "node-1"), link("net-2"))
    assert store.delete(NET, "net-1")
    assert [r.updates for r in store.objects(NODE)] == [1]


def test_what_belongs_to_an_object_goes_with_it(store: Store) -> None:
    store.create(record(NET, "net-1"), Ties())
    store.create(record(NODE, "node-1"), link("net-1", OnDelete.CASCADE))
    store.delete(NET, "net-1")
    assert store.objects() == []


def test_changing_what_is_gone_is_refused(store: Store) -> None:
    with pytest.raises(CloudError, match="NotFound: Net net-1 does not exist"):
        store.update(record(NET, "net-1"), Ties())


def test_drift_changes_and_removes_properties(store: Store) -> None:
    store.create(record(NET, "net-1", size=1, tag="a"), Ties())
    store.mutate(NET, "net-1", {"size": 2, "tag": None})
    drifted = store.objects()[0]
    assert (drifted.inputs, drifted.outputs, drifted.updates) == ({"size": 2}, {"size": 2, "arn": "arn:net-1"}, 0)
    store.vanish(NET, "net-1")
    assert store.objects() == []


def test_births_differ_in_one_world_and_repeat_in_the_next(store: Store, tmp_path: Path) -> None:
    first = [store.birth("urn:a"), store.birth("urn:a"), store.birth("urn:b")]
    assert len(set(first)) == 3
    with Store(tmp_path / "other.sqlite") as other:
        assert [other.birth("urn:a"), other.birth("urn:a"), other.birth("urn:b")] == first


def test_a_fault_strikes_as_often_as_it_says_and_only_its_target(store: Store) -> None:
    fault = Fault(FaultKind.ERROR, Operation.CREATE, type="x:net:*", name="main*", times=2)
    store.inject(fault)
    assert store.take_fault(Operation.DELETE, NET, "main") is None
    assert store.take_fault(Operation.CREATE, NODE, "main") is None
    assert store.take_fault(Operation.CREATE, NET, "other") is None
    assert [store.take_fault(Operation.CREATE, NET, "main-1") for _ in range(3)] == [fault, fault, None]
    assert store.faults() == []


def test_faults_can_be_called_off(store: Store) -> None:
    store.inject(Fault(FaultKind.SLOW, seconds=1))
    assert [(fault.kind, left) for fault, left in store.faults()] == [(FaultKind.SLOW, 1)]
    store.clear_faults()
    assert store.take_fault(Operation.READ, NET, "main") is None


def test_faults_are_read_as_people_write_them() -> None:
    expected = Fault(FaultKind.ERROR, Operation.CREATE, type="aws:ec2/*", name="a", times=3, message="no")
    assert parse("error,operation=create,type=aws:ec2/*,name=a,times=3,message=no") == expected
    assert parse("crash") == Fault(FaultKind.CRASH)


@pytest.mark.parametrize("text", ["", "bang", "error,times=many", "error,colour=red", "error,times"])
def test_a_fault_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(KopsError, match="cannot read the fault") as caught:
        parse(text)
    assert "throttle|error|partial|crash|unreachable|slow" in str(caught.value)
