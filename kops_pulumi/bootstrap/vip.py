"""The API's virtual address where the cloud has no load balancer: kube-vip, a static pod of every control plane.

The machine that leads has the address and tells its network so (ARP); the others take it over when its lease runs out.
Each asks its own API server, so that nothing has to be there before the first one starts. It serves no Services.
https://kube-vip.io/docs/installation/flags/. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kops_pulumi.bootstrap.node import BundleFile, NodeConfig
from kops_pulumi.bootstrap.paths import KUBERNETES
from kops_pulumi.manifest import dump
from kops_pulumi.model import EndpointKind, Role

IMAGE = "ghcr.io/kube-vip/kube-vip:v1.1.2"
"""https://github.com/kube-vip/kube-vip/releases"""
ADDRESS = "@machine(vip)@"
"""Put in by the boot: a cloud may know it only when its network is made."""
_PATH = f"{KUBERNETES}/manifests/kube-vip.yaml"
_ADMIN = f"{KUBERNETES}/admin.conf"
_LEASE_SECONDS, _RENEW_SECONDS, _RETRY_SECONDS = 15, 10, 2
"""As long as Kubernetes's own controllers have; kube-vip's 5 s lose the address in every long garbage collection."""


def files(node: NodeConfig) -> Mapping[str, BundleFile]:
    """The static pod, on control planes of clusters whose API has a virtual address of ours."""
    if node.role is not Role.CONTROL_PLANE or node.api.reached_by != EndpointKind.VIP or node.images.vip is None:
        return {}
    return {_PATH: BundleFile.text(dump(pod(node.images.vip, node.api.port)), 0o600)}


def pod(image: str, port: int) -> dict[str, Any]:
    """The static pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "kube-vip", "namespace": "kube-system", "labels": {"component": "kube-vip"}},
        "spec": {
            "hostNetwork": True,
            "priorityClassName": "system-node-critical",
            "priority": 2000001000,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "hostAliases": [{"ip": "127.0.0.1", "hostnames": ["kubernetes"]}],
            "containers": [
                {
                    "name": "kube-vip",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "args": ["manager"],
                    "env": [{"name": key, "value": value} for key, value in sorted(environment(port).items())],
                    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]},
                        "readOnlyRootFilesystem": True,
                    },
                    "volumeMounts": [{"name": "admin", "mountPath": _ADMIN, "readOnly": True}],
                }
            ],
            "volumes": [{"name": "admin", "hostPath": {"path": _ADMIN, "type": "File"}}],
        },
    }


def environment(port: int) -> dict[str, str]:
    """kube-vip's settings: control plane only, by ARP, one leader by a lease."""
    return {
        "address": ADDRESS,
        "cp_enable": "true",
        "cp_namespace": "kube-system",
        "port": str(port),
        "svc_enable": "false",
        "vip_arp": "true",
        "vip_leaderelection": "true",
        "vip_leaseduration": str(_LEASE_SECONDS),
        "vip_leasename": "kops-api-vip",
        "vip_renewdeadline": str(_RENEW_SECONDS),
        "vip_retryperiod": str(_RETRY_SECONDS),
        "vip_subnet": "32",
    }
