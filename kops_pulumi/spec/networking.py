"""`networking`: exactly one pod network. Removed ones still parse, so that `resolve` can say what became of them."""

from typing import Any, Literal

from kops_pulumi.spec.base import SpecModel, opt
from kops_pulumi.spec.cilium import Cilium
from kops_pulumi.spec.etcd import EnvVar
from kops_pulumi.spec.types import Bool, Cidr, Count, Int, Quantity


class Cni(SpecModel):
    """Bring your own network plug-in."""

    uses_secondary_ip: Bool | None = opt(
        "The plug-in gives pods secondary addresses of the machine.", key="usesSecondaryIP"
    )


class Kubenet(SpecModel):
    """A bridge on each machine and routes in the cloud; no options."""


class Kopeio(SpecModel):
    """kopeio's VXLAN; no options."""


class Gce(SpecModel):
    """Alias IP ranges of GCE; no options."""


class Flannel(SpecModel):
    """Flannel."""

    backend: Literal["udp", "vxlan"] | None = opt("Encapsulation; udp when a v1alpha2 manifest does not say.")
    disable_tx_checksum_offloading: Bool | None = opt("Old workaround.", dead="kernels are fixed; remove it")
    iptables_resync_seconds: Count | None = opt("Seconds between two checks of iptables rules.")


class Calico(SpecModel):
    """Calico."""

    registry: str | None = opt("Registry of Calico's images.")
    version: str | None = opt("Calico version.")
    allow_ip_forwarding: Bool | None = opt("Let containers forward packets.", key="allowIPForwarding")
    aws_src_dst_check: Literal["Enable", "Disable", "DoNothing"] | None = opt(
        "Source/destination check of machines (AWS)."
    )
    bpf_enabled: Bool | None = opt("BPF data plane; needs kubeProxy.enabled: false.")
    bpf_external_service_mode: Literal["Tunnel", "DSR"] | None = opt("How outside traffic reaches another node's pod.")
    bpf_kube_proxy_iptables_cleanup_enabled: Bool | None = opt("Remove kube-proxy's rules.")
    bpf_log_level: str | None = opt("Log level of BPF programs.")
    chain_insert_mode: Literal["insert", "append"] | None = opt("Place of Calico's rules in the chains.")
    cpu_request: Quantity | None = opt("CPU request of the agent.")
    cross_subnet: Bool | None = opt("Old switch.", dead="set ipipMode or vxlanMode: CrossSubnet")
    encapsulation_mode: Literal["ipip", "vxlan", "none"] | None = opt("Encapsulation; none on IPv6.")
    ipip_mode: Literal["Always", "CrossSubnet", "Never"] | None = opt("When to use IP-in-IP.")
    ipv4_auto_detection_method: str | None = opt("How the node's IPv4 address is found.")
    ipv6_auto_detection_method: str | None = opt("How the node's IPv6 address is found.")
    iptables_backend: Literal["Auto", "NFT", "Legacy"] | None = opt("Which iptables to use.")
    log_severity_screen: str | None = opt("Log level of the agent.")
    mtu: Count | None = opt("MTU of pods, in bytes.")
    nftables_mode: str | None = opt("Whether to use nftables.")
    prometheus_metrics_enabled: Bool | None = opt("Serve the agent's metrics.")
    prometheus_metrics_port: Count | None = opt("Port of those metrics.")
    prometheus_go_metrics_enabled: Bool | None = opt("Include metrics of the Go runtime.")
    prometheus_process_metrics_enabled: Bool | None = opt("Include metrics of the process.")
    major_version: str | None = opt("Old choice of version.", dead="there is one major version; remove it")
    typha_prometheus_metrics_enabled: Bool | None = opt("Serve Typha's metrics.")
    typha_prometheus_metrics_port: Count | None = opt("Port of those metrics.")
    typha_replicas: Int | None = opt("Typha replicas; 0 for none.")
    vxlan_mode: Literal["Always", "CrossSubnet", "Never"] | None = opt("When to use VXLAN.")
    wireguard_enabled: Bool | None = opt("Encrypt traffic between nodes (IPv4 only).")


