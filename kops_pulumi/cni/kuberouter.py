"""kube-router: BGP routing, IPVS services and network policy in one agent. https://www.kube-router.io/docs/."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import FROM_ROUTES, Plugin, mirrors, node_to_control_plane, on_machines, pinned
from kops_pulumi.cni.parts import objects as k8s
from kops_pulumi.model import Delivery, Permission, Protocol, Role, Rule, Stage
from kops_pulumi.plugins import Migration, NodeSettings

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup

_FILE = f"{k8s.CNI_CONFIGURATION}/10-kuberouter.conflist"
_OWN = "/etc/kube-router"
_HEALTH = 20244
_RULES = (
    k8s.rule(["namespaces", "pods", "services", "nodes", "endpoints"]),
    k8s.rule(["services/status"], ["update"]),
    k8s.rule(["networkpolicies"], group="networking.k8s.io"),
    k8s.rule(["endpointslices"], group="discovery.k8s.io"),
    k8s.rule(["leases"], ["get", "create", "update"], group="coordination.k8s.io"),
)


class KubeRouter(Plugin):
    """`networking.kuberouter`."""

    key = "kuberouter"
    network_policy = True
    migrations: Sequence[Migration] = (Migration("kubenet", FROM_ROUTES),)

    def replaces_kube_proxy(self, full: FullSpec) -> bool:
        """Always: it serves Services itself."""
        del full
        return True

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """BGP and encapsulated traffic from nodes to control planes."""
        del full
        return [
            node_to_control_plane(Protocol.IPIP, None, "kube-router's IP-in-IP encapsulation between subnets"),
            node_to_control_plane(Protocol.TCP, 179, "kube-router's routes, by BGP"),
        ]

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """Pods' own addresses travel over the network."""
        del full
        return on_machines("machines.pass-foreign-traffic")

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """IPVS, and tunnels between subnets."""
        del full, group
        return NodeSettings(modules=("ip_vs", "ip_vs_rr", "ip_vs_sh", "ip_vs_wrr", "ipip", "nf_conntrack"))

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """An agent on every machine."""
        pin = pinned(full, self.key)
        source = k8s.manifest(
            k8s.Agent(
                "kube-router",
                containers=[self._container(full, mirrors(full).image(pin.image))],
                init=[_installer(mirrors(full).image(pin.image))],
                volumes=[
                    k8s.host("lib-modules", "/lib/modules"),
                    k8s.host("cni", k8s.CNI_CONFIGURATION),
                    k8s.host("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
                ],
                rules=_RULES,
                files={"cni-conf.json": _configuration(full)},
            )
        )
        why = "networking.kuberouter"
        return [Delivery("kube-router", Stage.CNI, source, k8s.NAMESPACE, why, pin.version, (pin.image,))]

    def _container(self, full: FullSpec, image: str) -> k8s.Object:
        nftables = self.settings(full).use_nf_tables_for_netpol
        return {
            "name": "kube-router",
            "image": image,
            "args": [
                "--run-router=true",
                "--run-firewall=true",
                "--run-service-proxy=true",
                "--bgp-graceful-restart=true",
                *([f"--use-nftables-for-netpol={str(nftables).lower()}"] if nftables is not None else []),
            ],
            "env": [
                k8s.of_pod("NODE_NAME", "spec.nodeName"),
                k8s.of_pod("POD_NAME", "metadata.name"),
                {"name": "KUBE_ROUTER_CNI_CONF_FILE", "value": _FILE},
                *k8s.to_api(full),
            ],
            # The caches take up to a minute to fill.
            "startupProbe": {"httpGet": _health(), "periodSeconds": 5, "failureThreshold": 30},
            "livenessProbe": {"httpGet": _health(), "periodSeconds": 3, "failureThreshold": 3},
            "resources": k8s.requests("100m", "250Mi"),
            "securityContext": k8s.PRIVILEGED,
            "volumeMounts": [
                k8s.mount("lib-modules", "/lib/modules", readOnly=True),
                k8s.mount("cni", k8s.CNI_CONFIGURATION),
                k8s.mount("xtables-lock", "/run/xtables.lock"),
            ],
        }


def _health() -> k8s.Object:
    return {"path": "/healthz", "port": _HEALTH}


def _installer(image: str) -> k8s.Object:
    """The configuration once: kube-router itself then writes the machine's range into it."""
    return {
        "name": "install-configuration",
        "image": image,
        "command": ["/bin/sh", "-c", f"test -f {_FILE} || cp {_OWN}/cni-conf.json {_FILE}"],
        "volumeMounts": [k8s.mount("cni", k8s.CNI_CONFIGURATION), k8s.mount("configuration", _OWN)],
    }


def _configuration(full: FullSpec) -> str:
    services = full.cluster.spec.service_cluster_ip_range
    ports = {"type": "portmap", "capabilities": {"snat": True, "portMappings": True}}
    if services:
        ports["conditionsV4"] = ["!", "-d", services]
    bridge = {
        "name": "kubernetes",
        "type": "bridge",
        "bridge": "kube-bridge",
        "isDefaultGateway": True,
        "hairpinMode": True,
        "ipam": {"type": "host-local"},
    }
    return json.dumps({"cniVersion": "1.0.0", "name": "kube-router", "plugins": [bridge, ports]}, indent=2)


CNI = KubeRouter()
