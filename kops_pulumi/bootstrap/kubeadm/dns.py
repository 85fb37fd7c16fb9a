"""CoreDNS as the manifest wants it: a patch of kubeadm's Deployment, and the Corefile where kubeadm's would not do.

kubeadm keeps a Corefile that it finds, so ours is put there first. https://coredns.io/manual/toc/#configuration. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kops_pulumi.bootstrap.node import ControlPlane, Network

_RESOURCES = {
    ("requests", "cpu"): "cpuRequest",
    ("requests", "memory"): "memoryRequest",
    ("limits", "memory"): "memoryLimit",
}
_SERVER = """\
.:53 {{
    errors
    health {{
       lameduck 5s
    }}
    ready
    kubernetes {domain} in-addr.arpa ip6.arpa {{
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }}
    prometheus :9153
    forward . {upstream} {{
       max_concurrent 1000
    }}
    cache 30
    loop
    reload
    loadbalance
}}
"""
_STUB = """\
{domain}:53 {{
    errors
    cache 30
    forward . {servers}
}}
"""


def patch(plane: ControlPlane) -> dict[str, Any]:
    """What kubeDNS changes of the Deployment; empty when it says nothing about it."""
    settings = plane.kube_dns
    container: dict[str, Any] = {}
    if settings.get("coreDNSImage"):
        container["image"] = str(settings["coreDNSImage"])
    for (kind, name), key in _RESOURCES.items():
        if settings.get(key) is not None:
            container.setdefault("resources", {}).setdefault(kind, {})[name] = str(settings[key])
    pod: dict[str, Any] = {key: settings[key] for key in ("affinity", "tolerations") if settings.get(key)}
    if container:
        pod["containers"] = [{"name": "coredns", **container}]
    annotations = settings.get("podAnnotations")
    template = {
        **({"metadata": {"annotations": dict(sorted(annotations.items()))}} if annotations else {}),
        **({"spec": pod} if pod else {}),
    }
    return {"spec": {"template": template}} if template else {}


def config_map(plane: ControlPlane, network: Network) -> dict[str, Any] | None:
    """The ConfigMap with a Corefile of the manifest's making; None where kubeadm's own will do."""
    text = _corefile(plane.kube_dns, network.dns_domain)
    if text is None:
        return None
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "data": {"Corefile": text},
    }


def _corefile(settings: Mapping[str, Any], domain: str) -> str | None:
    if settings.get("externalCoreFile"):
        return str(settings["externalCoreFile"])
    stubs, upstream = settings.get("stubDomains") or {}, settings.get("upstreamNameservers") or []
    if not stubs and not upstream:
        return None
    server = _SERVER.format(domain=domain, upstream=" ".join(upstream) or "/etc/resolv.conf")
    return server + "".join(
        _STUB.format(domain=name, servers=" ".join(servers)) for name, servers in sorted(stubs.items())
    )
