"""What a check of the benchmark is, and the words that its conditions are made of.

A condition is a few tests of flags, any or all of which must hold. A flag may be named several times for a program that
takes a file as well: whichever is set counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from kops_pulumi.bootstrap.cis.command import Flags, Program
from kops_pulumi.errors import KeyPath

_DURATION = re.compile(r"([\d.]+)(ms|h|m|s)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
Test: TypeAlias = Callable[[str | None], bool]
"""Whether a flag's value (None: not set) is as it should be."""


def is_set(value: str | None) -> bool:
    """The flag is there, with a value."""
    return bool(value)


def unset(value: str | None) -> bool:
    """The flag is not there."""
    return value is None


def equals(wanted: str) -> Test:
    """The flag is there and says exactly this."""
    return lambda value: value == wanted


def differs(wanted: str) -> Test:
    """The flag is there and says something else."""
    return lambda value: value is not None and value != wanted


def has(word: str) -> Test:
    """A comma list that has the word."""
    return lambda value: value is not None and word in value.split(",")


def lacks(word: str) -> Test:
    """A comma list, set, without the word."""
    return lambda value: value is not None and word not in value.split(",")


def at_least(number: int) -> Test:
    """A number, set, that is no smaller."""
    return lambda value: value is not None and int(value) >= number


def only(words: set[str]) -> Test:
    """A comma list, set, with nothing but these words."""
    return lambda value: bool(value) and set(str(value).split(",")) <= words


def lasts(least: float, most: float) -> Test:
    """A Go duration, set, between two numbers of seconds."""

    def test(value: str | None) -> bool:
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(value or ""))
        return value is not None and least <= seconds <= most

    return test


@dataclass(frozen=True, slots=True)
class Condition:
    """Tests by flag; with `any_of` one is enough, else all must hold."""

    tests: tuple[tuple[str, Test], ...]
    any_of: bool = False

    def holds(self, flags: Flags) -> bool:
        """Whether the flags satisfy it."""
        return (any if self.any_of else all)(test(flags.get(name)) for name, test in self.tests)


@dataclass(frozen=True, slots=True)
class Instead:
    """Another way to the same end, which the benchmark's condition does not see."""

    condition: Condition
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the benchmark."""

    id: str
    title: str
    """What it wants, in our words."""
    program: Program
    condition: Condition
    setting: KeyPath
    """The field below `spec` that decides it."""
    scored: bool = True
    """Whether the benchmark counts it (its manual checks are advice)."""
    instead: Instead | None = None
    waiver: str | None = None
    """Why we live with its failure."""


def all_of(*tests: tuple[str, Test]) -> Condition:
    """All must hold."""
    return Condition(tests)


def any_of(*tests: tuple[str, Test]) -> Condition:
    """One is enough."""
    return Condition(tests, any_of=True)


def unless_set(name: str, test: Test) -> Condition:
    """Not set, or set and right."""
    return any_of((name, unset), (name, test))
