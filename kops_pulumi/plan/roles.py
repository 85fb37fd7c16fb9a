"""The roles of instance groups, once validation has seen that they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kops_pulumi.resolve.traits import SPELLINGS

if TYPE_CHECKING:
    from kops_pulumi.model import Role
    from kops_pulumi.spec import InstanceGroup


def role_of(group: InstanceGroup) -> Role:
    """The role of a group's machines."""
    return SPELLINGS[group.spec.role]
