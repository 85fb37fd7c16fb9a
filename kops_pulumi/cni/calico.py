"""Calico: BGP or VXLAN networking and network policy, with an optional eBPF data plane.

Calico turns AWS's source/destination check off by itself, from the node (`awsSrcDstCheck`), and so needs a permission
there. https://docs.tigera.io/calico/latest/getting-started/kubernetes/requirements#network-requirements
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin, is_ipv6, node_to_control_plane, on_machines
from kops_pulumi.errors import Finding
from kops_pulumi.model import Permission, Protocol, Role, Rule

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class Calico(Plugin):
    """`networking.calico`."""

    key = "calico"
    ipv6 = True
    network_policy = True

    def replaces_kube_proxy(self, full: FullSpec) -> bool:
        """With the eBPF data plane."""
        return bool(self.settings(full).bpf_enabled)

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Encapsulation and encryption depend on the IP version."""
        settings, v6 = self.settings(full), is_ipv6(full)
        mode = settings.encapsulation_mode
        if mode is not None and (mode == "none") != v6:
            hint = "set encapsulationMode: none" if v6 else "use ipip or vxlan"
            text = "an IPv6 network is not encapsulated" if v6 else "encapsulationMode none is for IPv6 networks"
            yield self.finding(text, "encapsulationMode", hint=hint)
        if settings.wireguard_enabled and v6:
            yield self.finding("calico encrypts IPv4 traffic only", "wireguardEnabled", hint="remove it, or use IPv4")

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """BGP and encapsulated traffic from nodes to control planes."""
        found = [
            node_to_control_plane(Protocol.IPIP, None, "calico's IP-in-IP encapsulation"),
            node_to_control_plane(Protocol.TCP, 179, "calico's routes, by BGP"),
            node_to_control_plane(Protocol.TCP, 5473, "calico's agents ask typha"),
        ]
        if self.settings(full).encapsulation_mode == "vxlan":
            found.append(node_to_control_plane(Protocol.UDP, 4789, "calico's overlay"))
        return found

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """To send pods' own addresses over the network; not wanted with DoNothing, not needed for IPv6."""
        if self.settings(full).aws_src_dst_check == "DoNothing" or is_ipv6(full):
            return {}
        return on_machines("network-interfaces.pass-foreign-traffic")


CNI = Calico()
