"""What happens during a roll, as values; and how long it may take yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class What(StrEnum):
    """The kinds of events, in words of a log."""

    GROUP = "rolling"
    VALIDATING = "validating"
    VALID = "valid"
    MARKED = "marked"
    DETACHED = "detached"
    CORDONED = "cordoned"
    DRAINING = "draining"
    DRAINED = "drained"
    ENDED = "ended"
    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened, or is being waited for."""

    at: float
    """Seconds since the roll began."""
    what: What
    group: str
    subject: str = ""
    """A machine, with its node where it has one."""
    detail: str = ""
    done: int = 0
    """Machines replaced so far, in the whole roll."""
    total: int = 0
    left: float | None = None
    """Seconds that the rest may take; None while nobody can tell."""


Tell: TypeAlias = Callable[[Event], None]


def estimate(done: int, total: int, elapsed: float) -> float | None:
    """Seconds for the rest, when it goes on as it went so far.

    >>> estimate(2, 10, 600.0)
    2400.0
    """
    return elapsed / done * (total - done) if done else None


def counted(number: int, noun: str) -> str:
    """`1 machine`, `2 machines`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
