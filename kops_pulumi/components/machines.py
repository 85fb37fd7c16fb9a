"""Machines that no group of the cloud manages: the engine replaces them, and this keeps the order (decision 2).

Which machines there are, and who waits for whom, is the plan's (`plan/machines.py`); a cloud makes each with the
options of its turn and says when it is done. A machine that must be made again goes first and comes back after, because
its address and its volumes can be in one place only; what is attached to it (an etcd volume's attachment) is part of
its turn. The next one in its line is not touched before. This module must not know a cloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi

from kops_pulumi.model import PlannedMachine
from kops_pulumi.plan import machines


class Turns:
    """Hands out the options of each machine in turn; machines must be made in the plan's order."""

    def __init__(self, parent: pulumi.Resource) -> None:
        self._parent = parent
        self._done: dict[str, tuple[pulumi.Resource, ...]] = {}

    def options(self, machine: PlannedMachine, after: Iterable[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """For the machine itself: made again only after it is gone, and after the one before it in its line."""
        before = self._done.get(machine.after, ()) if machine.after else ()
        return pulumi.ResourceOptions(parent=self._parent, depends_on=[*after, *before], delete_before_replace=True)

    def done(self, machine: PlannedMachine, *resources: pulumi.Resource) -> None:
        """The machine and what is attached to it: all that the next one waits for."""
        self._done[machine.key] = resources


def peers(made: Iterable[PlannedMachine], addresses: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    """What control planes are told of every machine (`cloud_peers`), from addresses by `PlannedMachine.key`."""
    known = tuple(made)
    return pulumi.Output.all(*(addresses[item.key] for item in known)).apply(
        lambda found: machines.listed(known, found)
    )
