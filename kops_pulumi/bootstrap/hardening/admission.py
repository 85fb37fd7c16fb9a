"""The configuration of admission plug-ins: Pod Security standards for every namespace, and limits on events."""

from __future__ import annotations

from typing import Any

EXEMPT_NAMESPACES = ("kube-system",)
"""Where the network, storage and node agents live: they must be privileged. A namespace of one's own that needs more
says so by its labels, which win over these defaults."""


def configuration() -> dict[str, Any]:
    """The AdmissionConfiguration document.

    EventRateLimit is on (CIS 1.2.9) though its configuration is still v1alpha1, unchanged since 1.9: a runaway
    controller would otherwise fill etcd. Its limits are those that an honest kubelet keeps by itself (50 a second), and
    for a namespace ten times that, so that a thousand nodes may join at once and still be heard.
    """
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [
            {"name": "PodSecurity", "configuration": _pod_security()},
            {"name": "EventRateLimit", "configuration": _event_rate_limit()},
        ],
    }


def _pod_security() -> dict[str, Any]:
    """https://kubernetes.io/docs/tasks/configure-pod-container/enforce-standards-admission-controller/"""
    levels = {"enforce": "baseline", "audit": "restricted", "warn": "restricted"}
    return {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": levels | {f"{mode}-version": "latest" for mode in levels},
        "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": list(EXEMPT_NAMESPACES)},
    }


def _event_rate_limit() -> dict[str, Any]:
    """https://kubernetes.io/docs/reference/config-api/apiserver-eventratelimit.v1alpha1/"""
    return {
        "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
        "kind": "Configuration",
        "limits": [
            {"type": "Namespace", "qps": 500, "burst": 5000, "cacheSize": 2000},
            {"type": "User", "qps": 50, "burst": 500, "cacheSize": 10000},
        ],
    }
