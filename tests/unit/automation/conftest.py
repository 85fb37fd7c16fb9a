"""A cluster on a fake clock, and rolls of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from kops_pulumi.automation.rolling import Event, Options, Outcome, Roll
from kops_pulumi.automation.rolling.roll import Selection
from kops_pulumi.automation.rolling.settings import Rules
from tests.support.clusters import plan_of
from tests.support.simulation import FakeClock, Simulation


@dataclass
class Stage:
    """One simulated cluster."""

    sim: Simulation
    clock: FakeClock
    events: list[Event] = field(default_factory=list)
    rules: dict[str, Rules] = field(default_factory=dict)

    def roll(self, selection: Selection | None = None, **options: Any) -> Outcome:
        return self.prepared(selection, **options).run()

    def prepared(self, selection: Selection | None = None, **options: Any) -> Roll:
        return Roll(
            self.sim.plan,
            self.sim,
            self.sim,
            clock=self.clock,
            tell=self.events.append,
            options=Options(**options),
            rules=self.rules,
            selection=selection,
        )

    def said(self, what: str) -> list[Event]:
        return [event for event in self.events if event.what == what]


@pytest.fixture
def stage() -> Callable[..., Stage]:
    """`stage(**{"cp-a": 1, "nodes-a": 3})`: a cluster with as many machines in each group, all of them outdated."""

    def make(*, outdated: bool = True, boot: float = 120.0, **sizes: int) -> Stage:
        names = {name.replace("_", "-"): size for name, size in sizes.items()}
        clock = FakeClock()
        sim = Simulation(plan_of(*names), clock, boot=boot)
        for name, size in names.items():
            sim.fill(name, size)
        if outdated:
            sim.change(*names)
        return Stage(sim, clock)

    return make
