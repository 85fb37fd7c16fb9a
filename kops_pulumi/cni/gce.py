"""GCE alias IPs: pods get addresses of the VPC from a secondary range of the subnetwork, one block a node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin
from kops_pulumi.cni.parts import routed
from kops_pulumi.model import Peer, PeerKind, Protocol, Role, Rule
from kops_pulumi.plugins import NodeSettings

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup

_MTU = 1460
"""Of GCE's networks, unless they were made with another: https://cloud.google.com/vpc/docs/mtu."""


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

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """A pair of devices for each pod; the network itself delivers to the machine's alias range."""
        del group
        return NodeSettings(
            cni_template=routed.template("ptp", mtu=_MTU),
            units=routed.masquerade([full.cluster.spec.non_masquerade_cidr, full.cluster.spec.network_cidr]),
        )


CNI = Gce()
