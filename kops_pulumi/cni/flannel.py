"""Flannel: a plain overlay, VXLAN or UDP.
https://github.com/flannel-io/flannel/blob/master/Documentation/backends.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin, node_to_control_plane
from kops_pulumi.model import Protocol, Rule

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec

_PORTS = {"vxlan": 8472, "udp": 8285}


class Flannel(Plugin):
    """`networking.flannel`."""

    key = "flannel"

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """The overlay's packets from nodes to control planes."""
        port = _PORTS.get(self.settings(full).backend or "udp")
        return [node_to_control_plane(Protocol.UDP, port, "flannel's overlay")] if port else []


CNI = Flannel()
