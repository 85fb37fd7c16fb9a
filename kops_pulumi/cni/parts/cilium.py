"""Every field of `networking.cilium` as values of Cilium's own chart.

One row a field: where its value goes and, where it is not the same, how it is written there. What the chart has no
place for is a key of the agent's configuration (`extraConfig`), or of no effect any more and said so (`gone`).

https://docs.cilium.io/en/v1.18/helm-reference/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kops_pulumi.cni.base import is_ipv6, machines_of
from kops_pulumi.cni.parts.objects import API_PORT, EVERYWHERE, ON_CONTROL_PLANES
from kops_pulumi.model import Role
from kops_pulumi.plan.endpoints import internal_api_name
from kops_pulumi.spec.base import SpecModel

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec.cilium import Cilium

ETCD_PORT = 4003
ETCD_SECRET = "cilium-etcd-secrets"  # noqa: S105 - a name
SERVER_SECRET, RELAY_SECRET = "hubble-server-certs", "hubble-relay-client-certs"

Place = str | tuple[str, Callable[[Any], Any]]


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _flag(value: Any) -> str:
    return str(value).lower()


PLACES: Mapping[str, Place] = {
    "agent_pod_annotations": "podAnnotations",
    "agent_prometheus_port": "prometheus.port",
    "auto_direct_node_routes": "autoDirectNodeRoutes",
    "bpf_ct_global_any_max": "bpf.ctAnyMax",
    "bpf_ct_global_tcp_max": "bpf.ctTcpMax",
    "bpf_lb_algorithm": "loadBalancer.algorithm",
    "bpf_lb_maglev_table_size": ("maglev.tableSize", int),
    "bpf_lb_map_max": "bpf.lbMapMax",
    "bpf_lb_sock": "socketLB.enabled",
    "bpf_lb_sock_host_ns_only": "socketLB.hostNamespaceOnly",
    "bpf_nat_global_max": "bpf.natMax",
    "bpf_neigh_global_max": "bpf.neighMax",
    "bpf_policy_map_max": "bpf.policyMapMax",
    "chaining_mode": "cni.chainingMode",
    "cluster_id": "cluster.id",
    "cluster_name": "cluster.name",
    "cni_exclusive": "cni.exclusive",
    "cpu_request": "resources.requests.cpu",
    "debug": "debug.enabled",
    "disable_endpoint_crd": "disableEndpointCRD",
    "enable_bpf_masquerade": "bpf.masquerade",
    "enable_encryption": "encryption.enabled",
    "enable_endpoint_health_checking": "endpointHealthChecking.enabled",
    "enable_host_firewall": "hostFirewall.enabled",
    "enable_l7_proxy": "l7Proxy",
    "enable_local_redirect_policy": "localRedirectPolicy",
    "enable_node_port": ("kubeProxyReplacement", _flag),
    "enable_policy": "policyEnforcementMode",
    "enable_prometheus_metrics": "prometheus.enabled",
    "enable_service_topology": "loadBalancer.serviceTopology",
    "enable_unreachable_routes": ("extraConfig.enable-unreachable-routes", _flag),
    "encryption_type": "encryption.type",
    "gateway_api.enable_secrets_sync": "gatewayAPI.secretsNamespace.sync",
    "gateway_api.enabled": "gatewayAPI.enabled",
    "hubble.enabled": "hubble.enabled",
    "hubble.metrics": "hubble.metrics.enabled",
    "identity_allocation_mode": "identityAllocationMode",
    "identity_change_grace_period": "identityChangeGracePeriod",
    "ingress.default_load_balancer_mode": "ingressController.loadbalancerMode",
    "ingress.enable_secrets_sync": "ingressController.secretsNamespace.sync",
    "ingress.enabled": "ingressController.enabled",
    "ingress.enforce_https": "ingressController.enforceHttps",
    "ingress.load_balancer_annotation_prefixes": ("ingressController.ingressLBAnnotationPrefixes", _words),
    "ingress.shared_load_balancer_service_name": "ingressController.service.name",
    "iptables_rules_noinstall": ("extraConfig.install-iptables-rules", lambda value: _flag(not value)),
    "memory_request": "resources.requests.memory",
    "metrics": "prometheus.metrics",
    "monitor_aggregation": "bpf.monitorAggregation",
    "node_encryption": "encryption.nodeEncryption",
    "operator_pod_annotations": "operator.podAnnotations",
    "preallocate_bpf_maps": "bpf.preallocateMaps",
    "to_fqdns_dns_reject_response_code": "dnsProxy.dnsRejectResponseCode",
}
"""Attribute of the manifest's section → place in the chart's values, with a conversion where it needs one."""

ELSEWHERE = frozenset(
    {
        "disable_masquerade",
        "enable_host_reachable_services",
        "etcd_managed",
        "extra_config",
        "ipam",
        "registry",
        "tunnel",
        "version",
    }
)
"""Attributes that `values` and the delivery treat one by one."""

GONE: Mapping[str, str] = {
    "disable_cnp_status_updates": "status of policies is never written by agents",
    "enable_remote_node_identity": "other nodes always have an identity of their own",
    "sidecar_istio_proxy_image": "Istio's sidecars are recognised without it",
    "to_fqdns_enable_poller": "names are learnt from the answers that pods get",
}
"""Attributes that Cilium 1.18 does not know any more, and why it needs none."""


def values(full: FullSpec, settings: Cilium, images: Mapping[str, str]) -> dict[str, Any]:
    """The chart's values; `images` by their chart keys, already where they are pulled from."""
    found: dict[str, Any] = _base(full)
    for attribute, value in _set(settings):
        place = PLACES.get(attribute)
        if place is not None:
            key, convert = place if isinstance(place, tuple) else (place, lambda given: given)
            put(found, key, convert(value))
    for key, image in images.items():
        put(found, f"{key}.override", image)
    for key, value in _special(full, settings):
        put(found, key, value)
    found.setdefault("extraConfig", {}).update(settings.extra_config or {})
    return found


