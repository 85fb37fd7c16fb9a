"""Amazon VPC CNI: pods get addresses of the VPC, from network interfaces that each node attaches to itself.

https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin, node_to_control_plane, on_machines
from kops_pulumi.model import Permission, Protocol, Role, Rule

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class AmazonVpc(Plugin):
    """`networking.amazonvpc`."""

    key = "amazonvpc"
    clouds = frozenset({"aws"})
    network_policy = True

    def pods_on_network(self, full: FullSpec) -> bool:
        """Always."""
        del full
        return True

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """Pods share the machines' security groups, so a pod's port is a machine's port."""
        del full
        return [node_to_control_plane(Protocol.ALL, None, "pods have addresses of the machines' network")]

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """Every machine attaches interfaces to itself and asks for addresses."""
        del full
        return on_machines("network-interfaces.manage")


CNI = AmazonVpc()
