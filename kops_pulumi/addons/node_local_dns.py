"""Node-local DNS: a cache on every machine, which pods ask in CoreDNS's place (`resolve` tells the kubelets).

https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/; there is no chart. It listens on an address of its
own that no Service has, so it needs no rules in the way of kube-proxy's, and works beside any kube-proxy replacement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, chosen, kube_system
from kops_pulumi.addons.objects import host_path, mount
from kops_pulumi.model import Stage
from kops_pulumi.resolve.traits import ipv6

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_ACCOUNT = kube_system("node-local-dns")
_HEALTH = 3989
"""kops's port: 8080 is somebody else's on many machines."""
_CLUSTER = """\
{zone}:53 {{
    errors
    cache {{
        success 9984 30
        denial 9984 5
    }}
    reload
    loop
    bind {local}
    forward . {server} {{
        force_tcp
    }}
    prometheus :9253
{health}}}
"""
_REST = """\
.:53 {{
    errors
    cache 30
    reload
    loop
    bind {local}
    forward . {upstream}
    prometheus :9253
}}
"""


class NodeLocalDns(BuiltIn):
    """`spec.kubeDNS.nodeLocalDNS`."""

    name = "node-local-dns"
    switch = "spec.kubeDNS.nodeLocalDNS.enabled"
    summary = "A DNS cache on every machine"

    def settings(self, full: FullSpec) -> Any:
        """Its part of `kubeDNS`."""
        dns = full.cluster.spec.kube_dns
        return dns.node_local_dns if dns else None

    def wanted(self, full: FullSpec) -> bool:
        """When enabled."""
        settings = self.settings(full)
        return settings is not None and bool(settings.enabled)

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The cache; pods have no DNS before it runs, so it waits for nothing."""
        pin, settings = self.pin(full), self.settings(full)
        image, images = chosen(pin, settings.image)
        documents = [
            objects.account(_ACCOUNT),
            objects.config_map("kube-system", self.name, Corefile=_corefile(full, settings)),
            objects.daemon_set(
                "kube-system",
                self.name,
                self._pod(full, settings, image),
                annotations=settings.pod_annotations,
                unavailable="10%",
            ),
        ]
        return [self.manifest(full, pin, documents, images=images, waits_for=Stage.API)]

    def _pod(self, full: FullSpec, settings: Any, image: str) -> Object:
        local = _local(full, settings)
        return {
            "serviceAccountName": _ACCOUNT.name,
            "priorityClassName": pods.NODE_CRITICAL,
            "hostNetwork": True,
            "dnsPolicy": "Default",
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": list(pods.ANY_TAINT),
            "containers": [
                {
                    "name": "node-cache",
                    "image": pods.mirrored(full, image),
                    "args": [
                        "-localip",
                        local,
                        "-conf",
                        "/etc/coredns/Corefile",
                        "-setupiptables=true",
                    ],
                    "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}},
                    "ports": [
                        {"name": "dns", "containerPort": 53, "protocol": "UDP"},
                        {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
                        {"name": "metrics", "containerPort": 9253, "protocol": "TCP"},
                    ],
                    "livenessProbe": {
                        "httpGet": {"host": local, "path": "/health", "port": _HEALTH},
                        "initialDelaySeconds": 60,
                        "timeoutSeconds": 5,
                    },
                    "resources": pods.resources(settings, cpu_request="25m", memory_request="5Mi"),
                    "volumeMounts": [
                        mount("config", "/etc/coredns", readOnly=True),
                        mount("xtables", "/run/xtables.lock"),
                    ],
                }
            ],
            "volumes": [
                {"name": "config", "configMap": {"name": self.name}},
                host_path("xtables", "/run/xtables.lock", "FileOrCreate"),
            ],
        }


def _local(full: FullSpec, settings: Any) -> str:
    return str(settings.local_ip or ("fd00:90de:d95::1" if ipv6(full.cluster.spec) else "169.254.20.10"))


def _corefile(full: FullSpec, settings: Any) -> str:
    """The manifest's own, or: names of the cluster from CoreDNS, others from the machine's servers."""
    if settings.external_core_file:
        return str(settings.external_core_file)
    spec, dns = full.cluster.spec, full.cluster.spec.kube_dns
    local, server = _local(full, settings), str(dns.server_ip if dns else "")
    health = f"    health {f'[{local}]' if ':' in local else local}:{_HEALTH}\n"
    zones = (str((dns and dns.domain) or spec.cluster_dns_domain or "cluster.local"), "in-addr.arpa", "ip6.arpa")
    inside = [
        _CLUSTER.format(zone=zone, local=local, server=server, health=health if index == 0 else "")
        for index, zone in enumerate(zones)
    ]
    rest = _REST.format(local=local, upstream=server if settings.forward_to_kube_dns else "/etc/resolv.conf")
    more = f"{settings.additional_config.rstrip()}\n" if settings.additional_config else ""
    return "".join([*inside, rest, more])


ADDON = NodeLocalDns()
