"""A cluster that runs: its stack, its machines, its API, and the clock they live on; real, or those of a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kops_pulumi.cli.engine import open_stack, world_here
from kops_pulumi.cli.target import Target
from kops_pulumi.errors import NotFoundError
from kops_pulumi.store import read_text

if TYPE_CHECKING:
    from kops_pulumi.automation.kube.client import Cluster
    from kops_pulumi.automation.kube.session import Session
    from kops_pulumi.automation.rolling.settings import Clock
    from kops_pulumi.automation.stack import ClusterStack
    from kops_pulumi.model import ClusterPlan, Fleet
    from kops_pulumi.pipeline import Planned


class RehearsedClock:
    """Time that passes as soon as somebody waits: nothing in a rehearsal takes long."""

    def __init__(self) -> None:
        self._time = 0.0

    def now(self) -> float:
        """Seconds that were waited so far."""
        return self._time

    def sleep(self, seconds: float) -> None:
        """Let time go by, at once."""
        self._time += seconds


@dataclass
class Live:
    """One running cluster; everything is opened when it is first used."""

    target: Target
    planned: Planned
    kubeconfig: Path | None = None
    """A file to reach the API with, instead of the stack's own."""
    server: str | None = None
    """Another address of the API."""
    started: float = 0.0
    """When its clock began."""

    @property
    def plan(self) -> ClusterPlan:
        """The cluster's plan."""
        return self.planned.plan

    @cached_property
    def stack(self) -> ClusterStack:
        """Its stack."""
        return open_stack(self.planned, self.target.store)

    @cached_property
    def clock(self) -> Clock:
        """Its time."""
        from kops_pulumi.automation.rolling.settings import RealClock

        clock: Clock = RehearsedClock() if world_here() else RealClock()
        self.started = clock.now()
        return clock

    @cached_property
    def fleet(self) -> Fleet:
        """Its machines."""
        from kops_pulumi.automation import fleets

        world = world_here()
        if world:
            world.clusters.know(self.plan)
        found: Fleet = world.clusters.fleet(self.plan) if world else fleets.of(self.plan, self.stack)
        return fleets.managed(found, self.stack)

    @cached_property
    def session(self) -> Session:
        """Requests to its API. NotFoundError when it has none yet."""
        from kops_pulumi.automation.kube.session import Session

        if world := world_here():
            world.clusters.know(self.plan)
            return Session(world.api.server(self.plan.name))
        text = read_text(self.kubeconfig) if self.kubeconfig else self.stack.secret("kubeconfig")
        if not text:
            raise not_deployed(self.plan.name)
        found = Session.of(str(text))
        if self.server:
            found.server = self.server.rstrip("/")
        return found

    @cached_property
    def kube(self) -> Cluster:
        """Its API."""
        from kops_pulumi.automation.kube.client import Cluster

        return Cluster(self.session, self.clock.now)

    def certificates(self) -> Mapping[str, str]:
        """PEM texts of the certificates that can be seen from here, by name; none in a rehearsal without a stack."""
        outputs: Mapping[str, Any] = self.stack.outputs()
        found = {f"authority {key}": str(pem) for key, pem in (outputs.get("certificateAuthorities") or {}).items()}
        if served := self.session.certificate():
            found["API server"] = served
        return found


def not_deployed(name: str) -> NotFoundError:
    """The stack has no cluster."""
    return NotFoundError(f"{name} is not deployed", hint="run `kops-pulumi update cluster --yes` first")
