"""Every field of `networking.calico` as values of the Tigera operator's chart.

The chart takes an Installation (what the operator installs) and a FelixConfiguration (how the agent on each machine
works); a row says for each field which of them has it and how it is written there.

https://docs.tigera.io/calico/latest/reference/installation/api#installation and
https://docs.tigera.io/calico/latest/reference/resources/felixconfig
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kops_pulumi.cni.base import is_ipv6
from kops_pulumi.cni.parts.objects import API_PORT
from kops_pulumi.plan.endpoints import internal_api_name

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec.networking import Calico

NODE_METRICS, TYPHA_METRICS = 9091, 9093
"""Calico's own ports of metrics."""


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


FELIX: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "aws_src_dst_check": ("awsSrcDstCheck", str),
    "bpf_external_service_mode": ("bpfExternalServiceMode", str),
    "bpf_kube_proxy_iptables_cleanup_enabled": ("bpfKubeProxyIptablesCleanupEnabled", bool),
    "bpf_log_level": ("bpfLogLevel", _title),
    "chain_insert_mode": ("chainInsertMode", _title),
    "iptables_backend": ("iptablesBackend", str),
    "log_severity_screen": ("logSeverityScreen", _title),
    "nftables_mode": ("nftablesMode", _title),
    "prometheus_go_metrics_enabled": ("prometheusGoMetricsEnabled", bool),
    "prometheus_process_metrics_enabled": ("prometheusProcessMetricsEnabled", bool),
    "wireguard_enabled": ("wireguardEnabled", bool),
}
"""Attribute of the manifest's section → field of the FelixConfiguration, and how it is written there."""

INSTALLATION = frozenset(
    {
        "allow_ip_forwarding",
        "bpf_enabled",
        "cpu_request",
        "encapsulation_mode",
        "ipip_mode",
        "ipv4_auto_detection_method",
        "ipv6_auto_detection_method",
        "mtu",
        "prometheus_metrics_enabled",
        "prometheus_metrics_port",
        "typha_prometheus_metrics_enabled",
        "typha_prometheus_metrics_port",
        "vxlan_mode",
    }
)
"""Attributes that `installation` treats one by one."""
ELSEWHERE = frozenset({"registry", "version"})
"""Attributes that the delivery treats."""
GONE: Mapping[str, str] = {"typha_replicas": "the operator runs as many Typhas as the number of machines asks for"}
"""Attributes without effect, and why."""

_POOLS = {
    ("ipip", "Always"): "IPIP",
    ("ipip", "CrossSubnet"): "IPIPCrossSubnet",
    ("vxlan", "Always"): "VXLAN",
    ("vxlan", "CrossSubnet"): "VXLANCrossSubnet",
}
"""Encapsulation and when → the pool's encapsulation; anything else is none."""
_KUBERNETES: Mapping[str, Mapping[str, Any]] = {
    "kubernetes-internal-ip": {"kubernetes": "NodeInternalIP"},
    "first-found": {"firstFound": True},
}
_DETECTION = {"can-reach": "canReach", "interface": "interface", "skip-interface": "skipInterface"}


def values(
    full: FullSpec, settings: Calico, registry: Mapping[str, str], operator: Mapping[str, str]
) -> dict[str, Any]:
    """The chart's values; `registry` says where Calico's images are (`registry`, `imagePath`, `imagePrefix`),
    `operator` where the operator's own is.
    """
    felix = {
        key: convert(getattr(value, "value", value))
        for attribute, (key, convert) in FELIX.items()
        if (value := getattr(settings, attribute)) is not None
    }
    return {
        "apiServer": {"enabled": False},
        "goldmane": {"enabled": False},
        "whisker": {"enabled": False},
        "defaultFelixConfiguration": {"enabled": True, **felix},
        "installation": {**dict(_installation(full, settings)), **registry},
        "kubeletVolumePluginPath": "None",
        # By name, past the Service, which the eBPF data plane itself brings about.
        "kubernetesServiceEndpoint": {
            "host": internal_api_name(full.cluster.metadata.name),
            "port": str(API_PORT),
        },
        **({"tigeraOperator": dict(operator)} if operator else {}),
    }


def encapsulation(settings: Calico) -> str:
    """The pool's encapsulation, as the operator calls it."""
    mode = str(settings.encapsulation_mode or "ipip")
    when = settings.vxlan_mode if mode == "vxlan" else settings.ipip_mode
    return _POOLS.get((mode, str(when or "CrossSubnet")), "None")


def dataplane(settings: Calico) -> str:
    """Iptables, BPF or Nftables."""
    if settings.bpf_enabled:
        return "BPF"
    return "Nftables" if str(settings.nftables_mode or "").lower() == "enabled" else "Iptables"


def _installation(full: FullSpec, settings: Calico) -> Iterator[tuple[str, Any]]:
    v6 = is_ipv6(full)
    yield "enabled", True
    # With IPv6 each machine brings its pods' range along.
    yield "cni", {"type": "Calico", "ipam": {"type": "HostLocal" if v6 else "Calico"}}
    yield "calicoNetwork", dict(_network(full, settings, v6=v6))
    if settings.cpu_request:
        container = {"name": "calico-node", "resources": {"requests": {"cpu": settings.cpu_request}}}
        yield "calicoNodeDaemonSet", {"spec": {"template": {"spec": {"containers": [container]}}}}
    if settings.prometheus_metrics_enabled:
        yield "nodeMetricsPort", settings.prometheus_metrics_port or NODE_METRICS
    if settings.typha_prometheus_metrics_enabled:
        yield "typhaMetricsPort", settings.typha_prometheus_metrics_port or TYPHA_METRICS


def _network(full: FullSpec, settings: Calico, *, v6: bool) -> Iterator[tuple[str, Any]]:
    pool = encapsulation(settings)
    yield "linuxDataplane", dataplane(settings)
    yield "bgp", "Disabled" if v6 or pool.startswith("VXLAN") else "Enabled"
    if v6:
        yield "ipPools", []
    else:
        entry = {"cidr": full.cluster.spec.pod_cidr, "encapsulation": pool, "natOutgoing": "Enabled"}
        yield "ipPools", [{"name": "default-ipv4-ippool", **entry, "nodeSelector": "all()"}]
    if settings.mtu:
        yield "mtu", settings.mtu
    if settings.allow_ip_forwarding:
        yield "containerIPForwarding", "Enabled"
    method = settings.ipv6_auto_detection_method if v6 else settings.ipv4_auto_detection_method
    yield f"nodeAddressAutodetectionV{6 if v6 else 4}", detection(method or "kubernetes-internal-ip")


def detection(method: str) -> Mapping[str, Any]:
    """How a machine's address is found: Calico's own words (`can-reach=DEST`, …) as the operator's fields."""
    name, _, argument = method.partition("=")
    if method in _KUBERNETES:
        return _KUBERNETES[method]
    if name == "cidr":
        return {"cidrs": [part.strip() for part in argument.split(",") if part.strip()]}
    return {_DETECTION[name]: argument}


def is_detection(method: str) -> bool:
    """Whether `detection` understands it."""
    name, _, argument = method.partition("=")
    return method in _KUBERNETES or (name in {*_DETECTION, "cidr"} and bool(argument))
