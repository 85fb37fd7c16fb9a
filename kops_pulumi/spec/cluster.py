"""The Cluster document: everything that is said once for the whole cluster."""

from typing import Any, Literal

from kops_pulumi.spec.access import ApiAccess
from kops_pulumi.spec.addons import (
    Addon,
    CertManager,
    ClusterAutoscaler,
    ExternalDns,
    Karpenter,
    KubeDns,
    LoadBalancerController,
    MetricsServer,
    NodeProblemDetector,
    NodeTerminationHandler,
    SnapshotController,
)
from kops_pulumi.spec.apiserver import KubeApiServer
from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.cloud import CloudConfig
from kops_pulumi.spec.containerd import Containerd
from kops_pulumi.spec.controllers import CloudControllerManager, KubeControllerManager, KubeProxy, KubeScheduler
from kops_pulumi.spec.etcd import EtcdCluster
from kops_pulumi.spec.identity import (
    Authentication,
    Authorization,
    Iam,
    NodeAuthorization,
    PodIdentityWebhook,
    ServiceAccountIssuerDiscovery,
)
from kops_pulumi.spec.kubelet import Kubelet
from kops_pulumi.spec.meta import ObjectMeta
from kops_pulumi.spec.networking import Networking
from kops_pulumi.spec.nodes import Assets, FileAsset, Hook, Ntp, RollingUpdate, Target, UpdatePolicy, WarmPool
from kops_pulumi.spec.topology import EgressProxy, Subnet, Topology
from kops_pulumi.spec.types import Arn, Bool, Cidr, Release, Source

CloudName = Literal["aws", "gce", "openstack", "vsphere"]
PolicyRole = Literal["master", "control-plane", "node", "bastion", "apiserver"]


