"""The order in which a cluster is brought to its manifest, so that parts of it never disagree too much. Pure.

Control planes and API servers are updated and rolled before worker groups even get a newer description.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kops_pulumi.automation.skew import FIRST
from kops_pulumi.model import ClusterPlan, Role

Kind = Literal["update", "validate", "roll"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, for some roles; all when there are none."""

    kind: Kind
    roles: tuple[Role, ...] = ()

    def __str__(self) -> str:
        match self.kind:
            case "update":
                return f"update {_groups(self.roles)}, and all that belongs to no group" if self.roles else "update all"
            case "roll":
                return f"roll {_groups(self.roles)}"
        return "wait until the cluster is healthy"


def _groups(roles: tuple[Role, ...]) -> str:
    return f"the groups of {' and '.join(role.value for role in roles)}"


def steps(plan: ClusterPlan, *, exists: bool) -> tuple[Step, ...]:
    """The steps for a cluster; one that does not exist yet is just made."""
    if not exists:
        return (Step("update"),)
    there = {group.role for group in plan.groups}
    first = tuple(role for role in FIRST if role in there)
    rest = tuple(role for role in (Role.BASTION, Role.NODE) if role in there)
    found = [Step("update", first), Step("validate"), Step("roll", first), Step("update")]
    return (*found, Step("roll", rest)) if rest else tuple(found)
