"""Control-plane processes beside the API server, and kube-proxy."""

from typing import Literal

from kops_pulumi.spec.apiserver import LogFormat, TlsVersion
from kops_pulumi.spec.base import SpecModel, opt
from kops_pulumi.spec.types import Bool, Count, Duration, Int, Quantity

_CLOUD = "every cluster uses an external cloud controller; remove it"
_MASTER = "the kubeconfig says where the API is; remove it"
_GONE = "Kubernetes dropped the flag; remove it"


class LeaderElection(SpecModel):
    """How replicas agree on one that works."""

    leader_elect: Bool | None = opt("Elect a leader; true by default.")
    leader_elect_lease_duration: Duration | None = opt("How long a leader that is silent stays.")
    leader_elect_renew_deadline: Duration | None = opt("How long a leader tries to renew.")
    leader_elect_resource_lock: str | None = opt("Kind of the lock object; leases.")
    leader_elect_resource_name: str | None = opt("Name of the lock object.")
    leader_elect_resource_namespace: str | None = opt("Namespace of the lock object.")
    leader_elect_retry_period: Duration | None = opt("Time between two tries.")


class KubeControllerManager(SpecModel):
    """kube-controller-manager."""

    master: str | None = opt("Address of the API.", dead=_MASTER)
    log_format: LogFormat | None = opt("Format of the log.")
    log_level: Count | None = opt("Verbosity; 2 by default.")
    service_account_private_key_file: str | None = opt("Key that signs service-account tokens.")
    image: str | None = opt("Container image to use instead of the default.")
    cloud_provider: str | None = opt("In-tree cloud.", dead=_CLOUD)
    cluster_name: str | None = opt("Name of the cluster.")
    cluster_cidr: str | None = opt("Range of pods.", key="clusterCIDR")
    allocate_node_cidrs: Bool | None = opt("Give each node a range of pods.", key="allocateNodeCIDRs")
    node_cidr_mask_size: Int | None = opt("Prefix length of a node's range.", key="nodeCIDRMaskSize")
    configure_cloud_routes: Bool | None = opt("Keep routes to nodes' ranges in the cloud.")
    controllers: list[str] | None = opt("Controllers to run (*) or leave out (-name).")
    cidr_allocator_type: str | None = opt("RangeAllocator or CloudAllocator.", key="cidrAllocatorType")
    root_ca_file: str | None = opt("CA published to service accounts.", key="rootCAFile")
    leader_election: LeaderElection | None = opt("How replicas agree on a leader.")
    attach_detach_reconcile_sync_period: Duration | None = opt("Time between two checks of volumes; 1m by default.")
    disable_attach_detach_reconcile_sync: Bool | None = opt("Do not check volumes.")
    terminated_pod_gc_threshold: Count | None = opt("Ended pods before the oldest go.", key="terminatedPodGCThreshold")
    node_monitor_period: Duration | None = opt("Time between two looks at nodes.")
    node_monitor_grace_period: Duration | None = opt("Silence before a node counts as unhealthy.")
    pod_eviction_timeout: Duration | None = opt("Time before pods leave a bad node.", dead=_GONE)
    use_service_account_credentials: Bool | None = opt("One service account for each controller; true by default.")
    horizontal_pod_autoscaler_sync_period: Duration | None = opt("Time between two looks of the autoscaler.")
    horizontal_pod_autoscaler_downscale_delay: Duration | None = opt("Old delay.", dead=_GONE)
    horizontal_pod_autoscaler_downscale_stabilization: Duration | None = opt("Time looked back before scaling down.")
    horizontal_pod_autoscaler_upscale_delay: Duration | None = opt("Old delay.", dead=_GONE)
    horizontal_pod_autoscaler_initial_readiness_delay: Duration | None = opt("Time in which readiness may flap.")
    horizontal_pod_autoscaler_cpu_initialization_period: Duration | None = opt(
        "Time in which CPU samples may be skipped."
    )
    horizontal_pod_autoscaler_tolerance: Quantity | None = opt("Change that is too small to act on.")
    horizontal_pod_autoscaler_use_rest_clients: Bool | None = opt("Old switch.", dead=_GONE)
    experimental_cluster_signing_duration: Duration | None = opt("Old name.", dead="set ClusterSigningDuration")
    cluster_signing_duration: Duration | None = opt("Lifetime of signed certificates.", key="ClusterSigningDuration")
    feature_gates: dict[str, str] | None = opt('Feature gates: name to "true" or "false".')
    tls_cert_file: str | None = opt("Serving certificate.")
    tls_cipher_suites: list[str] | None = opt("Cipher suites to offer.")
    tls_min_version: TlsVersion | None = opt("Oldest TLS version to offer.")
    tls_private_key_file: str | None = opt("Serving key.")
    min_resync_period: str | None = opt("Time between two full passes.")
    kube_api_qps: Quantity | None = opt("Requests a second to the API.", key="kubeAPIQPS")
    kube_api_burst: Count | None = opt("Burst of requests to the API.", key="kubeAPIBurst")
    concurrent_deployment_syncs: Count | None = opt("Deployments handled at once.")
    concurrent_endpoint_syncs: Count | None = opt("Endpoints handled at once.")
    concurrent_namespace_syncs: Count | None = opt("Namespaces handled at once.")
    concurrent_replicaset_syncs: Count | None = opt("ReplicaSets handled at once.")
    concurrent_service_syncs: Count | None = opt("Services handled at once.")
    concurrent_resource_quota_syncs: Count | None = opt("Quotas handled at once.")
    concurrent_serviceaccount_token_syncs: Count | None = opt("Token secrets handled at once.")
    concurrent_rc_syncs: Count | None = opt("ReplicationControllers handled at once.")
    concurrent_horizontal_pod_autoscaler_syncs: Count | None = opt(
        "Autoscalers handled at once (kops's own spelling).", key="concurrentHorizontalPodAustoscalerSyncs"
    )
    concurrent_job_syncs: Count | None = opt("Jobs handled at once.")
    authentication_kubeconfig: str | None = opt("Kubeconfig that checks tokens.")
    authorization_kubeconfig: str | None = opt("Kubeconfig that checks permissions.")
    authorization_always_allow_paths: list[str] | None = opt("Paths served to anyone.")
    external_cloud_volume_plugin: str | None = opt("Volume plug-in of the external cloud controller.")
    cpu_request: Quantity | None = opt("CPU request; 100m by default.")
    cpu_limit: Quantity | None = opt("CPU limit.")
    memory_request: Quantity | None = opt("Memory request.")
    memory_limit: Quantity | None = opt("Memory limit.")
    endpoint_updates_batch_period: Duration | None = opt("Time over which endpoint changes are gathered.")
    endpoint_slice_updates_batch_period: Duration | None = opt("Time over which slice changes are gathered.")
    enable_profiling: Bool | None = opt("Serve profiles.")
    enable_contention_profiling: Bool | None = opt("Serve profiles of locks.")
    enable_leader_migration: Bool | None = opt("Hand controllers over to the cloud controller.")


