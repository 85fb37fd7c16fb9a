"""The shipped catalogue of EC2 instance types, and choosing from it by what a machine must have. Pure.

`tools/instance_types.py` writes the catalogue; which of the types a region or an account really has, only AWS knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final

from kops_pulumi.errors import KopsError, NotFoundError

_DATA: Final = Path(__file__).parent / "data" / "instance_types.tsv"
_UNITS: Final = {"": 1, "mib": 1, "mb": 1, "gib": 1024, "gb": 1024, "tib": 1024**2, "tb": 1024**2}
_FLEXIBLE_FAMILIES: Final = re.compile(r"^[cmr]\d")
"""Families of many generations that do not differ in kind: what a flexible group spreads over."""


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One row of the catalogue."""

    name: str
    arch: str
    vcpus: int
    memory: int
    """MiB."""
    gpus: int
    gpu_memory: int
    """MiB, of all together."""
    interfaces: int
    burst: bool
    ena: bool
    usage: tuple[str, ...]
    placement: tuple[str, ...]

    @property
    def generation(self) -> int:
        """The number in the family's name: 5 of m5.large."""
        found = re.match(r"[a-z]+(\d+)", self.name)
        return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds, both inclusive; None: none."""

    least: int | None = None
    most: int | None = None

    def holds(self, value: int) -> bool:
        """Whether the value lies between the bounds."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a machine must have."""

    arch: str = "amd64"
    vcpus: Range = field(default_factory=Range)
    memory: Range = field(default_factory=Range)
    gpus: Range = field(default_factory=Range)
    gpu_memory: Range = field(default_factory=Range)
    interfaces: Range = field(default_factory=Range)
    ratio: float | None = None
    """GiB of memory for each virtual CPU."""
    burst: bool | None = None
    ena: bool | None = None
    usage: str = "on-demand"
    placement: str | None = None
    allow: re.Pattern[str] | None = None
    deny: re.Pattern[str] | None = None
    flexible: bool = False

    def like(self, name: str) -> Criteria:
        """The same, with what is not said taken from a type."""
        base = get(name)
        return replace(
            self,
            arch=base.arch,
            vcpus=self.vcpus if self.vcpus != Range() else Range(base.vcpus, base.vcpus),
            memory=self.memory if self.memory != Range() else Range(base.memory, base.memory),
            gpus=self.gpus if self.gpus != Range() else Range(base.gpus, base.gpus),
            burst=base.burst if self.burst is None else self.burst,
        )

    def fits(self, item: InstanceType) -> bool:
        """Whether a type has all of it. Machines with GPUs are taken only when GPUs are asked for."""
        wants_gpus = self.gpus != Range() or self.gpu_memory != Range()
        return (
            item.arch == self.arch
            and self.vcpus.holds(item.vcpus)
            and self.memory.holds(item.memory)
            and (self.gpus.holds(item.gpus) and self.gpu_memory.holds(item.gpu_memory) if wants_gpus else not item.gpus)
            and self.interfaces.holds(item.interfaces)
            and (self.ratio is None or abs(item.memory / 1024 / item.vcpus - self.ratio) < 0.01)
            and self.burst in (None, item.burst)
            and self.ena in (None, item.ena)
            and self.usage in item.usage
            and self.placement in (None, *item.placement)
            and (self.allow is None or bool(self.allow.search(item.name)))
            and (self.deny is None or not self.deny.search(item.name))
            and (not self.flexible or bool(_FLEXIBLE_FAMILIES.match(item.name)))
        )


def select(criteria: Criteria, most: int) -> tuple[InstanceType, ...]:
    """The smallest types that fit, the newest generation of a size first; NotFoundError when none does."""
    found = [item for item in catalogue().values() if criteria.fits(item)]
    if not found:
        raise NotFoundError("no instance type has all of that", hint="ask for less, or for ranges (--vcpus-min …)")
    found.sort(key=lambda item: (item.vcpus, item.memory, -item.generation, item.name))
    return tuple(found[:most])


def get(name: str) -> InstanceType:
    """One type; NotFoundError when the catalogue does not have it."""
    found = catalogue().get(name)
    if found is None:
        raise NotFoundError(f"there is no instance type {name}", hint="types look like m7i.large")
    return found


def mebibytes(text: str) -> int:
    """`4gb`, `4 GiB`, `4096` → MiB.

    >>> mebibytes("4gb"), mebibytes("512")
    (4096, 512)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if found is None or found[2] not in _UNITS:
        raise KopsError(f"{text!r} is no amount of memory", hint="write 4gb, 4096mb or 4096")
    return int(float(found[1]) * _UNITS[found[2]])


@cache
def catalogue() -> dict[str, InstanceType]:
    """Every type, by name."""
    return {item.name: item for item in _read()}


def _read() -> Iterator[InstanceType]:
    for line in _DATA.read_text(encoding="utf-8").splitlines()[1:]:
        name, arch, *numbers, usage, placement = line.split("\t")
        vcpus, memory, gpus, gpu_memory, interfaces, burst, ena = map(int, numbers)
        options = (tuple(usage.split(",")), tuple(placement.split(",")))
        yield InstanceType(name, arch, vcpus, memory, gpus, gpu_memory, interfaces, bool(burst), bool(ena), *options)
