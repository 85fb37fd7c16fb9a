"""metrics-server: CPU and memory of pods and nodes, for `kubectl top` and the horizontal pod autoscaler.

Values: https://github.com/kubernetes-sigs/metrics-server/blob/master/charts/metrics-server/values.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.addons import pods
from kops_pulumi.addons.base import BuiltIn, chosen, has_cert_manager
from kops_pulumi.errors import Finding

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_CLUSTER_CA = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
"""It signs kubelets' serving certificates too, once `kops-csr-approver` has judged the request."""


class MetricsServer(BuiltIn):
    """`spec.metricsServer`."""

    name = "metrics-server"
    section = ("metrics_server", "metricsServer")
    summary = "CPU and memory of pods and nodes"

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Its own serving certificate comes from cert-manager."""
        if self.settings(full).insecure is False and not has_cert_manager(full):
            text = "a secure metrics-server gets its certificate from cert-manager"
            yield self.finding(text, "insecure", hint="set spec.certManager.enabled: true")

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The project's chart; secure means that both its own certificate and the kubelets' are verified."""
        pin, settings = self.pin(full), self.settings(full)
        image, images = chosen(pin, settings.image)
        secure = settings.insecure is False
        values: Object = {
            "image": pods.parts(full, image),
            "replicas": pods.several(full),
            "priorityClassName": pods.CLUSTER_CRITICAL,
            "args": [f"--kubelet-certificate-authority={_CLUSTER_CA}" if secure else "--kubelet-insecure-tls"],
            "apiService": {"insecureSkipTLSVerify": not secure},
            "tls": {"type": "cert-manager" if secure else "metrics-server"},
        }
        return [self.chart(full, pin, values, images=images, after=("cert-manager",) if secure else ())]


ADDON = MetricsServer()
