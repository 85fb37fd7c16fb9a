"""Defaults of Kubernetes's own components, containerd and node settings.

Flags of the components: https://kubernetes.io/docs/reference/command-line-tools-reference/. Figures are kops's, so
that a cluster behaves as its users know it; where we are stricter the reason stands beside.
"""

from __future__ import annotations

from typing import Any

from kops_pulumi.resolve import cidr
from kops_pulumi.resolve.defaults import hardening
from kops_pulumi.resolve.defaults.facts import Facts
from kops_pulumi.resolve.fill import Table, fill
from kops_pulumi.resolve.traits import alias_ranges, amazonvpc, cilium_eni, ipv6

DNS_ADDRESS, API_ADDRESS = 10, 1
"""Which addresses of the service range CoreDNS and the API get."""
NODE_LOCAL_DNS = {False: "169.254.20.10", True: "fd00:90de:d95::1"}
"""Link-local addresses of the node-local cache, by IPv6."""
ADMISSION_PLUGINS = [
    "DefaultStorageClass",
    "DefaultTolerationSeconds",
    "LimitRanger",
    "MutatingAdmissionWebhook",
    "NamespaceLifecycle",
    "NodeRestriction",
    "ResourceQuota",
    "RuntimeClass",
    "ServiceAccount",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
    *hardening.ADMISSION_PLUGINS,
]
EVICTION_HARD = (
    "memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<10%,imagefs.inodesFree<5%"
)
KUBE_PROXY: Table = {"enabled": True, "cpu_request": "100m", "log_level": 2, "proxy_mode": "iptables"}
SCHEDULER: Table = {**hardening.SCHEDULER, "cpu_request": "100m", "log_level": 2}
KUBELET: Table = {
    **hardening.KUBELET,
    "anonymous_auth": False,
    "authorization_mode": "Webhook",
    "cgroup_driver": "systemd",  # kubeadm's and containerd's: two drivers on one machine make it unstable
    "cgroup_root": "/",
    "cloud_provider": "external",
    "eviction_hard": EVICTION_HARD,
    "protect_kernel_defaults": True,
    "pod_manifest_path": "/etc/kubernetes/manifests",
    "log_level": 2,
}
CONTAINERD: Table = {
    "address": "/run/containerd/containerd.sock",
    "log_level": "info",
    "root": "/var/lib/containerd",
    "state": "/run/containerd",
}
SHUTDOWN = {False: ("30s", "10s"), True: ("0s", "0s")}
"""Grace period for all pods and for critical ones; none with the AWS plug-in, which needs its pods to the end."""


def control_plane(spec: Any, facts: Facts) -> None:
    """API server, controller manager, scheduler and cloud controller manager."""
    if spec.authorization is None or (spec.authorization.rbac is None and spec.authorization.always_allow is None):
        fill(spec, {"authorization": {"rbac": {}}})
    fill(spec, {"kube_api_server": _api_server(spec, facts)})
    fill(spec, {"kube_controller_manager": _controller_manager(spec, facts), "kube_scheduler": SCHEDULER})
    fill(spec, {"cloud_controller_manager": {"cloud_provider": None, "cpu_request": "200m", "log_level": 2}})
    fill(spec, {"cloud_controller_manager": {"cluster_name": facts.name, **_routes(spec)}})


def _routes(spec: Any) -> Table:
    """What the cloud's controller does for pods: their routes, with kubenet; their ranges, where those are the cloud's.

    https://kops.sigs.k8s.io/networking/gcp/
    """
    kubenet = bool(spec.networking) and spec.networking.kubenet is not None
    if alias_ranges(spec):
        return {"allocate_node_cidrs": True, "cidr_allocator_type": "CloudAllocator", "cluster_cidr": spec.pod_cidr}
    if kubenet:
        return {"allocate_node_cidrs": False, "configure_cloud_routes": True, "cluster_cidr": spec.pod_cidr}
    return {"allocate_node_cidrs": False}


def _api_server(spec: Any, facts: Facts) -> Table:
    """No `apiServerCount`: endpoints are leases, nobody reads it, and a default must not depend on other groups."""
    always = spec.authorization.always_allow is not None
    issuer = f"https://api.internal.{facts.name}"
    return {
        **hardening.API_SERVER,
        "secure_port": 443,
        "bind_address": "::" if ipv6(spec) else "0.0.0.0",  # noqa: S104 - an API server serves every interface
        "allow_privileged": True,  # CNI and CSI pods are
        "anonymous_auth": False,
        "authorization_mode": "AlwaysAllow" if always else "Node,RBAC",
        "enable_admission_plugins": ADMISSION_PLUGINS,
        "kubelet_preferred_address_types": ["InternalIP", "Hostname", "ExternalIP"],
        "storage_backend": "etcd3",
        "service_cluster_ip_range": spec.service_cluster_ip_range,
        "service_account_issuer": None if spec.service_account_issuer_discovery else issuer,
        "service_account_jwks_uri": None if spec.service_account_issuer_discovery else f"{issuer}/openid/v1/jwks",
        "requestheader_allowed_names": ["aggregator"],
        "requestheader_username_headers": ["X-Remote-User"],
        "requestheader_group_headers": ["X-Remote-Group"],
        "requestheader_extra_header_prefixes": ["X-Remote-Extra-"],
        "cpu_request": "150m",
        "log_level": 2,
    }


def _controller_manager(spec: Any, facts: Facts) -> Table:
    pods_elsewhere = ipv6(spec) or amazonvpc(spec) or cilium_eni(spec) or alias_ranges(spec)
    kubenet = bool(spec.networking) and spec.networking.kubenet is not None
    return {
        **hardening.CONTROLLER_MANAGER,
        "allocate_node_cidrs": not pods_elsewhere,
        "cluster_cidr": spec.pod_cidr,
        "cluster_name": facts.name,
        "configure_cloud_routes": kubenet,  # the only plug-in without routes of its own
        "attach_detach_reconcile_sync_period": "1m",
        "use_service_account_credentials": True,
        "cloud_provider": "external",
        "cpu_request": "100m",
        "log_level": 2,
    }


def nodes(spec: Any, facts: Facts) -> None:
    """kubelet, kube-proxy, containerd and settings of every machine."""
    grace, critical = SHUTDOWN[amazonvpc(spec)]
    fill(spec, {"kube_proxy": {**KUBE_PROXY, "cluster_cidr": spec.pod_cidr}})
    fill(spec, {"kubelet": {**KUBELET, "cluster_domain": spec.cluster_dns_domain, "cluster_dns": _dns_address(spec)}})
    fill(spec, {"kubelet": {"shutdown_grace_period": grace, "shutdown_grace_period_critical_pods": critical}})
    runtime = facts.components
    fill(spec, {"containerd": {**CONTAINERD, "version": runtime.containerd, "runc": {"version": runtime.runc}}})
    fill(spec, {"container_runtime": "containerd", "update_policy": "automatic", "ntp": {"managed": True}})


def _dns_address(spec: Any) -> str | None:
    """What pods ask: the node's own cache if there is one, else CoreDNS."""
    cache = spec.kube_dns.node_local_dns if spec.kube_dns else None
    if cache and cache.enabled:
        return cache.local_ip or NODE_LOCAL_DNS[ipv6(spec)]
    return cidr.nth_address(spec.service_cluster_ip_range, DNS_ADDRESS)
