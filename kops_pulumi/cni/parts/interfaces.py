"""How many pods a machine has addresses for, where pods get addresses of the machine's network interfaces.

Facts are in `interfaces.toml`. A family that is not listed is taken to follow its sizes, which all newer ones do; a
size that is not listed has no number. Both are said, so that `kubelet.maxPods` can say it better. Pure but for reading
its own data.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kops_pulumi.errors import Finding, Severity
from kops_pulumi.plugins import NodeSettings

if TYPE_CHECKING:
    from kops_pulumi.spec import InstanceGroup

_DATA = Path(__file__).with_name("interfaces.toml")
HOST_PODS = 2
"""Pods with an address of the machine itself: the network's agent and kube-proxy."""
PREFIX = 16
"""Addresses of a /28, which takes the place of one."""
SMALL, LARGE, MANY_CPUS = 110, 250, 30
"""What Kubernetes is tested with, below and from 30 processors:
https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html."""
_PATH = ("spec", "machineType")


@dataclass(frozen=True, slots=True)
class Interfaces:
    """What a machine type may have."""

    count: int
    addresses: int
    """IPv4 addresses of each interface."""
    sure: bool
    """Listed, not inferred from the size."""


def of_type(machine_type: str) -> Interfaces | None:
    """The interfaces of a machine type (`m6i.large`); None when not even its size is known."""
    facts, (family, _, size) = _facts(), machine_type.partition(".")
    found = facts["types"].get(machine_type) or facts["sizes"].get(size)
    if found is None:
        return None
    sure = machine_type in facts["types"] or family in facts["families"]["known"]
    return Interfaces(found[0], found[1], sure)


def pods(machine_type: str, *, prefixes: bool, reserved: int = 0) -> int | None:
    """How many pods have an address, without `reserved` interfaces; `prefixes` when an address is a whole /28."""
    has = of_type(machine_type)
    if has is None:
        return None
    slots = max(has.count - reserved, 1) * (has.addresses - 1)
    if not prefixes:
        return slots + HOST_PODS
    return min(slots * PREFIX + HOST_PODS, LARGE if _cpus(machine_type) >= MANY_CPUS else SMALL)


def settings(group: InstanceGroup, *, prefixes: bool = False, reserved: int = 0) -> NodeSettings:
    """`maxPods` of a group: the least of its machine types; with a warning about those that are not listed."""
    types = list(types_of(group))
    numbers = [number for kind in types if (number := pods(kind, prefixes=prefixes, reserved=reserved)) is not None]
    return NodeSettings(kubelet={"maxPods": min(numbers)} if numbers else {}, findings=tuple(_doubts(types, group)))


def types_of(group: InstanceGroup) -> Iterable[str]:
    """The machine types that a group may start, each once."""
    mixed = group.spec.mixed_instances_policy
    named = (group.spec.machine_type or "").split(",")
    return dict.fromkeys(filter(None, [*(name.strip() for name in named), *((mixed and mixed.instances) or ())]))


def _doubts(types: Iterable[str], group: InstanceGroup) -> Iterable[Finding]:
    if group.spec.kubelet and group.spec.kubelet.max_pods is not None:
        return
    for kind in types:
        has = of_type(kind)
        if has is None or not has.sure:
            taken = "no limit is set" if has is None else "it is taken to be like others of its size"
            text = f"how many addresses pods get on {kind} is not known here; {taken}"
            yield Finding(_PATH, text, "set the group's kubelet.maxPods", Severity.WARNING)


def _cpus(machine_type: str) -> int:
    """Processors, by the size's number; bare metal has many."""
    size = machine_type.partition(".")[2]
    number = re.match(r"(\d+)xlarge", size)
    if number:
        return int(number[1]) * 4
    return MANY_CPUS if size.startswith("metal") else 4


@functools.cache
def _facts() -> Mapping[str, Any]:
    with _DATA.open("rb") as file:
        return tomllib.load(file)
