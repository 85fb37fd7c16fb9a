"""Add-ons: those that have a section of their own, and those that the user brings."""

from typing import Any, Literal

from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.types import Bool, Count, Int, Quantity, Sha256


class HelmChart(SpecModel):
    """A Helm chart to install."""

    chart: str = req("Name of the chart in its repository, or its whole oci:// address.")
    repo: str | None = opt("Address of the chart's repository.")
    release: str | None = opt("Name of the release; the add-on's by default.")
    version: str = req("Version of the chart; pinned, so that a preview never moves by itself.")
    namespace: str | None = opt("Namespace of the release; kube-system by default.")
    create_namespace: Bool | None = opt("Create the namespace.")
    values: dict[str, Any] | None = opt("Values of the chart.")
    skip_crds: Bool | None = opt("Leave the chart's custom resource definitions out.", key="skipCRDs")
    wait: Bool | None = opt("Wait until its pods are ready; true by default.")
    timeout: Count | None = opt("Seconds to wait for it; 600 by default.")


class ManifestSource(SpecModel):
    """Where the Kubernetes objects of an add-on come from: exactly one of inline, file and url."""

    inline: str | None = opt("YAML text of the objects.")
    file: str | None = opt("Path of a YAML file, relative to the cluster's manifest.")
    url: str | None = opt("Address of a YAML file; needs sha256.")
    sha256: Sha256 | None = opt("Digest of what the address must give.")
    namespace: str | None = opt("Namespace of objects that name none; default by default.")
    create_namespace: Bool | None = opt("Create the namespace.")


class Addon(SpecModel):
    """An add-on of your own: a manifest, a Helm chart or Python code."""

    name: str | None = opt("Unique name; other add-ons name it in after.")
    manifest: str | ManifestSource | None = opt("Address of a YAML file (as in kops), or where the objects come from.")
    helm: HelmChart | None = opt("Helm chart to install (an extension of kops_pulumi).")
    python: str | None = opt(
        "package.module:function that is called with the cluster and makes resources (an extension of kops_pulumi)."
    )
    after: list[str] | None = opt("Names of add-ons that come first (an extension of kops_pulumi).")


class NodeLocalDns(SpecModel):
    """A DNS cache on every machine."""

    enabled: Bool | None = opt("Run the cache.")
    external_core_file: str | None = opt("The whole Corefile, instead of the generated one.")
    additional_config: str | None = opt("Text added to the generated Corefile.")
    image: str | None = opt("Container image to use instead of the default.")
    local_ip: str | None = opt("Address of the cache; 169.254.20.10 by default.", key="localIP")
    forward_to_kube_dns: Bool | None = opt("Send external names through the cluster's DNS too.", key="forwardToKubeDNS")
    memory_request: Quantity | None = opt("Memory request of the pod.")
    cpu_request: Quantity | None = opt("CPU request of the pod.")
    pod_annotations: dict[str, str] | None = opt("Annotations of its pods.")


class KubeDns(SpecModel):
    """The cluster's DNS server."""

    cache_max_size: Count | None = opt("Entries of the cache; 1000 by default.")
    cache_max_concurrent: Count | None = opt("Concurrent upstream queries; 150 by default.")
    tolerations: list[dict[str, Any]] | None = opt("Kubernetes tolerations of its pods.")
    affinity: dict[str, Any] | None = opt("Kubernetes affinity of its pods.")
    core_dns_image: str | None = opt("CoreDNS image to use instead of the default.", key="coreDNSImage")
    cpa_image: str | None = opt("Image of the proportional autoscaler.", key="cpaImage")
    domain: str | None = opt("DNS domain that it serves; the cluster's by default.")
    external_core_file: str | None = opt("The whole Corefile, instead of the generated one.")
    image: str | None = opt("Old name of the image.", dead="set kubeDNS.coreDNSImage")
    replicas: Count | None = opt("Old number of replicas.", dead="the proportional autoscaler decides")
    provider: Literal["CoreDNS", "KubeDNS"] | None = opt("CoreDNS.")
    server_ip: str | None = opt("Service address; the tenth of the service range by default.", key="serverIP")
    stub_domains: dict[str, list[str]] | None = opt("Servers of single domains.")
    upstream_nameservers: list[str] | None = opt("Servers for all other names.")
    memory_request: Quantity | None = opt("Memory request of the pod.")
    cpu_request: Quantity | None = opt("CPU request of the pod.")
    memory_limit: Quantity | None = opt("Memory limit of the pod.")
    pod_annotations: dict[str, str] | None = opt("Annotations of its pods.")
    node_local_dns: NodeLocalDns | None = opt("A DNS cache on every machine.", key="nodeLocalDNS")