def _base(full: FullSpec) -> dict[str, Any]:
    """What holds for every cluster of ours."""
    replicas = min(2, max(1, machines_of(full, Role.CONTROL_PLANE)))
    return {
        # By name, past the Service that the agents themselves bring about.
        "k8sServiceHost": internal_api_name(full.cluster.metadata.name),
        "k8sServicePort": API_PORT,
        # The proxy runs within the agent: one image less, as kops has it.
        "envoy": {"enabled": False},
        "hubble": {"enabled": False},
        "operator": {
            "replicas": replicas,
            # Only these machines may touch the cloud's network interfaces.
            "nodeSelector": dict(ON_CONTROL_PLANES),
            "tolerations": [dict(item) for item in EVERYWHERE],
            "rollOutPods": True,
        },
        "rollOutCiliumPods": True,
    }


def _set(settings: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The attributes that are set, with those of sections inside as `hubble.enabled`."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if value is None:
            continue
        if isinstance(value, SpecModel):
            yield from _set(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", getattr(value, "value", value)


def _special(full: FullSpec, settings: Cilium) -> Iterator[tuple[str, Any]]:
    v6, native = is_ipv6(full), settings.tunnel == "disabled"
    yield "ipv4.enabled", not v6
    yield "ipv6.enabled", v6
    yield "enableIPv4Masquerade", not v6 and not settings.disable_masquerade
    yield "enableIPv6Masquerade", v6 and not settings.disable_masquerade
    yield "routingMode", "native" if native else "tunnel"
    if not native:
        yield "tunnelProtocol", settings.tunnel or "vxlan"
    if settings.enable_host_reachable_services:
        yield "socketLB.enabled", True
    if settings.enable_prometheus_metrics is not None:
        yield "operator.prometheus.enabled", settings.enable_prometheus_metrics
    yield from _addresses(full, settings, native=native, v6=v6)
    if settings.etcd_managed:
        name = internal_api_name(full.cluster.metadata.name)
        yield "etcd", {"enabled": True, "ssl": True, "endpoints": [f"https://{name}:{ETCD_PORT}"]}
    if settings.hubble is not None and settings.hubble.enabled:
        yield "hubble.tls", {"enabled": True, "auto": {"enabled": False}, "server": {"existingSecret": SERVER_SECRET}}
        yield "hubble.relay", {"enabled": True, "tls": {"client": {"existingSecret": RELAY_SECRET}}}


def _addresses(full: FullSpec, settings: Cilium, *, native: bool, v6: bool) -> Iterator[tuple[str, Any]]:
    """Who gives pods their addresses, and which are reached without translation."""
    spec, mode = full.cluster.spec, settings.ipam or "kubernetes"
    yield "ipam.mode", "kubernetes" if mode == "hostscope" else mode
    if mode == "eni":
        yield "eni", {"enabled": True, "eniTags": {"KubernetesCluster": full.cluster.metadata.name}}
        yield "endpointRoutes.enabled", True
    elif mode != "crd":
        yield ("k8s.requireIPv6PodCIDR" if v6 else "k8s.requireIPv4PodCIDR"), True
    direct = spec.network_cidr if mode == "eni" else spec.non_masquerade_cidr
    if native and not v6 and direct:
        yield "ipv4NativeRoutingCIDR", direct


def put(values: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key; a mapping joins what is there."""
    *path, last = key.split(".")
    for part in path:
        values = values.setdefault(part, {})
    if isinstance(value, Mapping) and isinstance(values.get(last), dict):
        values[last] = {**values[last], **value}
    else:
        values[last] = dict(value) if isinstance(value, Mapping) else value
