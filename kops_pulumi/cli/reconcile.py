"""`reconcile cluster`: update and roll, in the order that keeps every version skew legal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.engine import check_pending, clock, open_stack, rehearsable, show_report
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.live import Live
from kops_pulumi.cli.output import duration
from kops_pulumi.cli.rolling import Progress, drain_options, options, rules
from kops_pulumi.cli.target import Target, cluster_options
from kops_pulumi.errors import ExitCode, KopsError

if TYPE_CHECKING:
    from kops_pulumi.automation.reconcile import Step
    from kops_pulumi.automation.rolling import Options
    from kops_pulumi.automation.scope import Scope

_VERBS = {"cluster": Verb("kops_pulumi.cli.reconcile:cluster", "Bring a cluster to its manifest; --yes does it.")}
PATIENCE = 600.0
"""Seconds until the cluster is healthy after its control planes were updated; kops waits as long."""


@click.group(cls=LazyGroup, verbs=_VERBS, aliases={"clusters": "cluster"})
def reconcile() -> None:
    """Update and roll a cluster in a safe order."""


@click.command()
@cluster_options()
@click.option("-y", "--yes", is_flag=True, help="Do it, after showing what.")
@drain_options
@rehearsable
def cluster(target: Target, yes: bool, kubeconfig: Path | None, api_server: str | None, **chosen: Any) -> ExitCode:
    """Bring a cluster to its manifest: update and roll control planes, then update and roll the rest.

    No kubelet is ever newer than an API server, whatever starts machines meanwhile. Each step shows what it does; what
    stopped goes on with the same command.
    """
    live = Live(target, target.load(), kubeconfig, api_server)
    run = Run(live, options(chosen))
    steps = run.steps()
    for number, step in enumerate(steps, 1):
        click.echo(f"{number}. {step}")
    if not yes:
        run.preview()
        click.echo("Nothing has been changed; --yes takes these steps.", err=True)
        return ExitCode.OK
    with clock() as took:
        for number, step in enumerate(steps, 1):
            click.echo(f"step {number} of {len(steps)}: {step}", err=True)
            run.take(step)
    click.echo(f"{live.plan.name} is as its manifest says, after {duration(took())}", err=True)
    return ExitCode.OK


@dataclass
class Run:
    """The steps of one reconciliation."""

    live: Live
    options: Options

    def steps(self) -> tuple[Step, ...]:
        """What is to be done, in order."""
        from kops_pulumi.automation import reconcile as plans

        check_pending(self.live.stack, self.live.plan, yes=True, forget=False)
        exists = "kubernetesVersion" in self.live.stack.outputs()
        return plans.steps(self.live.plan, exists=exists)

    def preview(self) -> None:
        """What the updates would change, all together."""
        from kops_pulumi.cli.progress import watching

        with watching(f"previewing {self.live.plan.name}") as watch:
            show_report(self.live.stack.preview(watch=watch), "text")

    def take(self, step: Step) -> None:
        """One step; raises KopsError where the next must not be taken."""
        match step.kind:
            case "update":
                self._update(step)
            case "validate":
                self._validate()
            case _:
                self._roll(step)

    def _update(self, step: Step) -> None:
        from kops_pulumi import clouds
        from kops_pulumi.automation.scope import Scope
        from kops_pulumi.cli.progress import watching
        from kops_pulumi.cli.skew import machines_wait

        plan = self.live.plan
        scope: Scope | None = Scope.of(plan, (), [role.value for role in step.roles]) if step.roles else None
        stack = open_stack(self.live.planned, self.live.target.store, scope=scope)
        if not clouds.get(plan.cloud).capabilities.groups:
            with watching(f"previewing {plan.name}") as watch:
                machines_wait(self.live.planned, stack, stack.preview(watch=watch))
        with watching(f"updating {plan.name}") as watch:
            report = stack.up(watch=watch)
        show_report(report, "text")

    def _validate(self) -> None:
        from kops_pulumi.automation.validation.looking import wait
        from kops_pulumi.cli.validate_cluster import prepared

        look = prepared(self.live, complete=False)
        found = wait(look.once, self.live.clock, patience=PATIENCE, interval=10.0, count=1)
        if not found.valid:
            problems = "\n  ".join(str(problem) for problem in found.problems[:5])
            raise KopsError(f"the cluster is not healthy:\n  {problems}", hint="mend this and run the same again")

    def _roll(self, step: Step) -> None:
        from kops_pulumi.automation.rolling import Roll
        from kops_pulumi.automation.rolling.roll import Selection

        live = self.live
        outcome = Roll(
            live.plan,
            live.fleet,
            None if self.options.cloud_only else live.kube,
            clock=live.clock,
            tell=Progress(),
            options=self.options,
            rules=rules(live.planned),
            selection=Selection(roles=frozenset(step.roles)),
        ).run()
        click.echo(f"replaced {outcome.replaced} machines", err=True)
        if outcome.failures:
            said = "\n  ".join(f"{group}: {error.message}" for group, error in outcome.failures.items())
            raise KopsError(f"some groups were not rolled:\n  {said}", hint="run the same command again to go on")
