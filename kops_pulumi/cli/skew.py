"""What an update leaves for later: worker groups until control planes run a newer Kubernetes, machines until a roll."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kops_pulumi.cli.live import Live
from kops_pulumi.cli.target import Target
from kops_pulumi.errors import KopsError

if TYPE_CHECKING:
    import semver

    from kops_pulumi.automation.report import ChangeReport
    from kops_pulumi.automation.scope import Scope
    from kops_pulumi.automation.stack import ClusterStack
    from kops_pulumi.pipeline import Planned


def waiting(planned: Planned, target: Target, stack: ClusterStack, report: ChangeReport) -> Scope | None:
    """The scope that leaves worker groups as they are, said to the user; None when they need not wait.

    The cluster is asked only when worker groups would change at all.
    """
    from kops_pulumi.automation import skew

    if not skew.touches_workers(planned.plan, report):
        return None
    now = oldest_server(planned, target, stack)
    scope = skew.held_back(planned.plan, now) if now else None
    if scope:
        click.echo(
            f"instance groups {', '.join(scope.left_out)} stay as they are until every control plane runs "
            f"{planned.plan.kubernetes_version} (one runs {now}): a kubelet must not be newer than its API server\n"
            "  roll the control planes (`rolling-update cluster --yes`) and update again, or `reconcile cluster --yes`",
            err=True,
        )
    return scope


def machines_wait(planned: Planned, stack: ClusterStack, report: ChangeReport) -> bool:
    """Hold machines back that this update would make anew, and say so; whether there are any.

    Only where no group manages machines: elsewhere an update touches none.
    """
    from kops_pulumi.automation import fleets

    urns = fleets.to_be_rolled(planned.plan, report)
    if urns:
        stack.hold(urns)
        click.echo(
            f"{len(urns)} machines and attachments stay as they are until they are rolled: rolling-update cluster",
            err=True,
        )
    return bool(urns)


def oldest_server(planned: Planned, target: Target, stack: ClusterStack) -> semver.Version | None:
    """The version of the oldest API server; None when the cluster does not exist yet.

    Where the API does not answer, the last update's word counts, unless control planes are still to be rolled.
    """
    from kops_pulumi.automation import skew
    from kops_pulumi.resolve import versions

    recorded = versions.parse(str(stack.outputs().get("kubernetesVersion") or ""))
    if recorded is None:
        return None
    live = Live(target, planned)
    try:
        found = skew.running(live.kube.nodes())
    except KopsError:
        found = None
    if found:
        return found.oldest
    return recorded if not _unrolled(live) else recorded.replace(minor=recorded.minor - 1)


def _unrolled(live: Live) -> bool:
    """Some control plane is older than its group's description, so that it may run what was before."""
    from kops_pulumi.automation.skew import FIRST

    names = {group.name for group in live.plan.groups if group.role in FIRST}
    return any(machine.outdated for group in live.fleet.groups() if group.name in names for machine in group.machines)
