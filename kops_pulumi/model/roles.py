"""Names shared by every part of the plan: the roles of machines, and values that are known only after deployment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a machine is for."""

    CONTROL_PLANE = "control-plane"
    API_SERVER = "apiserver"
    NODE = "node"
    BASTION = "bastion"


@dataclass(frozen=True, slots=True)
class Late:
    """A value that only a deployed resource can give, by name (`api.endpoint`); resolved in `components/late.py`.

    Inside a text (user data) it is written as `str(late)`: `@late(api.endpoint)@`.
    """

    name: str

    def __str__(self) -> str:
        return f"@late({self.name})@"
