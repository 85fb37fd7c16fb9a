"""Measure the decisions of a rolling update: `python -m benchmarks.rolling`.

A thousand nodes in twenty groups and three control planes, on a fake clock, one machine at a time: what the engine (and
the simulation, which cannot be told apart) takes of the processor for each node and tick, and how often clouds and APIs
are listed. The exit code is 1 when it is more than promised.
"""

from __future__ import annotations

import sys
import time

from kops_pulumi.automation.rolling import Roll
from tests.support.clusters import plan_of
from tests.support.simulation import FakeClock, Simulation

GROUPS, SIZE = 20, 50
MILLISECONDS = 1.0
"""Promised at most, for each node and tick."""
LISTS = 200
"""Promised at most, for the whole roll."""


def main() -> int:
    """Roll it, and print three figures."""
    sizes = {**dict.fromkeys(("cp-a", "cp-b", "cp-c"), 1), **{f"nodes-{n:02}": SIZE for n in range(GROUPS)}}
    clock = FakeClock()
    sim = Simulation(plan_of(*sizes), clock)
    for name, size in sizes.items():
        sim.fill(name, size)
    sim.change(*sizes)
    ticks: list[float] = []
    clock.on_tick.append(ticks.append)
    began = time.process_time()
    outcome = Roll(sim.plan, sim, sim, clock=clock).run()
    used, lists = time.process_time() - began, sum(sim.calls.values())
    each = used * 1000 / len(ticks) / sum(sizes.values())
    print(
        f"{outcome.replaced} machines, {len(ticks)} ticks, {clock.time / 3600:.1f} simulated hours, {used:.1f} s of CPU"
    )
    print(f"{each:.4f} ms for each node and tick (promised: {MILLISECONDS:.0f} ms)")
    print(f"{lists} list calls (promised: {LISTS})")
    return 0 if each <= MILLISECONDS and lists <= LISTS else 1


if __name__ == "__main__":
    sys.exit(main())
