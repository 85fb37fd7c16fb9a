"""Defaults of add-ons and network plug-ins (https://kops.sigs.k8s.io/addons/, https://kops.sigs.k8s.io/networking/).

An add-on's own settings are filled only where the manifest has its section, or where it is on without being asked for.
"""

from __future__ import annotations

from typing import Any

from kops_pulumi.resolve import cidr
from kops_pulumi.resolve.defaults.components import DNS_ADDRESS, NODE_LOCAL_DNS
from kops_pulumi.resolve.defaults.facts import Facts
from kops_pulumi.resolve.fill import Table, fill
from kops_pulumi.resolve.traits import cilium_eni, ipv6

KUBE_DNS: Table = {
    "provider": "CoreDNS",
    "cache_max_size": 1000,
    "cache_max_concurrent": 150,
    "cpu_request": "100m",
    "memory_request": "70Mi",
    "memory_limit": "170Mi",
    "node_local_dns": {"enabled": False},
}
NODE_LOCAL: Table = {
    "cpu_request": "25m",
    "memory_request": "5Mi",
    "forward_to_kube_dns": False,
    "image": "registry.k8s.io/dns/k8s-dns-node-cache:1.26.0",
}
TERMINATION_HANDLER: Table = {
    "enable_sqs_termination_draining": True,
    "enable_spot_interruption_draining": True,
    "enable_scheduled_event_draining": True,
    "enable_rebalance_monitoring": False,
    "enable_rebalance_draining": False,
    "enable_out_of_service_taint": False,
    "delete_sqs_msg_if_node_not_found": False,
    "exclude_from_load_balancers": True,
    "prometheus_enable": False,
    "taint_node": False,
    "pod_termination_grace_period": -1,
    "cpu_request": "50m",
    "memory_request": "64Mi",
    "version": "v1.25.5",
}
OPTIONAL: dict[str, Table] = {
    "metrics_server": {"enabled": False, "insecure": True},
    "cert_manager": {"enabled": False, "managed": True},
    "node_problem_detector": {"enabled": False, "cpu_request": "20m", "memory_request": "100Mi"},
    "snapshot_controller": {"enabled": False},
    "pod_identity_webhook": {"enabled": False, "replicas": 2},
    "aws_load_balancer_controller": {
        "enabled": False,
        "enable_waf": False,
        "enable_waf_v2": False,
        "enable_shield": False,
    },
    "karpenter": {
        "enabled": False,
        "cpu_request": "500m",
        "memory_request": "1Gi",
        "memory_limit": "1Gi",
        "log_level": "info",
    },
    "warm_pool": {"min_size": 0, "lifecycle_hook_timeout": 600, "enable_lifecycle_hook": False},
    "cluster_autoscaler": {
        "enabled": False,
        "expander": "random",
        "balance_similar_node_groups": False,
        "scale_down_utilization_threshold": "0.5",
        "skip_nodes_with_custom_controller_pods": True,
        "skip_nodes_with_system_pods": True,
        "skip_nodes_with_local_storage": True,
        "new_pod_scale_up_delay": "0s",
        "scale_down_delay_after_add": "10m0s",
        "scale_down_unneeded_time": "10m0s",
        "scale_down_unready_time": "20m0s",
        "max_node_provision_time": "15m0s",
        "cpu_request": "100m",
        "memory_request": "300Mi",
    },
}
"""Section → what it gets when the manifest has it."""

CALICO: Table = {
    "iptables_backend": "Auto",
    "aws_src_dst_check": "Disable",
    "ipip_mode": "CrossSubnet",
    "vxlan_mode": "CrossSubnet",
}
CILIUM: Table = {
    "version": "v1.18.12",
    "cpu_request": "25m",
    "memory_request": "128Mi",
    "identity_allocation_mode": "crd",
    "identity_change_grace_period": "5s",
    "monitor_aggregation": "medium",
    "enable_remote_node_identity": True,
    "enable_l7_proxy": True,
    "disable_cnp_status_updates": True,
    "enable_bpf_masquerade": False,
    "enable_node_port": False,
    "enable_encryption": False,
    "enable_host_firewall": False,
    "etcd_managed": False,
    "bpf_lb_algorithm": "random",
    "bpf_lb_maglev_table_size": "16381",
    "bpf_ct_global_tcp_max": 524288,
    "bpf_ct_global_any_max": 262144,
    "bpf_policy_map_max": 16384,
    "bpf_lb_map_max": 65536,
    "bpf_nat_global_max": 524288,
    "bpf_neigh_global_max": 524288,
    "cni_exclusive": True,
    "agent_prometheus_port": 9090,
    "cluster_name": "default",
    "hubble": {"enabled": False},
    "ingress": {"enabled": False},
    "gateway_api": {"enabled": False},
}
KINDNET: Table = {"version": "v1.0.1", "fast_path_threshold": 0, "log_level": 2}


def addons(spec: Any, facts: Facts) -> None:
    """Everything that is installed into the cluster."""
    fill(spec, {"cloud_config": {"manage_storage_classes": True}})
    fill(spec, facts.cloud.cluster)
    fill(spec, {"kube_dns": {**KUBE_DNS, "domain": spec.cluster_dns_domain, "server_ip": _dns_server(spec)}})
    if spec.kube_dns.node_local_dns.enabled:
        fill(spec, {"kube_dns": {"node_local_dns": {**NODE_LOCAL, "local_ip": NODE_LOCAL_DNS[ipv6(spec)]}}})
    fill(spec, {"external_dns": {"provider": "dns-controller"}})
    fill(spec, {"external_dns": {"watch_ingress": str(spec.external_dns.provider) == "external-dns"}})
    for section, table in OPTIONAL.items():
        if getattr(spec, section) is not None:
            fill(spec, {section: table})
    if spec.cluster_autoscaler is not None:
        image = f"registry.k8s.io/autoscaling/cluster-autoscaler:v{facts.components.cluster_autoscaler}"
        fill(spec, {"cluster_autoscaler": {"image": image}})
    if facts.capabilities.termination_events:
        # Karpenter answers the same events for its own machines, so the two do not go together.
        karpenter = bool(spec.karpenter and spec.karpenter.enabled)
        fill(spec, {"node_termination_handler": {"enabled": not karpenter, **TERMINATION_HANDLER}})


def _dns_server(spec: Any) -> str | None:
    return cidr.nth_address(spec.service_cluster_ip_range, DNS_ADDRESS)


def networking(spec: Any, facts: Facts) -> None:  # noqa: ARG001 - every section has this signature
    """The network plug-in's settings; which one is the manifest's choice alone."""
    options = spec.networking
    if options is None:
        return
    if options.cilium is not None:
        native = ipv6(spec) or cilium_eni(spec)
        fill(options, {"cilium": {**CILIUM, "ipam": "kubernetes", "tunnel": "disabled" if native else "vxlan"}})
        fill(options, {"cilium": {"disable_masquerade": ipv6(spec)}})
    if options.calico is not None:
        fill(options, {"calico": {**CALICO, "encapsulation_mode": "none" if ipv6(spec) else "ipip"}})
    if options.kindnet is not None:
        fill(options, {"kindnet": KINDNET})
    if options.flannel is not None:
        fill(options, {"flannel": {"backend": "udp"}})  # v1alpha2's meaning of an absent backend; `create` writes vxlan
