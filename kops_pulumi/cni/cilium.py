"""Cilium: eBPF networking, kube-proxy replacement, network policy; the default of new clusters.

Three modes matter to the infrastructure: an overlay (the default), ENI (pods on the VPC, AWS only), and a state of
its own in an etcd cluster (`etcdManaged`).
https://docs.cilium.io/en/v1.18/operations/system_requirements/#firewall-rules
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin, is_ipv6, node_to_control_plane, on_machines
from kops_pulumi.errors import Finding
from kops_pulumi.model import Permission, Protocol, Role, Rule

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec

_MINOR = 18
_ENI = "eni"


class Cilium(Plugin):
    """`networking.cilium`."""

    key = "cilium"
    ipv6 = True
    network_policy = True

    def replaces_kube_proxy(self, full: FullSpec) -> bool:
        """With enableNodePort cilium serves Services itself."""
        return bool(self.settings(full).enable_node_port)

    def pods_on_network(self, full: FullSpec) -> bool:
        """In ENI mode."""
        return bool(self.settings(full).ipam == _ENI)

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Version, and what does not go together."""
        yield from self._version(full)
        yield from self._eni(full)
        settings, spec = self.settings(full), full.cluster.spec
        if settings.enable_encryption and is_ipv6(full):
            yield self.finding("cilium cannot encrypt IPv6 traffic", "enableEncryption", hint="remove it, or use IPv4")
        certificates = spec.cert_manager is not None and bool(spec.cert_manager.enabled)
        if settings.hubble is not None and settings.hubble.enabled and not certificates:
            yield self.finding(
                "hubble gets its certificates from cert-manager",
                "hubble",
                "enabled",
                hint="set spec.certManager.enabled: true",
            )
        if settings.etcd_managed and all(cluster.name != "cilium" for cluster in spec.etcd_clusters or ()):
            yield self.finding(
                "etcdManaged needs an etcd cluster of its own",
                "etcdManaged",
                hint="add one named cilium to spec.etcdClusters",
            )

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """Overlay, health checks, hubble and cilium's etcd, from nodes to control planes."""
        settings = self.settings(full)
        found = [node_to_control_plane(Protocol.TCP, 4240, "cilium's health checks between machines")]
        if settings.tunnel != "disabled":
            port = 6081 if settings.tunnel == "geneve" else 8472
            found.append(node_to_control_plane(Protocol.UDP, port, "cilium's overlay"))
        if settings.hubble is not None and settings.hubble.enabled:
            found.append(node_to_control_plane(Protocol.TCP, 4244, "hubble's relay asks every machine"))
        if settings.etcd_managed:
            found.append(node_to_control_plane(Protocol.TCP, 4003, "cilium agents use cilium's etcd"))
        return found

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """In ENI mode the operator, on control planes, hands out the VPC's addresses."""
        if not self.pods_on_network(full):
            return {}
        return {
            **on_machines("machine-types.read", roles=(Role.API_SERVER, Role.NODE)),
            **on_machines("network-interfaces.allocate", roles=(Role.CONTROL_PLANE,)),
        }

    def _version(self, full: FullSpec) -> Iterable[Finding]:
        version = self.settings(full).version
        match = re.fullmatch(r"v1\.(\d+)\.\d+\S*", version or f"v1.{_MINOR}.0")
        if match is None:
            yield self.finding(f"{version!r} is not a version of cilium", "version", hint=f"such as v1.{_MINOR}.12")
        elif int(match[1]) != _MINOR:
            hint = f"use v1.{_MINOR}.x; upgrade through every minor, one at a time"
            yield self.finding(f"cilium {version} is not supported, only 1.{_MINOR}", "version", hint=hint)

    def _eni(self, full: FullSpec) -> Iterable[Finding]:
        if not self.pods_on_network(full):
            return
        if full.cloud != "aws":
            yield self.finding(
                f"ipam eni exists on aws only, not on {full.cloud}", "ipam", hint="remove it: kubernetes is the default"
            )
        if is_ipv6(full):
            yield self.finding("ipam eni cannot do IPv6", "ipam", hint="remove it: kubernetes is the default")
        if self.settings(full).tunnel != "disabled":
            yield self.finding("ipam eni routes natively", "tunnel", hint="set tunnel: disabled")


CNI = Cilium()
