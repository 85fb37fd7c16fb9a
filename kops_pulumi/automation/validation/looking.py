"""Looking at a live cluster once, and again until it is good: what `validate cluster` does.

Clock, name look-up and the certificates' texts come from the caller; nothing here prints.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from kops_pulumi.automation.kube import Kube
from kops_pulumi.automation.rolling.settings import Clock
from kops_pulumi.automation.rolling.view import View
from kops_pulumi.automation.validation.certificates import expiring, lifetimes
from kops_pulumi.automation.validation.conditions import Problem
from kops_pulumi.automation.validation.report import Validation
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, Fleet

PLACEHOLDERS: Final = frozenset({"203.0.113.123", "fd00:dead:add::"})
"""What kops's DNS records say until a control plane has written its own address."""
Resolve = Callable[[str], Sequence[str]]


def resolve(host: str) -> Sequence[str]:
    """The addresses of a name; none when it has none."""
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None)})
    except OSError:
        return ()


@dataclass(frozen=True, slots=True)
class Look:
    """How to look at one cluster."""

    plan: ClusterPlan
    fleet: Fleet
    kube: Kube
    server: str
    """Address of the API."""
    certificates: Mapping[str, str]
    """PEM by name."""
    now: datetime
    max_unready: int = 0
    """Nodes that may be not ready, as in clusters of thousands."""
    resolve: Resolve = resolve
    complete: bool = True
    """Every group of the manifest must be there; off between the steps of a reconciliation."""

    def once(self) -> Validation:
        """Everything that is wrong now."""
        found = lifetimes(self.certificates, self.now)
        ended = tuple(expiring(found))
        if unnamed := self._name():
            return Validation(self.plan, (), (unnamed, *ended), found)
        view = View(self.plan, self.fleet, self.kube)
        try:
            view.ask()
        except KopsError as error:
            return Validation(self.plan, (), (Problem("api", self.plan.name, error.message), *ended), found)
        problems = self._tolerated(view.problems())
        missing = tuple(self._missing(view)) if self.complete else ()
        return Validation(self.plan, self.kube.nodes(), (*missing, *problems, *ended), found)

    def _missing(self, view: View) -> Iterator[Problem]:
        for group in self.plan.groups:
            there = view.group(group.name)
            if group.managed and group.min_size and not there.desired and not there.machines:
                yield Problem("InstanceGroup", group.name, "is missing from the cloud; update makes it", group.name)

    def _name(self) -> Problem | None:
        """Whether the API's name leads anywhere."""
        host = urlsplit(self.server).hostname or ""
        addresses = self.resolve(host)
        if not addresses:
            return Problem("dns", host, "does not resolve; nobody can find the API")
        if any(_plain(address) in PLACEHOLDERS for address in addresses):
            return Problem("dns", host, "still has its placeholder: no control plane has written its address yet")
        return None

    def _tolerated(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """Without the unready nodes and unjoined machines, while they are few enough."""
        unready = [problem for problem in problems if problem.kind in {"Node", "Machine"}]
        if not 0 < len(unready) <= self.max_unready:
            return problems
        return tuple(p for p in problems if p not in unready and p.kind != "InstanceGroup")


def _plain(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return address


def wait(
    look: Callable[[], Validation],
    clock: Clock,
    *,
    patience: float,
    interval: float,
    count: int,
    tell: Callable[[Validation, int], object] = lambda _found, _passes: None,
) -> Validation:
    """Look until the cluster is valid `count` times in a row, or patience (in seconds) is over; the last look.

    With no patience it is one look, or `count` of them as long as they are good.
    """
    started, passes = clock.now(), 0
    while True:
        found = look()
        passes = passes + 1 if found.valid else 0
        tell(found, passes)
        if passes >= count or (not found.valid and clock.now() - started + interval > patience):
            return found
        clock.sleep(interval)
