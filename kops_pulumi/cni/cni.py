"""Bring your own: nodes wait for whatever network plug-in the user installs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kops_pulumi.cni.base import Plugin

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class OwnCni(Plugin):
    """`networking.cni`."""

    key = "cni"
    ipv6 = True
    needs_kube_proxy = False  # the user's may replace it

    def pods_on_network(self, full: FullSpec) -> bool:
        """Where the user says that pods get secondary addresses of the machines."""
        return bool(self.settings(full).uses_secondary_ip)


CNI = OwnCni()
