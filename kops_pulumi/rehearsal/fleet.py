"""The machines of rehearsed clusters after their creation (`model.Fleet`), over a world's store, for every cloud.

A package says by a `Herd` which of its objects start machines, and from what. Groups start theirs when they are made or
changed, and another for each that is ended; a machine is outdated when its group's description is another than the one
it was started from. Where a machine is an object of the stack itself, the engine replaces it. This module must not know
a cloud: herds are in the clouds' tables (`aws/machines.py`).
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kops_pulumi.model import ClusterPlan, FleetGroup, Group, Machine, MachineState
from kops_pulumi.rehearsal.store import Record, Store

_BUNDLE: Final = re.compile(r"KOPS_SHA256=(\w+)")
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Herd:
    """How one kind of object has machines."""

    type: str
    """Type token of the group, or of the machine itself."""
    grouped: bool
    """The object is a group that starts machines; else it is a machine."""
    belongs: Callable[[Record, ClusterPlan, Group], bool]
    """Whether the object is (of) that instance group."""
    size: Callable[[Record], int]
    """How many machines a group wants."""
    user_data: Callable[[Record, Store], str]
    """The user data of what its machines are started from, in whatever encoding the cloud keeps it."""
    description: Callable[[Record, Store], str]
    """What its machines are started from, as a text that changes with it."""
    machine_id: Callable[[str], str] = lambda seed: seed[:16]
    """An id as the cloud would give, from hexadecimal digits."""


def settle(herd: Herd) -> Callable[[Record, Store], None]:
    """For `Kind.settle`: let a group have as many machines as it wants."""

    def start(record: Record, store: Store) -> None:
        attached = [id_ for id_, data in store.machines(record).items() if not data["detached"]]
        for _ in range(herd.size(record) - len(attached)):
            _start(herd, record, store)
        for id_ in attached[herd.size(record) :]:
            store.drop_machine(id_)

    return start


def _start(herd: Herd, record: Record, store: Store) -> None:
    seed = hashlib.sha256(store.birth(f"machine of {record.type} {record.id}").encode()).hexdigest()
    found = _BUNDLE.search(_plain(herd.user_data(record, store)))
    bundle = found[1] if found else ""
    data = {"made_from": herd.description(record, store), "bundle": bundle, "detached": False}
    store.keep_machine(record, herd.machine_id(seed), data)


def _plain(text: str) -> str:
    """User data as text: clouds keep it in base64, gzipped or not."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text
    return (gzip.decompress(data) if data.startswith(_GZIP) else data).decode(errors="replace")


def know(store: Store, plan: ClusterPlan) -> None:
    """Remember which Kubernetes the bundles of a plan install, so that nodes can tell it."""
    for group in plan.groups:
        if group.bundle is not None:
            store.note(f"kubernetes {group.bundle.sha256}", plan.kubernetes_version)


class RehearsedFleet:
    """The machines of one cluster in a world."""

    def __init__(self, plan: ClusterPlan, store: Store, herd: Herd) -> None:
        self._plan, self._store, self._herd = plan, store, herd
        self.surges = self.replaces_itself = herd.grouped
        self.reuses_names = not herd.grouped

    def groups(self) -> Sequence[FleetGroup]:
        """Every group of the plan; one that was not made yet is empty."""
        records = self._store.objects(self._herd.type)
        return [self._group(group, records) for group in self._plan.groups]

    def _group(self, group: Group, records: Sequence[Record]) -> FleetGroup:
        mine = [record for record in records if self._herd.belongs(record, self._plan, group)]
        machines = sorted((m for record in mine for m in self._machines(group, record)), key=lambda machine: machine.id)
        desired = sum(self._herd.size(record) for record in mine)
        return FleetGroup(group.name, desired, group.min_size, group.max_size, tuple(machines))

    def _machines(self, group: Group, record: Record) -> Iterator[Machine]:
        if not self._herd.grouped:
            # Whether it is outdated is the engine's to tell: it would replace the object.
            yield _machine(group, record.id, str(record.outputs.get("name") or record.name), outdated=False)
            return
        now = self._herd.description(record, self._store)
        for id_, data in self._store.machines(record).items():
            outdated = data["detached"] or data["made_from"] != now
            yield _machine(group, id_, id_, outdated=outdated, detached=data["detached"])

    def detach(self, machine: Machine) -> None:
        """Out of its group, which starts another."""
        for record, data in self._find(machine):
            if not data["detached"]:
                self._store.keep_machine(record, machine.id, {**data, "detached": True})
                settle(self._herd)(record, self._store)

    def deregister(self, machine: Machine) -> bool:  # noqa: ARG002 - there is no traffic
        """At once."""
        return True

    def terminate(self, machine: Machine) -> None:
        """Gone; its group starts another."""
        for record, _ in self._find(machine):
            self._store.drop_machine(machine.id)
            settle(self._herd)(record, self._store)

    def kubelet(self, machine: Machine) -> str:
        """The version of Kubernetes that the machine was started with: `v1.37.0`."""
        known = (self._store.noted(f"kubernetes {data['bundle']}") for _, data in self._find(machine))
        version = next(known, None) or self._plan.kubernetes_version
        return f"v{version.lstrip('v')}"

    def _find(self, machine: Machine) -> Iterator[tuple[Record, Mapping[str, Any]]]:
        for record in self._store.objects(self._herd.type):
            data = self._store.machines(record).get(machine.id)
            if data is not None:
                yield record, data


def _machine(group: Group, id_: str, name: str, *, outdated: bool, detached: bool = False) -> Machine:
    return Machine(
        id=id_,
        group=group.name,
        name=name,
        state=MachineState.RUNNING,
        outdated=outdated,
        detached=detached,
        zone=group.zones[0] if group.zones else None,
        machine_type=group.machine_type,
    )
