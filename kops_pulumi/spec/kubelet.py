"""`kubelet`, `masterKubelet` and an instance group's `kubelet`: one set of options, the most specific wins."""

from typing import Literal

from kops_pulumi.spec.apiserver import LogFormat, TlsVersion
from kops_pulumi.spec.base import SpecModel, opt
from kops_pulumi.spec.types import Bool, Count, Duration, Int, Percent, Quantity

_GONE = "the kubelet has no such option any more; remove it"
_RUNTIME = "it belonged to Docker; remove it"


class KubeletDropped(SpecModel):
    """Flags of old kubelets, still found in manifests; none has an effect."""

    api_servers: str | None = opt("Addresses of the API.", dead="the kubeconfig says where the API is; remove it")
    require_kubeconfig: Bool | None = opt("Insist on a kubeconfig.", dead=_GONE)
    allow_privileged: Bool | None = opt("Allow privileged containers.", dead=_GONE)
    network_plugin_name: str | None = opt("Network plug-in.", dead="spec.networking decides; remove it")
    network_plugin_mtu: Count | None = opt("MTU of pods.", key="networkPluginMTU", dead=_GONE)
    system_cgroups: str | None = opt("Cgroup of system processes.", dead=_GONE)
    configure_cbr0: Bool | None = opt("Set the bridge up.", key="configureCbr0", dead=_GONE)
    babysit_daemons: Bool | None = opt("Restart daemons.", dead=_GONE)
    nvidia_gpus: Count | None = opt("Number of GPUs.", key="nvidiaGPUs", dead="set containerd.nvidiaGPU")
    reconcile_cidr: Bool | None = opt("Follow the node's range.", key="reconcileCIDR", dead=_GONE)
    non_masquerade_cidr: str | None = opt(
        "Range without masquerading.", key="nonMasqueradeCIDR", dead="set spec.nonMasqueradeCIDR"
    )
    enable_custom_metrics: Bool | None = opt("Gather custom metrics.", dead=_GONE)
    image_pull_progress_deadline: Duration | None = opt("Patience with image pulls.", dead=_RUNTIME)
    docker_disable_shared_pid: Bool | None = opt(
        "Separate process spaces.", key="dockerDisableSharedPID", dead=_RUNTIME
    )
    enable_cadvisor_json_endpoints: Bool | None = opt("Old statistics.", dead=_GONE)
    experimental_allocatable_ignore_eviction: Bool | None = opt("Old reservation rule.", dead=_GONE)
    experimental_allowed_unsafe_sysctls: list[str] | None = opt("Old name.", dead="set allowedUnsafeSysctls")
    cgroup_driver: str | None = opt("Who manages cgroups.", dead="it is always systemd; remove it")