class CloudControllerManager(SpecModel):
    """The cloud's own controller, present in every cluster."""

    master: str | None = opt("Address of the API.", dead=_MASTER)
    log_level: Count | None = opt("Verbosity; 2 by default.")
    image: str | None = opt("Container image to use instead of the default.")
    cloud_provider: str | None = opt("Name of the cloud, as the controller knows it.")
    cluster_name: str | None = opt("Name of the cluster.")
    allow_untagged_cloud: Bool | None = opt("Work with untagged resources.")
    cluster_cidr: str | None = opt("Range of pods.", key="clusterCIDR")
    allocate_node_cidrs: Bool | None = opt("Give each node a range of pods.", key="allocateNodeCIDRs")
    configure_cloud_routes: Bool | None = opt("Keep routes to nodes' ranges in the cloud.")
    controllers: list[str] | None = opt("Controllers to run (*) or leave out (-name).")
    cidr_allocator_type: str | None = opt("RangeAllocator or CloudAllocator.", key="cidrAllocatorType")
    leader_election: LeaderElection | None = opt("How replicas agree on a leader.")
    use_service_account_credentials: Bool | None = opt("One service account for each controller.")
    enable_leader_migration: Bool | None = opt("Take controllers over from kube-controller-manager.")
    cpu_request: Quantity | None = opt("CPU request; 200m by default.")
    node_status_update_frequency: Duration | None = opt("Time between two updates of nodes; 60m on OpenStack.")
    concurrent_node_syncs: Count | None = opt("Nodes handled at once.")
    azure_node_manager_image: str | None = opt("Image of Azure's node manager.", dead="Azure is not supported")


