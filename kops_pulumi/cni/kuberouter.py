"""kube-router: BGP routing, IPVS services and network policy in one agent. https://www.kube-router.io/docs/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin, node_to_control_plane, on_machines
from kops_pulumi.model import Permission, Protocol, Role, Rule

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class KubeRouter(Plugin):
    """`networking.kuberouter`."""

    key = "kuberouter"
    network_policy = True

    def replaces_kube_proxy(self, full: FullSpec) -> bool:
        """Always: it serves Services itself."""
        del full
        return True

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """BGP and encapsulated traffic from nodes to control planes."""
        del full
        return [
            node_to_control_plane(Protocol.IPIP, None, "kube-router's IP-in-IP encapsulation between subnets"),
            node_to_control_plane(Protocol.TCP, 179, "kube-router's routes, by BGP"),
        ]

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """Pods' own addresses travel over the network."""
        del full
        return on_machines("machines.pass-foreign-traffic")


CNI = KubeRouter()
