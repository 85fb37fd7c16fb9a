"""The Cilium network plug-in: living options here, flags that Cilium has dropped in `CiliumDropped`."""

from typing import Literal

from kops_pulumi.spec.base import SpecModel, opt
from kops_pulumi.spec.types import Bool, Count, Int, Quantity

_GONE = "Cilium has no such option any more; remove it"


class CiliumDropped(SpecModel):
    """Daemon flags of old Cilium releases, still found in manifests; none has an effect."""

    access_log: str | None = opt("Path of the access log.", dead=_GONE)
    agent_labels: list[str] | None = opt("Labels of the agent.", dead=_GONE)
    allow_localhost: str | None = opt("Policy for local traffic.", dead=_GONE)
    auto_ipv6_node_routes: Bool | None = opt("Routes to other nodes' IPv6 ranges.", dead=_GONE)
    bpf_root: str | None = opt("Path of the BPF file system.", dead=_GONE)
    container_runtime: list[str] | None = opt("Runtimes to watch.", dead=_GONE)
    container_runtime_endpoint: dict[str, str] | None = opt("Sockets of runtimes.", dead=_GONE)
    container_runtime_labels: str | None = opt("Whether runtime labels count.", dead=_GONE)
    debug_verbose: list[str] | None = opt("Subsystems with verbose logs.", dead=_GONE)
    device: str | None = opt("Device for direct routing.", dead=_GONE)
    disable_conntrack: Bool | None = opt("Switch connection tracking off.", dead=_GONE)
    disable_ipv4: Bool | None = opt("Switch IPv4 off.", dead=_GONE)
    disable_k8s_services: Bool | None = opt("Ignore Services.", key="disableK8sServices", dead=_GONE)
    enable_tracing: Bool | None = opt("Trace policy decisions.", dead=_GONE)
    enable_ipv6: Bool | None = opt("Switch IPv6 on.", key="enableipv6", dead="the cluster's ranges decide")
    enable_ipv4: Bool | None = opt("Switch IPv4 on.", key="enableipv4", dead="the cluster's ranges decide")
    envoy_log: str | None = opt("Path of the proxy's log.", dead=_GONE)
    ipv4_cluster_cidr_mask_size: Count | None = opt("Prefix length of a node's range.", dead=_GONE)
    ipv4_node: str | None = opt("IPv4 address of the node.", dead=_GONE)
    ipv4_range: str | None = opt("IPv4 range of the node.", dead=_GONE)
    ipv4_service_range: str | None = opt("IPv4 range of Services.", dead=_GONE)
    ipv6_cluster_alloc_cidr: str | None = opt("IPv6 range of the cluster.", dead=_GONE)
    ipv6_node: str | None = opt("IPv6 address of the node.", dead=_GONE)
    ipv6_range: str | None = opt("IPv6 range of the node.", dead=_GONE)
    ipv6_service_range: str | None = opt("IPv6 range of Services.", dead=_GONE)
    k8s_api_server: str | None = opt("Address of the API.", key="k8sApiServer", dead=_GONE)
    k8s_kubeconfig_path: str | None = opt("Path of a kubeconfig.", key="k8sKubeconfigPath", dead=_GONE)
    keep_bpf_templates: Bool | None = opt("Keep compiled templates.", dead=_GONE)
    keep_config: Bool | None = opt("Keep the configuration over restarts.", dead=_GONE)
    label_prefix_file: str | None = opt("File of label prefixes.", dead=_GONE)
    labels: list[str] | None = opt("Label prefixes that make an identity.", dead=_GONE)
    lb: str | None = opt("Device of the load balancer.", dead=_GONE)
    lib_dir: str | None = opt("Directory of the library.", dead=_GONE)
    log_driver: list[str] | None = opt("Log drivers.", dead=_GONE)
    log_opt: dict[str, str] | None = opt("Options of log drivers.", dead=_GONE)
    logstash: Bool | None = opt("Send logs to Logstash.", dead=_GONE)
    logstash_agent: str | None = opt("Address of Logstash.", dead=_GONE)
    logstash_probe_timer: Count | None = opt("Seconds between two probes.", dead=_GONE)
    nat46_range: str | None = opt("Range of NAT46.", key="nat46Range", dead=_GONE)
    pprof: Bool | None = opt("Serve profiles.", dead=_GONE)
    prefilter_device: str | None = opt("Device of the XDP filter.", dead=_GONE)
    prometheus_serve_addr: str | None = opt("Address of metrics.", dead="set enablePrometheusMetrics")
    restore: Bool | None = opt("Restore endpoints after a restart.", dead=_GONE)
    single_cluster_route: Bool | None = opt("One route for the whole cluster.", dead=_GONE)
    socket_path: str | None = opt("Socket of the agent.", dead=_GONE)
    state_dir: str | None = opt("Directory of state.", dead=_GONE)
    trace_payloadlen: Count | None = opt("Bytes of a packet in traces.", dead=_GONE)
    remove_cbr_bridge: Bool | None = opt("Remove kubenet's bridge.", dead=_GONE)
    restart_pods: Bool | None = opt("Restart pods of another plug-in.", dead=_GONE)
    reconfigure_kubelet: Bool | None = opt("Switch the kubelet to CNI.", dead=_GONE)
    node_init_bootstrap_file: str | None = opt("Marker of a prepared node.", dead=_GONE)
    cni_bin_path: str | None = opt("Directory of CNI programs.", dead=_GONE)