class ClusterSpec(SpecModel):
    """A cluster: identity, network, access, permissions, etcd, components and add-ons."""

    # Identity, state and versions
    channel: str | None = opt("Source of recommended versions: stable, alpha, none, or an address.")
    addons: list[Addon] | None = opt("Add-ons of your own: manifests, Helm charts, Python code.")
    config_base: str | None = opt("Object-store path of the cluster's files, such as s3://bucket/cluster.")
    config_store: str | None = opt("Old name.", dead="set configBase")
    cloud_provider: CloudName = req("aws, gce, openstack or vsphere.")
    container_runtime: Literal["containerd", "docker"] | None = opt(
        "containerd.", dead="containerd is the only runtime"
    )
    kubernetes_version: Release | None = opt("Kubernetes version with or without v, or the address of a build.")
    secret_store: str | None = opt("Object-store path of secrets; <configBase>/secrets by default.")
    key_store: str | None = opt("Object-store path of keys; <configBase>/pki by default.")
    project: str | None = opt("Project of the cloud account (GCE).")
    protect: Bool | None = opt(
        "true: `delete cluster` refuses; false: etcd volumes and keys are not protected in the engine either; absent: "
        "the engine protects them and `delete cluster --yes` lifts that (an extension of kops_pulumi)."
    )

    # Cluster network
    subnets: list[Subnet] | None = opt("The subnets, new or shared.")
    network_cidr: Cidr | None = opt("IPv4 range of the network; 172.20.0.0/16 by default on AWS.", key="networkCIDR")
    additional_network_cidrs: list[Cidr] | None = opt(
        "Further IPv4 ranges of the network (AWS).", key="additionalNetworkCIDRs"
    )
    network_id: str | None = opt("Existing network to adopt: vpc-…, a network's name or id.", key="networkID")
    topology: Topology | None = opt("DNS and bastion topology.")
    dns_zone: str | None = opt("Hosted zone by name or id; the longest match of the cluster's name by default.")
    dns_controller_gossip_config: dict[str, Any] | None = opt("Options of gossip DNS.", dead="gossip no longer exists")
    gossip_config: dict[str, Any] | None = opt(
        "Options of gossip DNS.", dead="gossip no longer exists; set topology.dns.type: None"
    )
    cluster_dns_domain: str | None = opt("DNS domain of Services; cluster.local by default.", key="clusterDNSDomain")
    non_masquerade_cidr: Cidr | None = opt(
        "Range of pods and Services, reached without masquerading; 100.64.0.0/10 by default.", key="nonMasqueradeCIDR"
    )
    pod_cidr: Cidr | None = opt("Range of pods; 100.96.0.0/11 by default.", key="podCIDR")
    service_cluster_ip_range: Cidr | None = opt(
        "Range of Services; 100.64.0.0/13 by default.", key="serviceClusterIPRange"
    )
    networking: Networking | None = opt("The pod network: exactly one key.")
    egress_proxy: EgressProxy | None = opt("HTTP proxy for everything that machines fetch.")

    # API endpoint and access
    api: ApiAccess | None = opt("How the Kubernetes API is reached.")
    additional_sans: list[str] | None = opt("Further names and addresses in the API's certificate.")
    master_public_name: str | None = opt("Name of the API; api.<cluster> by default.")
    master_internal_name: str | None = opt("Name of the API inside.", dead="it is always api.internal.<cluster>")
    kubernetes_api_access: list[Source] | None = opt("Who may reach the API: CIDRs or prefix lists.")
    ssh_access: list[Source] | None = opt("Who may reach SSH: CIDRs or prefix lists; nobody when empty.")
    node_port_access: list[Source] | None = opt("Who may reach NodePort Services: CIDRs or prefix lists.")
    ssh_key_name: str | None = opt("Existing key pair (AWS); empty for none.")
    isolate_masters: Bool | None = opt("Old isolation switch.", dead="security groups always separate the roles")

    # Permissions
    iam: Iam | None = opt("Cloud permissions of machines and add-ons.")
    additional_policies: dict[PolicyRole, str] | None = opt(
        "Extra IAM statements for each role, as a JSON array (AWS)."
    )
    external_policies: dict[PolicyRole, list[Arn]] | None = opt("Managed policies to attach to each role (AWS).")
    service_account_issuer_discovery: ServiceAccountIssuerDiscovery | None = opt("Publish the service-account issuer.")
    authentication: Authentication | None = opt("Extra ways to authenticate to the API.")
    authorization: Authorization | None = opt("RBAC, or everything allowed.")
    node_authorization: NodeAuthorization | None = opt(
        "The node-authorizer.", dead="nodes are authorized by their instance identity"
    )
    pod_identity_webhook: PodIdentityWebhook | None = opt("Hand service-account roles to pods (AWS).")

    # etcd and components
    etcd_clusters: list[EtcdCluster] | None = opt("etcd clusters: main and events, perhaps cilium.")
    docker: dict[str, Any] | None = opt("Options of Docker.", dead="Docker no longer exists; set containerd")
    containerd: Containerd | None = opt("The container runtime.")
    kube_dns: KubeDns | None = opt("The cluster's DNS server.", key="kubeDNS")
    kube_api_server: KubeApiServer | None = opt("Options of the API server.", key="kubeAPIServer")
    kube_controller_manager: KubeControllerManager | None = opt("Options of kube-controller-manager.")
    cloud_controller_manager: CloudControllerManager | None = opt("Options of the cloud's controller.")
    kube_scheduler: KubeScheduler | None = opt("Options of kube-scheduler.")
    kube_proxy: KubeProxy | None = opt("Options of kube-proxy.")
    kubelet: Kubelet | None = opt("Options of the node agent everywhere.")
    master_kubelet: Kubelet | None = opt("Options of the node agent on control planes, over kubelet.")
    cloud_config: CloudConfig | None = opt("Options that one cloud understands.")
    encryption_config: Bool | None = opt("Encrypt Secrets in etcd; needs the secret encryptionconfig.")

    # Machines
    file_assets: list[FileAsset] | None = opt("Files of your own on machines.")
    hooks: list[Hook] | None = opt("systemd units of your own on machines.")
    packages: list[str] | None = opt("Extra packages of the distribution.")
    sysctl_parameters: list[str] | None = opt("Kernel parameters, as key=value.")
    ntp: Ntp | None = opt("Time synchronisation.")
    update_policy: UpdatePolicy | None = opt("automatic (the default) or external updates of the operating system.")
    use_host_certificates: Bool | None = opt("Give control-plane containers the machine's CA certificates.")
    assets: Assets | None = opt("Mirrors for everything that machines download.")
    cloud_labels: dict[str, str] | None = opt("Tags or labels of every resource.")
    disable_subnet_tags: Bool | None = opt("Do not tag shared subnets (AWS).", key="DisableSubnetTags")
    target: Target | None = opt("Options of an output format.")
    rolling_update: RollingUpdate | None = opt("How machines are replaced when their group changes.")
    warm_pool: WarmPool | None = opt("Pre-initialised machines for groups of nodes (AWS).")

    # Add-ons with a section of their own
    external_dns: ExternalDns | None = opt("Publish names of Services and Ingresses.")
    cluster_autoscaler: ClusterAutoscaler | None = opt("Change the size of groups with the load.")
    karpenter: Karpenter | None = opt("Make machines of the right type for pending pods (AWS).")
    node_termination_handler: NodeTerminationHandler | None = opt("Drain machines that AWS is about to take away.")
    node_problem_detector: NodeProblemDetector | None = opt("Report problems of machines.")
    metrics_server: MetricsServer | None = opt("Serve the resource metrics API.")
    cert_manager: CertManager | None = opt("Issue certificates inside the cluster.")
    aws_load_balancer_controller: LoadBalancerController | None = opt("AWS Load Balancer Controller.")
    snapshot_controller: SnapshotController | None = opt("Volume snapshots.")


class Cluster(SpecModel):
    """A Cluster document."""

    api_version: Literal["kops.k8s.io/v1alpha2"] = req("kops.k8s.io/v1alpha2.")
    kind: Literal["Cluster"] = req("Cluster.")
    metadata: ObjectMeta = req("Name of the cluster: its DNS name.")
    spec: ClusterSpec = req("The cluster.")
