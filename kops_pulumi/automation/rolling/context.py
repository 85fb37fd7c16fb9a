"""What the processes of one roll share: options, view, clock, whom to tell; and the errors that they end with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from kops_pulumi.automation.rolling.events import Event, Tell, What, estimate
from kops_pulumi.automation.rolling.settings import Clock, Options
from kops_pulumi.automation.rolling.view import View
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Machine

Process: TypeAlias = Iterator[None]
"""Work that yields whenever it wants to look again at the next tick."""


class RollError(KopsError):
    """A machine could not be replaced; other worker groups may still be rolled."""


class FatalRollError(RollError):
    """Nothing more may be replaced."""


class ValidationTimeout(FatalRollError):  # noqa: N818 - reads as the event it is
    """The cluster did not become valid."""


class DeregisterError(FatalRollError):
    """A machine could not be taken out of its load balancers: ending it would cut its connections."""


class QuorumError(FatalRollError):
    """etcd would lose its quorum."""


class DrainError(RollError):
    """Pods did not leave a node."""


class Stopped(FatalRollError):  # noqa: N818 - reads as the event it is
    """The user said no."""


@dataclass
class Context:
    """One roll."""

    view: View
    options: Options
    clock: Clock
    watcher: Tell
    total: int = 0
    done: int = 0
    started: float = 0.0
    half_drained: dict[str, str] = field(default_factory=dict)
    """Nodes that are cordoned and whose machines still run, by machine."""
    asking: bool = True
    """Whether `confirm` is asked yet; `always` ends it."""

    def __post_init__(self) -> None:
        self.started = self.clock.now()

    def now(self) -> float:
        """Seconds on the roll's clock."""
        return self.clock.now()

    def tell(self, what: What, group: str, subject: str = "", detail: str = "") -> None:
        """Let the watcher know."""
        elapsed = self.now() - self.started
        left = estimate(self.done, self.total, elapsed)
        self.watcher(Event(elapsed, what, group, subject, detail, self.done, self.total, left))

    def ended(self, machine: Machine, subject: str) -> None:
        """Count a machine that was ended."""
        self.view.ended(machine)
        self.half_drained.pop(machine.id, None)
        self.done += 1
        self.tell(What.ENDED, machine.group, subject)


def pause(ctx: Context, seconds: float) -> Process:
    """Yield until so many seconds are over."""
    until = ctx.now() + seconds
    while ctx.now() < until:
        yield
