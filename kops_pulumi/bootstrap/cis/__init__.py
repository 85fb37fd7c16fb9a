"""The CIS benchmark 1.12 for Kubernetes, as far as rendered documents can answer it: 61 checks of flags and files.

    table      the checks as data: what is looked at, what it must say, which field of the manifest weakens it
    checks     the words that they are made of
    command    what the programs of one group are really started with

`evaluate` runs them on a group; `findings` tells users what their manifest gives up. The ids and conditions are those
of kube-bench's cfg/cis-1.12 (https://github.com/aquasecurity/kube-bench), which asks the same of a running machine. The
31 checks of file modes need a machine; the tests of the scripts do those. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kops_pulumi.bootstrap.cis.checks import Check
from kops_pulumi.bootstrap.cis.command import Commands, Program, commands
from kops_pulumi.bootstrap.cis.table import CHECKS
from kops_pulumi.bootstrap.node import NodeConfig
from kops_pulumi.errors import Finding, KeyPath, Severity

__all__ = ["CHECKS", "Check", "Program", "Result", "commands", "evaluate", "findings"]


@dataclass(frozen=True, slots=True)
class Result:
    """What one check says of one group."""

    check: Check
    passed: bool
    instead: str | None = None
    """What does the same as the benchmark's own condition, where that does not hold."""

    @property
    def waived(self) -> bool:
        """Failed, and known to be: the check has a reason."""
        return not self.passed and self.check.waiver is not None


def evaluate(node: NodeConfig) -> tuple[Result, ...]:
    """Every check about a program that runs on this group's machines, in the benchmark's order."""
    running = commands(node)
    return tuple(_result(check, running) for check in CHECKS if check.program in running)


def findings(node: NodeConfig) -> Iterator[Finding]:
    """A warning for each check that fails without a waiver, at the field that makes it fail."""
    for result in evaluate(node):
        if not result.passed and not result.waived:
            path = _path(result.check, node)
            message = f"this fails check {result.check.id} of the CIS benchmark: {result.check.title}"
            yield Finding(path, message, f"remove {path[-1]} to have the safe default", Severity.WARNING)


def _path(check: Check, node: NodeConfig) -> KeyPath:
    """The field that decides; authorization has two, and the older one speaks of modes."""
    authorization = node.control_plane.authorization if node.control_plane else {}
    if check.setting[-1] == "authorizationMode" and "alwaysAllow" in authorization:
        return ("spec", "authorization", "alwaysAllow")
    return ("spec", *check.setting)


def _result(check: Check, running: Commands) -> Result:
    instances = running[check.program]
    if all(check.condition.holds(flags) for flags in instances):
        return Result(check, passed=True)
    if check.instead and all(check.instead.condition.holds(flags) for flags in instances):
        return Result(check, passed=True, instead=check.instead.reason)
    return Result(check, passed=False)