class Canal(SpecModel):
    """Flannel's VXLAN, with Calico for network policies; kops has it for Kubernetes before 1.28 only."""

    chain_insert_mode: Literal["insert", "append"] | None = opt("Place of Calico's rules in the chains.")
    cpu_request: Quantity | None = opt("CPU request of Calico's agent; 100m by default.")
    default_endpoint_to_host_action: Literal["ACCEPT", "DROP", "RETURN"] | None = opt(
        "What happens to packets from a pod to its machine after policies; ACCEPT by default."
    )
    disable_flannel_forward_rules: Bool | None = opt("Keep flannel from accepting all forwarded packets.")
    disable_tx_checksum_offloading: Bool | None = opt(
        "Old workaround for a kernel bug.", dead="flannel does it where it is needed; remove it"
    )
    iptables_backend: Literal["Auto", "NFT", "Legacy"] | None = opt("Which iptables to use.")
    log_severity_sys: Literal["INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL", "NONE"] | None = opt(
        "Log level of the agent for syslog."
    )
    mtu: Count | None = opt("MTU of pods, in bytes; 1400 by default.")
    prometheus_metrics_enabled: Bool | None = opt("Serve the agent's metrics.")
    prometheus_metrics_port: Count | None = opt("Port of those metrics.")
    prometheus_go_metrics_enabled: Bool | None = opt("Include metrics of the Go runtime.")
    prometheus_process_metrics_enabled: Bool | None = opt("Include metrics of the process.")
    typha_prometheus_metrics_enabled: Bool | None = opt("Serve Typha's metrics.")
    typha_prometheus_metrics_port: Count | None = opt("Port of those metrics.")
    typha_replicas: Count | None = opt("Typha replicas; 0, the default, for none.")


class KubeRouter(SpecModel):
    """kube-router."""

    use_nf_tables_for_netpol: Bool | None = opt("Enforce policies with nftables.", key="useNFTablesForNetpol")


class AmazonVpc(SpecModel):
    """The AWS VPC plug-in: pods with addresses of the VPC."""

    image_name: str | None = opt("Image of the plug-in.")
    init_image_name: str | None = opt("Image of its init container.")
    network_policy_agent_image: str | None = opt("Image of the network-policy agent.")
    env: list[EnvVar] | None = opt("Environment variables of aws-node.")


class KindnetMasquerade(SpecModel):
    """kindnet's masquerading."""

    enabled: Bool | None = opt("Masquerade traffic that leaves the cluster.")
    non_masquerade_cidrs: list[Cidr] | None = opt("Ranges reached without it.", key="nonMasqueradeCIDRs")


class Kindnet(SpecModel):
    """kindnet."""

    version: str | None = opt("kindnet version.")
    network_policies: Bool | None = opt("Enforce network policies.")
    admin_network_policies: Bool | None = opt("Enforce admin network policies.")
    baseline_admin_network_policies: Bool | None = opt("Enforce baseline admin network policies.")
    dns_caching: Bool | None = opt("Cache DNS on every machine.")
    nat64: Bool | None = opt("Reach IPv4 from IPv6 pods.")
    fast_path_threshold: Count | None = opt("Packets before a flow takes the fast path; 0 for never.")
    masquerade: KindnetMasquerade | None = opt("Masquerading.")
    log_level: Count | None = opt("Verbosity; 2 by default.")


class Networking(SpecModel):
    """The pod network: exactly one key."""

    cilium: Cilium | None = opt("Cilium, the default of new clusters.")
    calico: Calico | None = opt("Calico.")
    kindnet: Kindnet | None = opt("kindnet.")
    amazonvpc: AmazonVpc | None = opt("Pods with addresses of the VPC (AWS).")
    flannel: Flannel | None = opt("Flannel.")
    canal: Canal | None = opt("Flannel's VXLAN with Calico's network policies.")
    kuberouter: KubeRouter | None = opt("kube-router.")
    kopeio: Kopeio | None = opt("kopeio's VXLAN.")
    kubenet: Kubenet | None = opt("A bridge on each machine and routes in the cloud.")
    cni: Cni | None = opt("Bring your own plug-in.")
    gce: Gce | None = opt("Alias IP ranges (GCE).")
    classic: dict[str, Any] | None = opt("Removed: never valid in supported versions.")
    external: dict[str, Any] | None = opt("Removed: use cni.")
    weave: dict[str, Any] | None = opt("Removed with Kubernetes 1.24.")
    romana: dict[str, Any] | None = opt("Removed in kops 1.19.")
    lyftvpc: dict[str, Any] | None = opt("Removed in kops 1.23.")
