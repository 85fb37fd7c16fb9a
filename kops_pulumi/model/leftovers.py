"""What controllers inside a cluster made in the cloud, which no stack knows: found when a cluster is deleted.

`clouds/<cloud>/leftovers.py` and the simulated cloud (`rehearsal/leftovers.py`) implement `Leftovers`;
`automation/leftovers.py` is its user. An implementation decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing that would stay."""

    kind: str
    """In the user's words: load balancer, volume, security group, …"""
    id: str
    name: str
    holds_data: bool = False
    """Removing it loses somebody's data."""


class Leftovers(Protocol):
    """What belongs to one cluster by its tags. Calls raise KopsError with the cloud's own words when it refuses."""

    def find(self, known: Collection[str]) -> Sequence[Leftover]:
        """Everything of the cluster but what has one of the known ids, in the order in which it can go."""
        ...

    def remove(self, leftover: Leftover) -> None:
        """Ask for it to go; that it is gone already, or still in use, is no error: `find` tells."""
        ...
