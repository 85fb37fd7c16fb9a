"""Options of a roll, and the limits of each group as numbers of machines."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from kops_pulumi.model import Role

Amount = int | str | None
"""As the manifest says it: a number, `25%`, or nothing."""
Answer = Literal["yes", "no", "always"]

TICK: Final = 5.0
"""Seconds between two looks."""
VALIDATION_TICK: Final = 10.0
"""Seconds between two validations: kops's pause."""


class Clock(Protocol):
    """Time, which tests let run as they like."""

    def now(self) -> float:
        """Seconds since some beginning."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        ...


class RealClock:
    """The time of this machine."""

    def now(self) -> float:
        """Seconds, never going back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Options:
    """How a roll is done; times in seconds, defaults kops's."""

    force: bool = False
    """Replace machines that are up to date too."""
    cloud_only: bool = False
    """Neither drain nor validate: the API is not asked at all."""
    drain_timeout: float = 15 * 60.0
    post_drain_delay: float = 5.0
    validation_timeout: float = 15 * 60.0
    validate_count: int = 2
    """Times in a row that the cluster must be valid after a machine was replaced."""
    fail_on_drain_error: bool = True
    fail_on_validate_error: bool = True
    bastion_interval: float = 15.0
    control_plane_interval: float = 15.0
    node_interval: float = 15.0
    confirm: Callable[[str], Answer] | None = None
    """Asked before each machine goes; None asks nobody."""

    def interval(self, role: Role) -> float:
        """Seconds to wait after a machine of the role was ended."""
        match role:
            case Role.BASTION:
                return self.bastion_interval
            case Role.CONTROL_PLANE:
                return self.control_plane_interval
        return self.node_interval


@dataclass(frozen=True, slots=True)
class Rules:
    """A group's `rollingUpdate` as the manifest says it."""

    max_surge: Amount = None
    max_unavailable: Amount = None
    drain_and_terminate: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """How many machines of a group may be extra, and how many missing."""

    surge: int
    unavailable: int

    @property
    def concurrency(self) -> int:
        """Machines that may be drained at once; at least one, or nothing would ever go."""
        return max(1, self.surge + self.unavailable)


def limits(rules: Rules, role: Role, size: int, *, surges: bool) -> Limits:
    """A group's limits. Surge rounds up, unavailable down but not below one.

    Control planes never surge: a new one joins etcd by taking the old one's volume over. Bastions need not. Without a
    word of the manifest, one extra machine where groups can surge, else one missing.

    >>> limits(Rules("10%", "25%"), Role.NODE, 11, surges=True)
    Limits(surge=2, unavailable=2)
    """
    can = surges and role not in {Role.CONTROL_PLANE, Role.BASTION}
    default = 1 if can and rules.max_surge is None else 0
    surge = _amount(rules.max_surge, size, up=True, default=default) if can else 0
    missing = _amount(rules.max_unavailable, size, up=False, default=0 if surge else 1)
    if role is Role.CONTROL_PLANE:
        return Limits(0, 1)
    return Limits(surge, missing)


def _amount(amount: Amount, size: int, *, up: bool, default: int) -> int:
    if amount is None:
        return default
    text = str(amount)
    if not text.endswith("%"):
        return int(text)
    exact = size * float(text[:-1]) / 100
    return math.ceil(exact) if up else max(1, math.floor(exact))
