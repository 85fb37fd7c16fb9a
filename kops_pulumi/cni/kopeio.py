"""kopeio: kops's own small VXLAN overlay. https://github.com/kopeio/networking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin, node_to_control_plane
from kops_pulumi.model import Protocol, Rule

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class Kopeio(Plugin):
    """`networking.kopeio`."""

    key = "kopeio"

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """The overlay's packets from nodes to control planes."""
        del full
        return [node_to_control_plane(Protocol.UDP, 4789, "kopeio's overlay")]


CNI = Kopeio()
