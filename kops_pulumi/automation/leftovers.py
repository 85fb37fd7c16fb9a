"""Find and remove what controllers inside a cluster left in the cloud, with patience and a bound on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kops_pulumi import clouds
from kops_pulumi.errors import KopsError, NotFoundError
from kops_pulumi.model import ClusterPlan
from kops_pulumi.model.leftovers import Leftover, Leftovers

WAIT: Final = 600.0
INTERVAL: Final = 10.0


def of(plan: ClusterPlan, settings: Any) -> Leftovers | None:
    """The cloud's own finder, with the settings of the stack's provider; None where the cloud has none."""
    try:
        module = clouds.leaf(plan.cloud, "leftovers")
    except NotFoundError:
        return None
    found: Leftovers = module.connect(plan.name, plan.region, settings)
    return found


@dataclass(frozen=True)
class Patience:
    """How long to wait until things are gone: load balancers take minutes to give their interfaces back."""

    wait: float = WAIT
    """Seconds in all."""
    interval: float = INTERVAL
    """Seconds between two looks."""
    count: int = 0
    """At most so many looks in a row without progress; 0: no such bound."""
    sleep: Callable[[float], object] = time.sleep


def remove(
    finder: Leftovers,
    wanted: Collection[Leftover],
    known: Collection[str],
    patience: Patience,
    say: Callable[[str], object],
) -> None:
    """Remove until all is gone; KopsError, with what is left, when patience is over."""
    left: Sequence[Leftover] = tuple(wanted)
    ids = {item.id for item in wanted}
    waited, idle = 0.0, 0
    while left:
        for item in left:
            finder.remove(item)
        before, left = len(left), tuple(item for item in finder.find(known) if item.id in ids)
        if not left:
            break
        idle = 0 if len(left) < before else idle + 1
        if waited >= patience.wait or (patience.count and idle >= patience.count):
            names = ", ".join(f"{item.kind} {item.name or item.id}" for item in left)
            raise KopsError(f"these are still there: {names}", hint="run the same command again, or give more --wait")
        say(f"waiting until {len(left)} are gone: {left[0].kind} {left[0].name or left[0].id}, …")
        patience.sleep(patience.interval)
        waited += patience.interval