class ExternalDns(SpecModel):
    """The controller that publishes names of Services and Ingresses."""

    disable: Bool | None = opt("Old switch.", dead="set externalDns.provider: none")
    watch_ingress: Bool | None = opt("Publish Ingresses too.")
    watch_namespace: str | None = opt("Only this namespace.")
    provider: Literal["dns-controller", "external-dns", "none"] | None = opt(
        "Which controller; dns-controller by default."
    )
    priority_class_name: str | None = opt("Priority class of the pod.")


class NodeTerminationHandler(SpecModel):
    """Drains machines that AWS is about to take away."""

    delete_sqs_msg_if_node_not_found: Bool | None = opt(
        "Drop messages about unknown machines.", key="deleteSQSMsgIfNodeNotFound"
    )
    enabled: Bool | None = opt("Install it; true by default.")
    enable_spot_interruption_draining: Bool | None = opt("Drain on spot interruptions; true by default.")
    enable_scheduled_event_draining: Bool | None = opt("Drain on scheduled events; true by default.")
    enable_rebalance_monitoring: Bool | None = opt("Cordon on rebalance recommendations.")
    enable_rebalance_draining: Bool | None = opt("Drain on rebalance recommendations.")
    enable_out_of_service_taint: Bool | None = opt("Taint lost machines as out of service.")
    prometheus_enable: Bool | None = opt("Serve metrics.")
    enable_sqs_termination_draining: Bool | None = opt(
        "Listen to a queue (true, the default) or run on every machine.", key="enableSQSTerminationDraining"
    )
    exclude_from_load_balancers: Bool | None = opt("Take a machine out of load balancers first; true by default.")
    managed_asg_tag: str | None = opt(
        "Tag of watched groups.", key="managedASGTag", dead="the queue serves this cluster only"
    )
    pod_termination_grace_period: Int | None = opt("Seconds for pods to end; -1 for their own.")
    taint_node: Bool | None = opt("Taint machines that are drained.")
    memory_limit: Quantity | None = opt("Memory limit of the pod.")
    memory_request: Quantity | None = opt("Memory request of the pod.")
    cpu_request: Quantity | None = opt("CPU request of the pod.")
    version: str | None = opt("Version of the handler.")
    webhook_template: str | None = opt("Text of messages to the webhook.")
    webhook_url: str | None = opt("Where to report drains.", key="webhookURL")


class NodeProblemDetector(SpecModel):
    """Reports problems of machines as conditions and events."""

    enabled: Bool | None = opt("Install it.")
    image: str | None = opt("Container image to use instead of the default.")
    memory_request: Quantity | None = opt("Memory request of the pod.")
    cpu_request: Quantity | None = opt("CPU request of the pod.")
    memory_limit: Quantity | None = opt("Memory limit of the pod.")
    cpu_limit: Quantity | None = opt("CPU limit of the pod.")


class MetricsServer(SpecModel):
    """Serves the resource metrics API."""

    enabled: Bool | None = opt("Install it.")
    image: str | None = opt("Container image to use instead of the default.")
    insecure: Bool | None = opt("Do not verify kubelet certificates; false needs cert-manager.")


class CertManager(SpecModel):
    """Issues certificates inside the cluster."""

    enabled: Bool | None = opt("cert-manager is there.")
    managed: Bool | None = opt("We install it (the default); false when you do.")
    image: str | None = opt("Container image to use instead of the default.")
    default_issuer: str | None = opt("Issuer of Ingresses that name none.")
    nameservers: list[str] | None = opt("DNS servers that check challenges.")
    hosted_zone_ids: list[str] | None = opt(
        "Hosted zones it may edit; needs service-account roles.", key="hostedZoneIDs"
    )
    feature_gates: dict[str, Bool] | None = opt("Feature gates of cert-manager.")


