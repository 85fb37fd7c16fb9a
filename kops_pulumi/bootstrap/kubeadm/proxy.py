"""The KubeProxyConfiguration. https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kops_pulumi.bootstrap.kubeadm.components import KUBE_PROXY
from kops_pulumi.bootstrap.node import ControlPlane, Network
from kops_pulumi.errors import Finding, Severity
from kops_pulumi.resolve.defaults.components import KUBE_PROXY as KUBE_PROXY_DEFAULTS
from kops_pulumi.spec.base import camel
from kops_pulumi.spec.controllers import KubeProxy

_LOOPBACK_METRICS = "127.0.0.1:10249"
"""Kubernetes's own, written down (CIS 4.3.1)."""

_NOWHERE = {
    "image": None,
    "cpuRequest": KUBE_PROXY_DEFAULTS["cpu_request"],
    "cpuLimit": None,
    "memoryRequest": None,
    "memoryLimit": None,
}
"""Field → the value that we gave it ourselves."""


def configuration(plane: ControlPlane, network: Network) -> dict[str, Any]:
    """The document, for clusters that run kube-proxy."""
    document: dict[str, Any] = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "metricsBindAddress": _LOOPBACK_METRICS,
        "bindAddress": "::" if network.ipv6 else "0.0.0.0",  # noqa: S104 - NodePorts are on every address
    }
    for attribute, field in KubeProxy.model_fields.items():
        place, value = KUBE_PROXY.get(attribute, ""), plane.kube_proxy.get(field.alias or camel(attribute))
        if value is not None and place and " " not in place:
            _put(document, place, value)
    gates = document.get("featureGates")
    if gates:
        document["featureGates"] = {name: str(value).lower() == "true" for name, value in sorted(gates.items())}
    return document


def findings(plane: ControlPlane) -> Iterator[Finding]:
    """A warning for what kubeadm's DaemonSet has no place for."""
    for key, default in _NOWHERE.items():
        if plane.kube_proxy.get(key) not in (None, default):
            message = f"kubeadm installs kube-proxy with its own image and without resources: {key} has no effect"
            yield Finding(("spec", "kubeProxy", key), message, "remove it", Severity.WARNING)


def _put(document: dict[str, Any], place: str, value: Any) -> None:
    section, _, name = place.rpartition(".")
    (document.setdefault(section, {}) if section else document)[name] = value
