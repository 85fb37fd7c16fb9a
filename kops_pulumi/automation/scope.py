"""An update of some instance groups: which resources of the others the engine shall leave as they are.

Everything that is no group's own (network, firewall, keys, endpoints, add-ons) is updated as ever. What belongs to a
group is told by logical names, which all clouds make alike (`plan/names.py`): its machines and what they are made
from, and what they fetch from the store. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kops_pulumi.errors import KopsError, NotFoundError
from kops_pulumi.model import ClusterPlan, Role
from kops_pulumi.plan.names import logical

_PLACES: Final = (("instances",), ("store", "bundle"), ("store", "join", "labels"), ("store", "machine"))
"""Where names go on with a group's name."""
_ROLES: Final = {
    "control-plane": Role.CONTROL_PLANE,
    "controlplane": Role.CONTROL_PLANE,
    "master": Role.CONTROL_PLANE,
    "apiserver": Role.API_SERVER,
    "node": Role.NODE,
    "bastion": Role.BASTION,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The groups to update, and those to leave."""

    cluster: str
    groups: tuple[str, ...]
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, plan: ClusterPlan, names: Iterable[str], roles: Iterable[str]) -> Scope:
        """From names and roles as users give them; a group is in when either names it. NotFoundError for others."""
        wanted = {name for given in names for name in given.split(",") if name}
        known = [group.name for group in plan.groups]
        unknown = sorted(wanted - set(known))
        if unknown:
            raise NotFoundError(
                f"there is no instance group {', '.join(unknown)}", hint=f"there are: {', '.join(known)}"
            )
        chosen = {_role(role) for given in roles for role in given.split(",") if role}
        picked = [group.name for group in plan.groups if group.name in wanted or group.role in chosen]
        if not picked:
            raise NotFoundError("no instance group has that role", hint=f"there are: {', '.join(known)}")
        return cls(plan.name, tuple(picked), tuple(name for name in known if name not in picked))

    def excluded(self, state: Sequence[str], program: Sequence[str]) -> list[str]:
        """What to give the engine's `--exclude`, from URNs in the state and logical names that the program registers.

        A group that is in the state and no longer in the manifest stays too: it was not named.
        """
        old = [urn for urn in state if self._of_a_group(_name(urn)) and not self._picked(_name(urn), program)]
        known = {_name(urn) for urn in state}
        new = sorted({name for name in program if name not in known and self._owner(name) in self.left_out})
        return [*old, *(f"**::{name}" for name in new)]

    def _picked(self, name: str, program: Sequence[str]) -> bool:
        owner = self._owner(name)
        return owner in self.groups or (owner is None and name in program)

    def _of_a_group(self, name: str) -> bool:
        return any(name.startswith(f"{logical(self.cluster, *place)}-") for place in _PLACES)

    def _owner(self, name: str) -> str | None:
        """The group with the longest name that fits: `nodes-a` before `nodes`."""
        candidates = sorted((*self.groups, *self.left_out), key=len, reverse=True)
        for group in candidates:
            for place in _PLACES:
                if re.match(rf"{re.escape(logical(self.cluster, *place, group))}(-|$)", name):
                    return group
        return None


def _role(text: str) -> Role:
    role = _ROLES.get(text.lower())
    if role is None:
        raise KopsError(f"there is no role {text}", hint="roles are: control-plane, apiserver, node, bastion")
    return role


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
