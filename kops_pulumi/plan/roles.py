"""What the manifest's `role` means: v1alpha2 spellings to the plan's roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kops_pulumi.model import Role

if TYPE_CHECKING:
    from kops_pulumi.spec import InstanceGroup

BY_SPELLING: Mapping[str, Role] = {
    "Master": Role.CONTROL_PLANE,
    "ControlPlane": Role.CONTROL_PLANE,
    "APIServer": Role.API_SERVER,
    "Node": Role.NODE,
    "Bastion": Role.BASTION,
}
"""As written in instance groups, and in lists of roles of hooks and file assets."""


def role_of(group: InstanceGroup) -> Role:
    """The role of a group's machines."""
    return BY_SPELLING[str(group.spec.role)]
