"""Which instance groups have to wait during an upgrade, so that no kubelet is ever newer than an API server. Pure.

A group may start a machine at any time (the autoscaler asks for one, a machine breaks). So worker groups get the
description with a newer kubelet only once every control plane runs that minor already.

https://kubernetes.io/releases/version-skew-policy/#kubelet
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import semver

from kops_pulumi.automation.kube import Node
from kops_pulumi.automation.report import Action, ChangeReport
from kops_pulumi.automation.scope import Scope
from kops_pulumi.model import ClusterPlan, Role
from kops_pulumi.plan.names import logical
from kops_pulumi.resolve import versions

FIRST = (Role.CONTROL_PLANE, Role.API_SERVER)
"""Roles that run API servers: updated and rolled before the others."""


@dataclass(frozen=True, slots=True)
class Running:
    """What control planes run now."""

    oldest: semver.Version
    """Of all API servers."""


def running(nodes: Iterable[Node]) -> Running | None:
    """From the kubelets of control planes, whose API servers are of the same version; None when there are none."""
    found = (versions.parse(node.kubelet) for node in nodes if node.control_plane)
    known = [version for version in found if version is not None]
    return Running(min(known)) if known else None


def held_back(plan: ClusterPlan, now: semver.Version) -> Scope | None:
    """The scope of an update while control planes run `now`: without worker groups when these would get ahead."""
    wanted = versions.parse(plan.kubernetes_version)
    if wanted is None or versions.kubelet_problem(now, wanted) is None or wanted.minor <= now.minor:
        return None
    waiting = tuple(group.name for group in plan.groups if group.role is Role.NODE)
    others = tuple(group.name for group in plan.groups if group.role is not Role.NODE)
    return Scope(plan.name, others, waiting) if waiting else None


def touches_workers(plan: ClusterPlan, report: ChangeReport) -> bool:
    """Whether an update would change what worker groups start their machines from."""
    names = [logical(plan.name, "instances", group.name) for group in plan.groups if group.role is Role.NODE]
    return any(
        change.action is not Action.DELETE and any(change.name == n or change.name.startswith(f"{n}-") for n in names)
        for change in report.changes
    )
