"""metrics-server: CPU and memory of pods and nodes, for `kubectl top` and the horizontal pod autoscaler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import BuiltIn, has_cert_manager
from kops_pulumi.errors import Finding

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class MetricsServer(BuiltIn):
    """`spec.metricsServer`."""

    name = "metrics-server"
    section = ("metrics_server", "metricsServer")

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Its own serving certificate comes from cert-manager."""
        if self.settings(full).insecure is False and not has_cert_manager(full):
            text = "a secure metrics-server gets its certificate from cert-manager"
            yield self.finding(text, "insecure", hint="set spec.certManager.enabled: true")


ADDON = MetricsServer()
