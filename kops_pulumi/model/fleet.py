"""Machines after their creation: what a cloud's `fleet.py` tells of them, and what it can do with them.

`clouds/<cloud>/fleet.py` and the simulated cloud (`rehearsal/fleet.py`) implement `Fleet`; rolling updates, validation
and `get instances` are its users. A fleet decides nothing: order, limits and waiting are `automation/rolling`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class MachineState(StrEnum):
    PENDING = "pending"
    """Ordered, not running yet."""
    RUNNING = "running"
    STOPPING = "stopping"
    """About to be gone, or gone."""
    WARM = "warm"
    """Prepared and waiting in a warm pool."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of an instance group."""

    id: str
    """The cloud's own id."""
    group: str
    """Name of its instance group."""
    name: str | None
    """What its node is called in Kubernetes, as far as the cloud knows."""
    state: MachineState
    outdated: bool
    """It was made from an older description than its group has now."""
    detached: bool = False
    """Taken out of its group, which has started another one for it."""
    zone: str | None = None
    addresses: tuple[str, ...] = ()
    """Internal addresses first."""
    machine_type: str | None = None


@dataclass(frozen=True, slots=True)
class FleetGroup:
    """An instance group as the cloud has it."""

    name: str
    desired: int
    min_size: int
    max_size: int
    machines: tuple[Machine, ...]
    """Sorted by id; those that are gone are not in it."""


class Fleet(Protocol):
    """The machines of one cluster. Calls raise KopsError with the cloud's own words when the cloud refuses."""

    surges: bool
    """`detach` works: a group can be made to start a machine before an old one goes."""
    replaces_itself: bool
    """A group starts another machine for one that was terminated; else the engine must make it again."""
    reuses_names: bool
    """A machine's replacement has its node's name, so that the old Node object has to go first."""

    def groups(self) -> Sequence[FleetGroup]:
        """Every group of the cluster with its machines, sorted by name; a bounded number of list calls."""
        ...

    def detach(self, machine: Machine) -> None:
        """Take it out of its group, which starts another; it keeps running. Done already: nothing happens."""
        ...

    def deregister(self, machine: Machine) -> bool:
        """Begin to take it out of its load balancers, or look how far that is: True once they send nothing new.

        Never waits, for others may be drained meanwhile: the caller asks again. Without any balancer: True at once.
        """
        ...

    def terminate(self, machine: Machine) -> None:
        """End it. Its group starts another where `replaces_itself`, unless it was detached. Gone already: nothing."""
        ...