class LoadBalancerController(SpecModel):
    """AWS Load Balancer Controller."""

    enabled: Bool | None = opt("Install it; needs cert-manager.")
    version: str | None = opt("Version of the controller.")
    enable_waf: Bool | None = opt("Let it attach WAF classic.", key="enableWAF")
    enable_waf_v2: Bool | None = opt("Let it attach WAF v2.", key="enableWAFv2")
    enable_shield: Bool | None = opt("Let it switch Shield on.")
    cpu_request: Quantity | None = opt("CPU request of the pod.")
    cpu_limit: Quantity | None = opt("CPU limit of the pod.")
    memory_request: Quantity | None = opt("Memory request of the pod.")
    memory_limit: Quantity | None = opt("Memory limit of the pod.")


class SnapshotController(SpecModel):
    """Volume snapshots."""

    enabled: Bool | None = opt("Install it; needs cert-manager and a CSI driver.")
    install_default_class: Bool | None = opt("Create a default VolumeSnapshotClass.")


class ClusterAutoscaler(SpecModel):
    """Changes the size of instance groups with the load."""

    enabled: Bool | None = opt("Install it.")
    expander: Literal["random", "least-waste", "most-pods", "price", "priority"] | None = opt(
        "How it chooses a group; random by default, price only on GCE."
    )
    balance_similar_node_groups: Bool | None = opt("Keep groups with equal machines at equal sizes.")
    emit_per_nodegroup_metrics: Bool | None = opt("Serve metrics of every group.")
    aws_use_static_instance_list: Bool | None = opt("Use the built-in list of instance types (AWS).")
    ignore_daemon_sets_utilization: Bool | None = opt("Leave DaemonSets out of a machine's load.")
    scale_down_utilization_threshold: str | None = opt("Load below which a machine may go; 0.5 by default.")
    skip_nodes_with_custom_controller_pods: Bool | None = opt("Keep machines with pods of unknown controllers.")
    skip_nodes_with_system_pods: Bool | None = opt("Keep machines with kube-system pods.")
    skip_nodes_with_local_storage: Bool | None = opt("Keep machines whose pods use local storage.")
    new_pod_scale_up_delay: str | None = opt("How long a new pod must wait before a machine is added; 0s by default.")
    scale_down_delay_after_add: str | None = opt("Rest after a machine was added; 10m by default.")
    scale_down_unneeded_time: str | None = opt("How long a machine must be idle; 10m by default.")
    scale_down_unready_time: str | None = opt("How long a broken machine stays; 20m by default.")
    cordon_node_before_terminating: Bool | None = opt("Cordon a machine before it goes.")
    image: str | None = opt("Container image to use instead of the default.")
    memory_request: Quantity | None = opt("Memory request of the pod.")
    cpu_request: Quantity | None = opt("CPU request of the pod.")
    max_node_provision_time: str | None = opt("How long a machine may take to join; 15m by default.")
    pod_annotations: dict[str, str] | None = opt("Annotations of its pods.")
    create_priority_expander_config: Bool | None = opt("Write the priority expander's ConfigMap; true by default.")
    custom_priority_expander_config: dict[str, list[str]] | None = opt(
        "Patterns of group names by priority, instead of the groups' autoscalePriority."
    )


class Karpenter(SpecModel):
    """Makes machines of the right type for pending pods (AWS)."""

    enabled: Bool | None = opt("Install it; needs service-account roles.")
    log_encoding: str | None = opt("Format of the log.", key="logEncoding")
    log_level: str | None = opt("Log level.")
    image: str | None = opt("Container image to use instead of the default.")
    feature_gates: str | None = opt("Comma list of Name=bool.")
    memory_limit: Quantity | None = opt("Memory limit of the pod.")
    memory_request: Quantity | None = opt("Memory request of the pod; 1Gi by default.")
    cpu_request: Quantity | None = opt("CPU request of the pod; 500m by default.")