class KubeScheduler(SpecModel):
    """kube-scheduler; a KubeSchedulerConfiguration document of the same file is merged in."""

    master: str | None = opt("Address of the API.", dead=_MASTER)
    log_format: LogFormat | None = opt("Format of the log.")
    log_level: Count | None = opt("Verbosity; 2 by default.")
    image: str | None = opt("Container image to use instead of the default.")
    leader_election: LeaderElection | None = opt("How replicas agree on a leader.")
    use_policy_config_map: Bool | None = opt("Old policy.", dead="add a KubeSchedulerConfiguration document")
    feature_gates: dict[str, str] | None = opt('Feature gates: name to "true" or "false".')
    max_persistent_volumes: Count | None = opt("Volumes that a node may attach.")
    qps: Quantity | None = opt("Requests a second to the API.")
    burst: Count | None = opt("Burst of requests to the API.")
    kube_api_qps: Quantity | None = opt("Requests a second to the API (flag).", key="kubeAPIQPS")
    kube_api_burst: Count | None = opt("Burst of requests to the API (flag).", key="kubeAPIBurst")
    authentication_kubeconfig: str | None = opt("Kubeconfig that checks tokens.")
    authorization_kubeconfig: str | None = opt("Kubeconfig that checks permissions.")
    authorization_always_allow_paths: list[str] | None = opt("Paths served to anyone.")
    enable_profiling: Bool | None = opt("Serve profiles.")
    enable_contention_profiling: Bool | None = opt("Serve profiles of locks.")
    tls_cert_file: str | None = opt("Serving certificate.")
    tls_private_key_file: str | None = opt("Serving key.")
    cpu_request: Quantity | None = opt("CPU request; 100m by default.")
    cpu_limit: Quantity | None = opt("CPU limit.")
    memory_request: Quantity | None = opt("Memory request.")
    memory_limit: Quantity | None = opt("Memory limit.")


class KubeProxy(SpecModel):
    """kube-proxy."""

    enabled: Bool | None = opt("Run kube-proxy; false when the network plug-in replaces it.")
    image: str | None = opt("Container image to use instead of the default.")
    cpu_request: Quantity | None = opt("CPU request; 100m by default.")
    cpu_limit: Quantity | None = opt("CPU limit.")
    memory_request: Quantity | None = opt("Memory request.")
    memory_limit: Quantity | None = opt("Memory limit.")
    log_level: Count | None = opt("Verbosity; 2 by default.")
    cluster_cidr: str | None = opt("Range of pods.", key="clusterCIDR")
    hostname_override: str | None = opt("Name of the node.")
    bind_address: str | None = opt("Address to listen on.")
    master: str | None = opt("Address of the API.", dead=_MASTER)
    metrics_bind_address: str | None = opt("Address that serves metrics.")
    proxy_mode: Literal["iptables", "ipvs", "nftables"] | None = opt("How Services are balanced; iptables by default.")
    ipvs_exclude_cidrs: list[str] | None = opt("Ranges that IPVS leaves alone.")
    ipvs_min_sync_period: Duration | None = opt("Shortest time between two updates of IPVS.")
    ipvs_scheduler: str | None = opt("Scheduler of IPVS.")
    ipvs_sync_period: Duration | None = opt("Longest time between two updates of IPVS.")
    feature_gates: dict[str, str] | None = opt('Feature gates: name to "true" or "false".')
    conntrack_max_per_core: Count | None = opt("Tracked connections for each core.")
    conntrack_min: Count | None = opt("Tracked connections at least.")
