"""`cloudConfig`: options that one cloud understands. Which cloud a field belongs to is checked by `resolve`."""

from typing import Literal

from kops_pulumi.spec.base import SpecModel, opt
from kops_pulumi.spec.types import Address, Bool, Cidr, Count, Quantity

_VSPHERE = "set it in cloudConfig.vsphere"


class EbsCsiDriver(SpecModel):
    """The EBS volume driver (AWS)."""

    enabled: Bool | None = opt("Install it; true by default.")
    managed: Bool | None = opt("We install it; false when you do.")
    version: str | None = opt("Version of the driver.")
    kube_api_qps: Quantity | None = opt("Requests a second to the API.", key="kubeAPIQPS")
    kube_api_burst: Count | None = opt("Burst of requests to the API.", key="kubeAPIBurst")
    host_network: Bool | None = opt("Run the controller on the machine's network.")
    volume_attach_limit: Count | None = opt("Volumes that one machine may attach.")
    pod_annotations: dict[str, str] | None = opt("Annotations of its pods.")


class PdCsiDriver(SpecModel):
    """The persistent-disk driver (GCE)."""

    enabled: Bool | None = opt("Install it; true by default.")
    version: str | None = opt("Version of the driver.")
    default_storage_class_name: str | None = opt("StorageClass to mark as default; balanced-csi by default.")


class OpenstackLoadBalancer(SpecModel):
    """Octavia load balancers of Services and of the API."""

    method: str | None = opt("Balancing method, such as ROUND_ROBIN.")
    provider: str | None = opt("Octavia provider, such as amphora or ovn.")
    use_octavia: Bool | None = opt("Use Octavia; the only choice on current clouds.")
    floating_network: str | None = opt("Name of the network of floating IPs.")
    floating_network_id: str | None = opt("Id of the network of floating IPs.", key="floatingNetworkID")
    floating_subnet: str | None = opt("Subnet of floating IPs.")
    subnet_id: str | None = opt("Subnet of the load balancers.", key="subnetID")
    manage_security_groups: Bool | None = opt("Let the cloud controller open node ports for each Service.")
    enable_ingress_hostname: Bool | None = opt("Publish a host name instead of an address (PROXY protocol).")
    ingress_hostname_suffix: str | None = opt("Suffix of that host name.")
    flavor_id: str | None = opt("Octavia flavour.", key="flavorID")


class OpenstackMonitor(SpecModel):
    """Health checks of Octavia load balancers."""

    delay: str | None = opt("Time between two checks; 15s by default.")
    timeout: str | None = opt("Time that a check may take; 10s by default.")
    max_retries: Count | None = opt("Failures before a member is out; 3 by default.")


class OpenstackRouter(SpecModel):
    """The router towards the outside."""

    external_network: str | None = opt("Network outside.")
    dns_servers: str | None = opt("Comma list of DNS servers for the subnets.")
    external_subnet: str | None = opt("Subnet of the network outside.")
    availability_zone_hints: list[str] | None = opt("Zones that should host the router.")


class OpenstackBlockStorage(SpecModel):
    """Cinder volumes."""

    version: str | None = opt("API version of Cinder.", key="bs-version")
    ignore_volume_az: Bool | None = opt("Ignore a volume's zone when attaching.", key="ignore-volume-az")
    override_volume_az: str | None = opt("Zone for all volumes.", key="override-volume-az")
    ignore_volume_microversion: Bool | None = opt("Do not ask for API microversions.", key="ignore-volume-microversion")
    metrics_enabled: Bool | None = opt("Serve the driver's metrics.")
    create_storage_class: Bool | None = opt("Create the default StorageClass; true by default.")
    csi_plugin_image: str | None = opt("Image of the CSI driver.")
    csi_topology_support: Bool | None = opt("Place volumes by zone.")
    cluster_name: str | None = opt("Name of the cluster in volume metadata.")


class OpenstackNetwork(SpecModel):
    """Neutron networks."""

    availability_zone_hints: list[str] | None = opt("Zones that should host the network.")
    ipv6_support_disabled: Bool | None = opt("Ignore IPv6 addresses of machines.")
    public_network_names: list[str] | None = opt("Networks whose addresses are external.")
    internal_network_names: list[str] | None = opt("Networks whose addresses are internal.")
    address_sort_order: str | None = opt("CIDRs in the order of preference for node addresses.")


class OpenstackMetadata(SpecModel):
    """Instance metadata."""

    config_drive: Bool | None = opt("Give machines a config drive.")


class OpenstackCloud(SpecModel):
    """OpenStack options."""

    loadbalancer: OpenstackLoadBalancer | None = opt("Octavia load balancers.")
    monitor: OpenstackMonitor | None = opt("Health checks of load balancers.")
    router: OpenstackRouter | None = opt("The router towards the outside.")
    block_storage: OpenstackBlockStorage | None = opt("Cinder volumes.")
    insecure_skip_verify: Bool | None = opt("Do not verify the cloud's TLS certificates.")
    network: OpenstackNetwork | None = opt("Neutron networks.")
    metadata: OpenstackMetadata | None = opt("Instance metadata.")


class AzureCloud(SpecModel):
    """Azure options, read so that the manifest loads; Azure is not supported."""

    subscription_id: str | None = opt("Subscription.")
    storage_account_id: str | None = opt("Storage account of the state store.", key="storageAccountID")
    tenant_id: str | None = opt("Tenant.")
    resource_group_name: str | None = opt("Resource group.")
    route_table_name: str | None = opt("Route table.")
    admin_user: str | None = opt("Administrator's user name on machines.")