class CiliumHubble(SpecModel):
    """Hubble: flows of the network."""

    enabled: Bool | None = opt("Install Hubble; needs cert-manager.")
    metrics: list[str] | None = opt("Metrics to serve.")


class CiliumIngress(SpecModel):
    """Cilium as Ingress controller."""

    enabled: Bool | None = opt("Serve Ingresses.")
    enforce_https: Bool | None = opt("Redirect HTTP to HTTPS.")
    enable_secrets_sync: Bool | None = opt("Copy TLS secrets to one namespace.")
    load_balancer_annotation_prefixes: str | None = opt("Ingress annotations passed on to the load balancer.")
    default_load_balancer_mode: Literal["shared", "dedicated"] | None = opt("One load balancer for all, or one each.")
    shared_load_balancer_service_name: str | None = opt("Service of the shared load balancer.")


class CiliumGatewayApi(SpecModel):
    """Cilium as Gateway API controller."""

    enabled: Bool | None = opt("Serve Gateways.")
    enable_secrets_sync: Bool | None = opt("Copy TLS secrets to one namespace.")


class Cilium(CiliumDropped):
    """Cilium, the default network of new clusters."""

    registry: str | None = opt("Registry of Cilium's images.")
    version: str | None = opt("Cilium version, such as v1.18.12.")
    memory_request: Quantity | None = opt("Memory request of the agent; 128Mi by default.")
    cpu_request: Quantity | None = opt("CPU request of the agent; 25m by default.")
    agent_prometheus_port: Count | None = opt("Port of the agent's metrics; 9090 by default.")
    metrics: list[str] | None = opt("Metrics to add (+) or leave out (-).")
    chaining_mode: str | None = opt("Run behind another plug-in, such as aws-cni.")
    debug: Bool | None = opt("Verbose logs.")
    disable_endpoint_crd: Bool | None = opt("Do not write CiliumEndpoint objects.", key="disableEndpointCRD")
    enable_policy: Literal["default", "always", "never"] | None = opt("When network policies are enforced.")
    enable_l7_proxy: Bool | None = opt("Policies for HTTP and DNS; true by default.", key="enableL7Proxy")
    enable_local_redirect_policy: Bool | None = opt("CiliumLocalRedirectPolicy objects.")
    enable_bpf_masquerade: Bool | None = opt("Masquerade in BPF.", key="enableBPFMasquerade")
    enable_endpoint_health_checking: Bool | None = opt("Probe between nodes' health endpoints.")
    enable_host_firewall: Bool | None = opt("Policies for machines too.")
    enable_prometheus_metrics: Bool | None = opt("Serve metrics.")
    enable_encryption: Bool | None = opt("Encrypt traffic between nodes.")
    encryption_type: Literal["ipsec", "wireguard"] | None = opt(
        "How to encrypt; ipsec needs the secret ciliumpassword."
    )
    node_encryption: Bool | None = opt("Encrypt host traffic too (wireguard).")
    identity_allocation_mode: Literal["crd", "kvstore"] | None = opt("Where identities are kept; crd by default.")
    identity_change_grace_period: str | None = opt("Time before a new identity counts.")
    disable_masquerade: Bool | None = opt("Do not masquerade traffic that leaves the cluster.")
    agent_pod_annotations: dict[str, str] | None = opt("Annotations of agent pods.")
    operator_pod_annotations: dict[str, str] | None = opt("Annotations of operator pods.")
    tunnel: Literal["vxlan", "geneve", "disabled"] | None = opt("Encapsulation; vxlan by default, disabled with ENI.")
    monitor_aggregation: Literal["low", "medium", "maximum"] | None = opt("How much events are summarised.")
    bpf_ct_global_tcp_max: Count | None = opt("TCP entries of connection tracking.", key="bpfCTGlobalTCPMax")
    bpf_ct_global_any_max: Count | None = opt("Other entries of connection tracking.", key="bpfCTGlobalAnyMax")
    bpf_lb_algorithm: Literal["random", "maglev"] | None = opt("How a backend is chosen.", key="bpfLBAlgorithm")
    bpf_lb_maglev_table_size: str | None = opt("Maglev entries of a Service.", key="bpfLBMaglevTableSize")
    bpf_nat_global_max: Count | None = opt("Entries of the NAT table.", key="bpfNATGlobalMax")
    bpf_neigh_global_max: Count | None = opt("Entries of the neighbour table.")
    bpf_policy_map_max: Count | None = opt("Entries of an endpoint's policy table.")
    bpf_lb_map_max: Count | None = opt("Entries of the load-balancing tables.", key="bpfLBMapMax")
    bpf_lb_sock: Bool | None = opt("Balance at the socket.", key="bpfLBSock")
    bpf_lb_sock_host_ns_only: Bool | None = opt("Balance at the socket on the host only.", key="bpfLBSockHostNSOnly")
    preallocate_bpf_maps: Bool | None = opt("Allocate tables beforehand.", key="preallocateBPFMaps")
    sidecar_istio_proxy_image: str | None = opt("Pattern of Istio's sidecar image.")
    cluster_name: str | None = opt("Name in a cluster mesh.")
    cluster_id: Int | None = opt("Number in a cluster mesh, 1 to 255.", key="clusterID", ge=0, le=255)
    to_fqdns_dns_reject_response_code: str | None = opt("Answer to refused DNS queries.")
    to_fqdns_enable_poller: Bool | None = opt("Poll names of toFQDNs rules.")
    ipam: Literal["hostscope", "kubernetes", "crd", "eni"] | None = opt("Who gives addresses to pods.")
    iptables_rules_noinstall: Bool | None = opt("Do not install iptables rules.", key="IPTablesRulesNoinstall")
    auto_direct_node_routes: Bool | None = opt("Routes to nodes of the same network.")
    enable_host_reachable_services: Bool | None = opt("Balance Services for the host's processes.")
    enable_node_port: Bool | None = opt("Replace kube-proxy; needs kubeProxy.enabled: false.")
    etcd_managed: Bool | None = opt("Use the etcd cluster named cilium.")
    enable_remote_node_identity: Bool | None = opt("Other nodes have an identity of their own; true by default.")
    enable_unreachable_routes: Bool | None = opt("Answer for deleted pods at once.")
    cni_exclusive: Bool | None = opt("Remove other CNI configurations; true by default.")
    disable_cnp_status_updates: Bool | None = opt("Do not write policy status.", key="disableCNPStatusUpdates")
    enable_service_topology: Bool | None = opt("Respect topology hints of Services.")
    extra_config: dict[str, str] | None = opt("Further keys of the cilium-config ConfigMap.")
    hubble: CiliumHubble | None = opt("Flows of the network.")
    ingress: CiliumIngress | None = opt("Cilium as Ingress controller.")
    gateway_api: CiliumGatewayApi | None = opt("Cilium as Gateway API controller.", key="gatewayAPI")