class Kubelet(KubeletDropped):
    """The node agent."""

    anonymous_auth: Bool | None = opt("Answer anonymous requests; false by default.")
    authorization_mode: str | None = opt("Webhook (the default) or AlwaysAllow.")
    bootstrap_kubeconfig: str | None = opt("Path of the kubeconfig used to join.")
    client_ca_file: str | None = opt("CA of clients.")
    tls_cert_file: str | None = opt("Serving certificate.")
    tls_private_key_file: str | None = opt("Serving key.")
    tls_cipher_suites: list[str] | None = opt("Cipher suites to offer.")
    tls_min_version: TlsVersion | None = opt("Oldest TLS version to offer.")
    kubeconfig_path: str | None = opt("Path of the kubeconfig.")
    log_format: LogFormat | None = opt("Format of the log.")
    log_level: Count | None = opt("Verbosity; 2 by default.")
    pod_manifest_path: str | None = opt("Directory of static pods.")
    hostname_override: str | None = opt("Name of the node.")
    pod_infra_container_image: str | None = opt("Image of the pause container.")
    seccomp_default: Bool | None = opt("Use the runtime's seccomp profile where a pod names none.")
    seccomp_profile_root: str | None = opt("Directory of seccomp profiles.")
    enable_debugging_handlers: Bool | None = opt("Serve logs, exec and port-forward.")
    register_node: Bool | None = opt("Register with the API.")
    node_status_update_frequency: Duration | None = opt("Time between two status reports.")
    cluster_domain: str | None = opt("DNS domain of the cluster.")
    cluster_dns: str | None = opt("Address of the cluster's DNS server.", key="clusterDNS")
    cloud_provider: str | None = opt("external; empty on bare metal.")
    kubelet_cgroups: str | None = opt("Cgroup of the kubelet.")
    runtime_cgroups: str | None = opt("Cgroup of the container runtime.")
    read_only_port: Count | None = opt("Port without authentication; 0 for none.")
    cgroup_root: str | None = opt("Root of pods' cgroups; / by default.")
    hairpin_mode: str | None = opt("How a pod reaches itself through a Service.")
    max_pods: Count | None = opt("Pods of a node; 110 by default.")
    pod_cidr: str | None = opt("Range of pods of a standalone node.", key="podCIDR")
    resolv_conf: str | None = opt("Path of the resolver's configuration.", key="resolvConf")
    register_schedulable: Bool | None = opt("Register without the unschedulable taint.")
    serialize_image_pulls: Bool | None = opt("Pull one image at a time.")
    max_parallel_image_pulls: Count | None = opt("Images pulled at once.")
    node_labels: dict[str, str] | None = opt("Labels of the node.")
    image_gc_high_threshold_percent: Percent | None = opt(
        "Disk use at which images are removed.", key="imageGCHighThresholdPercent"
    )
    image_gc_low_threshold_percent: Percent | None = opt(
        "Disk use down to which images are removed.", key="imageGCLowThresholdPercent"
    )
    image_minimum_gc_age: Duration | None = opt("Age before an unused image may go.", key="imageMinimumGCAge")
    image_maximum_gc_age: Duration | None = opt("Age at which an unused image goes.", key="imageMaximumGCAge")
    eviction_hard: str | None = opt("Comma list of thresholds that evict at once.")
    eviction_soft: str | None = opt("Comma list of thresholds that evict after a grace period.")
    eviction_soft_grace_period: str | None = opt("Grace periods of those thresholds.")
    eviction_pressure_transition_period: Duration | None = opt("Time before a pressure condition goes.")
    eviction_max_pod_grace_period: Count | None = opt("Longest grace period of an evicted pod, in seconds.")
    eviction_minimum_reclaim: str | None = opt("How much an eviction must free.")
    volume_plugin_directory: str | None = opt("Directory of volume plug-ins.")
    taints: list[str] | None = opt("Taints of the node, as key=value:Effect.")
    feature_gates: dict[str, str] | None = opt('Feature gates: name to "true" or "false".')
    kernel_memcg_notification: Bool | None = opt("Let the kernel report memory thresholds.")
    kube_reserved: dict[str, Quantity] | None = opt("Resources kept for Kubernetes processes.")
    kube_reserved_cgroup: str | None = opt("Cgroup of Kubernetes processes.")
    system_reserved: dict[str, Quantity] | None = opt("Resources kept for system processes.")
    system_reserved_cgroup: str | None = opt("Cgroup of system processes.")
    enforce_node_allocatable: str | None = opt("Comma list of levels: pods, system-reserved, kube-reserved.")
    runtime_request_timeout: Duration | None = opt("How long the runtime may take.")
    volume_stats_agg_period: Duration | None = opt("Time between two looks at volumes.")
    fail_swap_on: Bool | None = opt("Refuse to start with swap.")
    memory_swap_behavior: Literal["LimitedSwap", "UnlimitedSwap"] | None = opt("How pods may use swap.")
    allowed_unsafe_sysctls: list[str] | None = opt("Sysctls that pods may set.")
    streaming_connection_idle_timeout: Duration | None = opt("Idle time of exec and port-forward.")
    root_dir: str | None = opt("Directory of the kubelet's files.")
    authentication_token_webhook: Bool | None = opt("Check tokens with the API.")
    authentication_token_webhook_cache_ttl: Duration | None = opt("How long its answers are kept.")
    cpu_cfs_quota: Bool | None = opt("Enforce CPU limits.", key="cpuCFSQuota")
    cpu_cfs_quota_period: Duration | None = opt("Period of CPU limits.", key="cpuCFSQuotaPeriod")
    cpu_manager_policy: str | None = opt("none or static.")
    registry_pull_qps: Int | None = opt("Image pulls a second.", key="registryPullQPS")
    registry_burst: Count | None = opt("Burst of image pulls.")
    topology_manager_policy: Literal["none", "best-effort", "restricted", "single-numa-node"] | None = opt(
        "How devices and CPUs are aligned."
    )
    rotate_certificates: Bool | None = opt("Renew the client certificate.")
    protect_kernel_defaults: Bool | None = opt("Refuse to start when kernel settings differ; true by default.")
    housekeeping_interval: Duration | None = opt("Time between two looks at containers.")
    event_qps: Int | None = opt("Events a second.", key="eventQPS")
    event_burst: Count | None = opt("Burst of events.")
    event_record_qps: Int | None = opt("Events a second (configuration file).", key="eventRecordQPS")
    container_log_max_size: str | None = opt("Size at which a container's log turns over.")
    container_log_max_files: Count | None = opt("Log files of a container.")
    pod_pids_limit: Int | None = opt("Processes of a pod.")
    shutdown_grace_period: Duration | None = opt("Time for pods when the machine goes down; 30s by default.")
    shutdown_grace_period_critical_pods: Duration | None = opt("Part of it for critical pods; 10s by default.")
    crash_loop_back_off_max_container_restart_period: Duration | None = opt("Longest wait before a restart.")
    node_lease_duration_seconds: Count | None = opt("Seconds that the node's lease lasts.")
    kube_api_qps: Int | None = opt("Requests a second to the API.", key="kubeAPIQPS")
    kube_api_burst: Count | None = opt("Burst of requests to the API.", key="kubeAPIBurst")
