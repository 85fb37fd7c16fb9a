"""InstanceGroup and SSHCredential documents."""

from typing import Literal

from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.containerd import Containerd
from kops_pulumi.spec.kubelet import Kubelet
from kops_pulumi.spec.meta import ObjectMeta
from kops_pulumi.spec.nodes import FileAsset, Hook, Role, RollingUpdate, UpdatePolicy, UserData, WarmPool
from kops_pulumi.spec.types import Bool, Count, Duration, Int, Percent, Quantity


class Volume(SpecModel):
    """An extra volume of each machine (AWS)."""

    device: str = req("Device name, such as /dev/xvdd.")
    size: Count | None = opt("Size in GB.")
    type: str | None = opt("Volume type; gp3 by default.")
    iops: Count | None = opt("Provisioned operations per second.")
    throughput: Count | None = opt("Provisioned throughput in MiB/s.")
    encrypted: Bool | None = opt("Encrypt the volume.")
    key: str | None = opt("ARN of the key that encrypts it.")
    delete_on_termination: Bool | None = opt("Delete it with the machine; true by default.")


class VolumeMount(SpecModel):
    """A file system made on a volume and mounted."""

    device: str = req("Device of a volume, or of an ephemeral disk.")
    filesystem: str = req("File system, such as ext4 or xfs.")
    path: str = req("Where it is mounted.")
    format_options: list[str] | None = opt("Options of mkfs.")
    mount_options: list[str] | None = opt("Options of mount.")


class ExternalLoadBalancer(SpecModel):
    """An existing load balancer that the group's machines join (AWS): a name or a target group."""

    load_balancer_name: str | None = opt("Classic load balancer.")
    target_group_arn: str | None = opt("Target group.")


class MinMax(SpecModel):
    """Bounds of an amount."""

    min: Quantity | None = opt("At least.")
    max: Quantity | None = opt("At most.")


class InstanceRequirements(SpecModel):
    """Machines described by what they must have, instead of by type (AWS)."""

    cpu: MinMax | None = opt("Number of virtual CPUs.")
    memory: MinMax | None = opt("Memory, as a quantity.")
    excluded_instance_types: list[str] | None = opt("Types to leave out; * matches any text.")


class MixedInstancesPolicy(SpecModel):
    """Several machine types, on demand and spot, in one group (AWS)."""

    instances: list[str] | None = opt("Machine types, of one architecture and GPU class.")
    instance_requirements: InstanceRequirements | None = opt("What machines must have, instead of a list.")
    on_demand_allocation_strategy: str | None = opt("How on-demand types are chosen: prioritized or lowest-price.")
    on_demand_base: Count | None = opt("On-demand machines before any spot one; 0 by default.")
    on_demand_above_base: Percent | None = opt("Percentage of on-demand machines beyond the base.")
    spot_allocation_strategy: str | None = opt("How spot types are chosen, such as capacity-optimized.")
    spot_instance_pools: Int | None = opt("Spot pools to spread over; with lowest-price only.", ge=1, le=20)


class GroupIam(SpecModel):
    """Cloud identity of the group's machines."""

    profile: str | None = opt("ARN of an existing instance profile, used instead of our own (AWS).")


class InstanceMetadata(SpecModel):
    """The machine's metadata service (AWS)."""

    http_put_response_hop_limit: Int | None = opt("Network hops of a token; 1 by default.", ge=1, le=64)
    http_tokens: Literal["required", "optional"] | None = opt("required by default: only IMDSv2.")


class Accelerator(SpecModel):
    """GPUs of a machine (GCE)."""

    accelerator_count: Count | None = opt("Number of GPUs.")
    accelerator_type: str | None = opt("Type of GPU.")