class VsphereCloud(SpecModel):
    """vSphere options (an extension of ours: kops dropped vSphere in 1.18)."""

    server: str | None = opt("Host name of vCenter.")
    insecure: Bool | None = opt("Do not verify vCenter's TLS certificate.")
    datacenter: str | None = opt("Datacenter of the machines.")
    cluster: str | None = opt("Compute cluster of the machines.")
    resource_pool: str | None = opt("Existing resource pool; one of the cluster's own below the root pool by default.")
    folder: str | None = opt("Path of an existing inventory folder; one named after the cluster is made by default.")
    datastore: str | None = opt("Datastore of disks; not together with datastoreCluster.")
    datastore_cluster: str | None = opt("Datastore cluster that places disks itself.")
    etcd_datastore: str | None = opt(
        "Datastore of control planes and etcd disks; needed with datastoreCluster, which takes no disks of their own."
    )
    disk_folder: str | None = opt("Directory of etcd disks on their datastore; kops/<cluster> by default.")
    network: str | None = opt("Port group that machines attach to; a subnet's id overrides it.")
    distributed_switch: str | None = opt("Distributed switch of the port groups, where several have one of that name.")
    template: str | None = opt("Template that machines are cloned from; a group's image overrides it.")
    content_library: str | None = opt("Content library that has the templates; the inventory when absent.")
    library_item_type: Literal["ovf", "vm-template"] | None = opt("Kind of the library's items; ovf by default.")
    guest_id: str | None = opt("Guest OS of machines from a library, such as ubuntu64Guest; else the template's.")
    firmware: Literal["bios", "efi"] | None = opt("Firmware of machines from a library; else the template's.")
    storage_policy: str | None = opt("Storage policy of machines and their disks, for encryption or replication.")
    api_vip: Address | None = opt(
        "Virtual address of the Kubernetes API, free and in the machines' network.", key="apiVIP"
    )
    api_load_balancer: Address | None = opt(
        "Address of a load balancer of yours that passes port 443 to the control planes; instead of apiVIP."
    )
    gateway: Address | None = opt("Default gateway of fixed addresses.")
    dns_servers: list[Address] | None = opt("DNS servers of machines with fixed addresses.")
    dns_search: list[str] | None = opt("DNS search domains of machines.")
    ntp_servers: list[str] | None = opt("Time servers of machines.")
    address_range: Cidr | None = opt(
        "Range that fixed addresses are of, with their netmask; a subnet's cidr overrides it. Which address a machine "
        "has says its group's annotation vsphere.kops.io/addresses; groups without one use DHCP."
    )
    anti_affinity: Bool | None = opt("Keep control-plane machines on different hosts; true by default.")
    tags: list[str] | None = opt("Existing tags of every machine, as category/name.")
    create_roles: Bool | None = opt("Make a vCenter role of what the cluster's controllers need; true by default.")


class CloudConfig(SpecModel):
    """Options that one cloud understands."""

    manage_storage_classes: Bool | None = opt("Create StorageClasses; true by default.")
    multizone: Bool | None = opt("Zones beyond the first hold machines (GCE).")
    node_tags: str | None = opt("Network tag of nodes (GCE).")
    node_instance_prefix: str | None = opt("Prefix of node names (GCE).")
    gce_service_account: str | None = opt("Service account of every machine (GCE); one for each role when absent.")
    gce_use_startup_script: Bool | None = opt("Bootstrap by startup-script instead of cloud-init (GCE).")
    gcp_pd_csi_driver: PdCsiDriver | None = opt("Persistent-disk driver (GCE).", key="gcpPDCSIDriver")
    disable_security_group_ingress: Bool | None = opt("Service load balancers do not open node ports (AWS).")
    elb_security_group: str | None = opt("Existing security group for Service load balancers (AWS).")
    nlb_security_group_mode: Literal["Managed"] | None = opt("Security groups of Service network load balancers (AWS).")
    use_ip_based_node_names: Bool | None = opt(
        "Name nodes by private DNS name instead of instance id (AWS).", key="useIPBasedNodeNames"
    )
    node_ip_families: list[Literal["ipv4", "ipv6"]] | None = opt(
        "Order of node address families (AWS).", key="nodeIPFamilies"
    )
    aws_ebs_csi_driver: EbsCsiDriver | None = opt("EBS volume driver (AWS).", key="awsEBSCSIDriver")
    spotinst_product: str | None = opt(
        "Spot Ocean product.", dead="Spotinst is not supported; use mixedInstancesPolicy"
    )
    spotinst_orientation: str | None = opt(
        "Spot Ocean orientation.", dead="Spotinst is not supported; use mixedInstancesPolicy"
    )
    openstack: OpenstackCloud | None = opt("OpenStack options.")
    azure: AzureCloud | None = opt("Azure options.", dead="Azure is not supported; use aws, gce, openstack or vsphere")
    vsphere: VsphereCloud | None = opt("vSphere options (an extension of kops_pulumi).")
    vsphere_username: str | None = opt(
        "vCenter user.", key="vSphereUsername", dead="credentials belong to the provider's environment"
    )
    vsphere_password: str | None = opt(
        "vCenter password.", key="vSpherePassword", dead="credentials belong to the provider's environment"
    )
    vsphere_server: str | None = opt("vCenter.", key="vSphereServer", dead=f"{_VSPHERE}.server")
    vsphere_datacenter: str | None = opt("Datacenter.", key="vSphereDatacenter", dead=f"{_VSPHERE}.datacenter")
    vsphere_resource_pool: str | None = opt(
        "Resource pool.", key="vSphereResourcePool", dead=f"{_VSPHERE}.resourcePool"
    )
    vsphere_datastore: str | None = opt("Datastore.", key="vSphereDatastore", dead=f"{_VSPHERE}.datastore")
    vsphere_core_dns_server: str | None = opt("DNS server.", key="vSphereCoreDNSServer", dead=f"{_VSPHERE}.dnsServers")
