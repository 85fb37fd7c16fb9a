"""A validation as a value: groups, nodes, problems, certificates; as plain data, and the schema of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kops_pulumi.automation.kube import Node
from kops_pulumi.automation.validation.certificates import Lifetime
from kops_pulumi.automation.validation.conditions import Problem
from kops_pulumi.model import ClusterPlan, Group


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found in a cluster at one time."""

    plan: ClusterPlan
    nodes: Sequence[Node]
    problems: tuple[Problem, ...]
    certificates: tuple[Lifetime, ...] = ()

    @property
    def valid(self) -> bool:
        """Nothing is wrong."""
        return not self.problems

    def role(self, node: Node) -> str:
        """The role of a node's group; empty when the plan has no such group."""
        return next((group.role.value for group in self.plan.groups if group.name == node.group), "")

    def to_data(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "cluster": self.plan.name,
            "valid": self.valid,
            "instanceGroups": [_group(group) for group in self.plan.groups],
            "nodes": [
                {
                    "name": node.name,
                    "role": self.role(node),
                    "instanceGroup": node.group,
                    "ready": node.ready and node.network,
                    "version": node.kubelet,
                }
                for node in self.nodes
            ],
            "problems": [
                {"kind": p.kind, "name": p.name, "message": p.message, "instanceGroup": p.group} for p in self.problems
            ],
            "certificates": [
                {"name": item.name, "until": item.until.isoformat(), "days": item.days} for item in self.certificates
            ],
        }


def _group(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "role": group.role.value,
        "machineType": group.machine_type,
        "min": group.min_size,
        "max": group.max_size,
        "subnets": list(group.subnets),
    }