class InstanceGroupSpec(SpecModel):
    """Machines of one kind: their role, size, number and place."""

    role: Role = req("Master (or ControlPlane), Node, Bastion or APIServer.")
    manager: Literal["CloudGroup", "Karpenter"] | None = opt("Who makes the machines; CloudGroup by default.")
    image: str | None = opt("Machine image, in the cloud's way of naming one; the channel's by default.")
    machine_type: str | None = opt("Machine type (size, flavour).")
    min_size: Count | None = opt("Machines at least; 1 for control planes and bastions, else 2.")
    max_size: Count | None = opt("Machines at most; as minSize by default.")
    subnets: list[str] | None = opt("Names of the cluster's subnets; all but Utility ones by default.")
    zones: list[str] | None = opt("Zones of the machines; required on GCE.")
    autoscale: Bool | None = opt("Let the cluster autoscaler change the size; true by default.")
    autoscale_priority: Int | None = opt("Priority for the priority expander.", ge=-32768, le=32767)
    root_volume_size: Count | None = opt("Root volume in GB; 64 control plane, 128 node, 32 bastion.")
    root_volume_type: str | None = opt("Type of the root volume; gp3 on AWS.")
    root_volume_iops: Count | None = opt("Operations per second of the root volume (AWS).")
    root_volume_throughput: Count | None = opt("Throughput of the root volume in MiB/s (AWS).")
    root_volume_optimization: Bool | None = opt("Dedicated bandwidth to volumes (AWS).")
    root_volume_delete_on_termination: Bool | None = opt(
        "Old switch.", dead="the root volume always goes with its machine"
    )
    root_volume_encryption: Bool | None = opt("Encrypt the root volume; true by default (AWS).")
    root_volume_encryption_key: str | None = opt("ARN of the key that encrypts the root volume (AWS).")
    volumes: list[Volume] | None = opt("Extra volumes of each machine (AWS).")
    volume_mounts: list[VolumeMount] | None = opt("File systems to make and mount.")
    hooks: list[Hook] | None = opt("systemd units of your own; added to the cluster's.")
    max_price: str | None = opt("Highest price of a spot machine, in dollars an hour (AWS).")
    spot_duration_in_minutes: Count | None = opt("Old spot blocks.", dead="AWS has no spot blocks any more; remove it")
    cpu_credits: Literal["standard", "unlimited"] | None = opt("CPU credits of burstable types (AWS).")
    associate_public_ip: Bool | None = opt("Give machines a public address; by subnet type when absent.")
    additional_security_groups: list[str] | None = opt("Existing security groups to attach as well.")
    cloud_labels: dict[str, str] | None = opt("Tags or labels of the group's resources, over the cluster's.")
    node_labels: dict[str, str] | None = opt("Labels of the nodes.")
    file_assets: list[FileAsset] | None = opt("Files of your own; a path wins over the cluster's.")
    tenancy: Literal["default", "dedicated", "host"] | None = opt("Tenancy of machines (AWS).")
    kubelet: Kubelet | None = opt("The node agent's options, over the cluster's.")
    taints: list[str] | None = opt("Taints of the nodes, as key=value:Effect.")
    mixed_instances_policy: MixedInstancesPolicy | None = opt("Several machine types in one group (AWS).")
    capacity_rebalance: Bool | None = opt("Replace spot machines before they are interrupted (AWS).")
    additional_user_data: list[UserData] | None = opt("Extra parts of the machines' user data.")
    suspend_processes: list[str] | None = opt("Processes of the autoscaling group to suspend (AWS).")
    external_load_balancers: list[ExternalLoadBalancer] | None = opt("Existing load balancers to join (AWS).")
    detailed_instance_monitoring: Bool | None = opt("Metrics every minute (AWS).")
    iam: GroupIam | None = opt("Cloud identity of the machines.")
    security_group_override: str | None = opt("Existing security group instead of the role's own (AWS).")
    instance_protection: Bool | None = opt("Protect machines from scale-in (AWS).")
    sysctl_parameters: list[str] | None = opt("Kernel parameters, as key=value.")
    rolling_update: RollingUpdate | None = opt("How machines are replaced, over the cluster's.")
    instance_interruption_behavior: Literal["hibernate", "stop", "terminate"] | None = opt(
        "What happens to an interrupted spot machine (AWS)."
    )
    compress_user_data: Bool | None = opt("Compress user data with gzip (AWS).")
    instance_metadata: InstanceMetadata | None = opt("The machine's metadata service (AWS).")
    update_policy: UpdatePolicy | None = opt("automatic or external updates of the operating system.")
    warm_pool: WarmPool | None = opt("Pre-initialised machines, over the cluster's (AWS).")
    containerd: Containerd | None = opt("GPU and sandbox runtimes of this group.")
    packages: list[str] | None = opt("Extra packages of the distribution.")
    guest_accelerators: list[Accelerator] | None = opt("GPUs of each machine (GCE).")
    max_instance_lifetime: Duration | None = opt("Age at which a machine is replaced, 24h to 8760h (AWS).")
    gcp_provisioning_model: Literal["STANDARD", "SPOT"] | None = opt("Standard or spot machines (GCE).")


class InstanceGroup(SpecModel):
    """An InstanceGroup document."""

    api_version: Literal["kops.k8s.io/v1alpha2"] = req("kops.k8s.io/v1alpha2.")
    kind: Literal["InstanceGroup"] = req("InstanceGroup.")
    metadata: ObjectMeta = req("Name of the group and the label of its cluster.")
    spec: InstanceGroupSpec = req("The group.")


class SSHCredentialSpec(SpecModel):
    """A public key."""

    public_key: str = req("Public key in OpenSSH's one-line form.")


class SSHCredential(SpecModel):
    """An SSHCredential document: a public key for the machines' administrator."""

    api_version: Literal["kops.k8s.io/v1alpha2"] = req("kops.k8s.io/v1alpha2.")
    kind: Literal["SSHCredential"] = req("SSHCredential.")
    metadata: ObjectMeta = req("Name of the key and the label of its cluster.")
    spec: SSHCredentialSpec = req("The key.")
