"""GCE alias IPs: pods get addresses of the VPC from a secondary range of the subnetwork, one block a node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin
from kops_pulumi.model import Peer, PeerKind, Protocol, Role, Rule

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class Gce(Plugin):
    """`networking.gce`."""

    key = "gce"
    clouds = frozenset({"gce"})

    def pods_on_network(self, full: FullSpec) -> bool:
        """Always."""
        del full
        return True

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """Traffic of pods comes from their own range, not from their machines' tags."""
        pods = full.cluster.spec.pod_cidr
        if not pods:
            return ()
        return [
            Rule(
                Peer(PeerKind.CIDR, pods),
                Peer(PeerKind.ROLE, role.value),
                Protocol.ALL,
                None,
                "pods reach machines and pods",
            )
            for role in (Role.CONTROL_PLANE, Role.NODE)
        ]


CNI = Gce()
