"""kindnet: native routes between nodes, network policy, IPv4 and IPv6. https://github.com/kubernetes-sigs/kindnet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin, on_machines
from kops_pulumi.model import Permission, Role

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class Kindnet(Plugin):
    """`networking.kindnet`."""

    key = "kindnet"
    ipv6 = True
    network_policy = True

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """Pods' own addresses travel over the network."""
        del full
        return on_machines("machines.pass-foreign-traffic")


CNI = Kindnet()
