"""Sizes of machines: what `machineType` means where there are no machine types (pure).

`4cpu-16gb` says it outright, `8cpu-32gb-4cores` also how many cores a socket has (guests with a licence by socket), and
four names stand for usual sizes. Limits: https://configmax.broadcom.com/ (virtual machine, vSphere 8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NAMED: Mapping[str, str] = {
    "small": "2cpu-4gb",
    "medium": "2cpu-8gb",
    "large": "4cpu-16gb",
    "xlarge": "8cpu-32gb",
}
_SYNTAX = re.compile(r"(?P<cpus>[1-9]\d*)cpu-(?P<memory>[1-9]\d*)(?P<unit>gb|mb)(?:-(?P<cores>[1-9]\d*)cores)?")
_MOST_CPUS = 768
_MOST_MEMORY = 24 * 1024 * 1024
"""MiB."""
_MEMORY_STEP = 4
"""vSphere takes memory in steps of 4 MiB."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """Virtual hardware; memory in MiB."""

    cpus: int
    memory: int
    cores_per_socket: int | None = None
    """None: the provider's default."""


def parse(machine_type: str) -> Hardware | None:
    """What a machine type means; None when it means nothing.

    >>> parse("4cpu-16gb"), parse("medium"), parse("m5.large")
    (Hardware(cpus=4, memory=16384, cores_per_socket=None), Hardware(cpus=2, memory=8192, cores_per_socket=None), None)
    """
    found = _SYNTAX.fullmatch(NAMED.get(machine_type, machine_type))
    if found is None:
        return None
    cpus, memory = int(found["cpus"]), int(found["memory"]) * (1024 if found["unit"] == "gb" else 1)
    cores = int(found["cores"]) if found["cores"] else None
    if cpus > _MOST_CPUS or memory > _MOST_MEMORY or memory % _MEMORY_STEP or (cores and cpus % cores):
        return None
    return Hardware(cpus, memory, cores)
