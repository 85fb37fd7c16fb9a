"""What a cloud, a network plug-in and an add-on must offer: the protocols that the stages program against.

Pure stages receive these as arguments (`resolve.resolve(parsed, cloud)`, `plan.build(full, cloud, cni, addons)`), so
that no stage imports a cloud, and nothing outside `clouds/` branches on a cloud's name. Code asks `Capabilities`
instead (decision 2). This module must not import pulumi or any implementation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from kops_pulumi.errors import Finding
from kops_pulumi.model import Delivery, LeafCertificate, Permission, Role, Rule

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup


@dataclass(frozen=True, slots=True)
class CredentialProvider:
    """A kubelet plug-in that logs in to the cloud's own container registries with the machine's identity.

    https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/
    """

    name: str
    """Name of the program and of its row in `bootstrap/data/assets.toml`."""
    version: str
    url: str
    """With `{version}` and `{arch}`."""
    images: tuple[str, ...]
    """Patterns of images it knows how to log in for."""
    api_version: str


@dataclass(frozen=True, slots=True)
class Machines:
    """What is true of a cloud's machines, as far as their own configuration goes."""

    node_name: Literal["instance-id", "private-dns", "hostname"] = "hostname"
    """What the cloud's controller expects a node to be called."""
    time_servers: tuple[str, ...] = ()
    """The cloud's own; empty: the distribution's."""
    sysctls: Mapping[str, str] = field(default_factory=dict)
    """Kernel parameters that this cloud needs."""
    kubelet: Mapping[str, Any] = field(default_factory=dict)
    """Fields of KubeletConfiguration that this cloud needs."""
    credential_provider: CredentialProvider | None = None
    publishes_names: bool = False
    """A control plane can write the API's names to the cloud's DNS with its own identity (`cloud_publish`)."""
    guarded: str | None = None
    """Address of a metadata service that would give a machine's identity to its pods: closed to them on the machine."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a cloud can do; stages branch on these, never on the cloud's name."""

    load_balancer: bool
    """Managed load balancers; without them the API gets a virtual IP."""
    groups: bool
    """Groups that replace their own machines; without them there are N machines with stable ordinals."""
    security_groups: bool
    """Firewalling by the cloud; without it the nodes carry the rules."""
    instance_identity: bool
    """A machine can prove who it is to the object store."""
    service_account_identity: bool
    """A pod's service account can take a cloud role of its own."""
    managed_dns: bool
    private_dns: bool
    object_store: bool
    zonal_subnets: bool
    """A subnet belongs to one zone (else to a region)."""
    ipv6: bool
    network_cidr: bool
    """The network as a whole has an address range."""
    user_data_limit: int
    """Bytes of raw user data a machine may get."""
    termination_events: bool
    """The cloud announces that machines are about to go, on a queue."""
    delivery_limit: int | None = None
    """Bytes a machine may be brought beside its user data, where it is brought what others read in a store."""
    volume_encryption: bool = True
    """A disk is encrypted because the manifest asks for it (else by a volume type or storage policy)."""
    bastion_balancer: bool = False
    """Bastions stand behind a load balancer of their own (else operators reach their addresses)."""
    machines: Machines = Machines()


@dataclass(frozen=True, slots=True)
class CloudDefaults:
    """One dated row of a cloud's defaults (decision 8); sizes in GiB."""

    network_cidr: str | None
    machine_types: Mapping[Role, str]
    root_volume_sizes: Mapping[Role, int]
    root_volume_type: str
    root_volume_iops: int | None
    root_volume_throughput: int | None
    etcd_volume_type: str
    etcd_volume_size: int
    etcd_volume_iops: int | None
    etcd_volume_throughput: int | None
    image: str
    """For new groups; an exact, dated image, never a floating one; empty where every site has its own."""
    volume_iops: Mapping[str, int] = field(default_factory=dict)
    """IOPS by type of volume, for types that must be told how many."""
    subnet_parent: str | None = None
    """Where subnets are cut from when the network as a whole has no range; None: ranges are never made up."""
    cluster: Mapping[str, Any] = field(default_factory=dict)
    """Defaults of fields only this cloud has: nested attribute names of `ClusterSpec` → value (`resolve/fill.py`)."""
    group: Mapping[str, Any] = field(default_factory=dict)
    """The same for fields of instance groups."""


class Cloud(Protocol):
    """The pure side of a cloud: `clouds/<cloud>/__init__.py` has one instance of it, `CLOUD`."""

    name: str
    """The manifest's `spec.cloudProvider`."""
    store_scheme: str | None
    """Scheme of the cloud's object store in addresses (`s3`); None when it has none."""
    capabilities: Capabilities
    name_limits: Mapping[str, int]
    """Longest physical name by kind of resource (see `plan/names.py`)."""

    def defaults(self, version: str) -> CloudDefaults:
        """The defaults in force at a `kops.k8s.io/defaults-version` date (ISO, `2026-11-01`)."""
        ...

    def region(self, cluster: Cluster) -> str:
        """The region the manifest's subnets are in."""
        ...

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings that only this cloud can make (image syntax, fields of other clouds, limits)."""
        ...

    def cluster_options(self, full: FullSpec) -> Any:
        """Cluster-wide options only this cloud has, as a frozen dataclass, or None."""
        ...

    def group_options(self, full: FullSpec, group: InstanceGroup) -> Any:
        """A group's options that only this cloud has, as a frozen dataclass, or None."""
        ...

    def external_api(self, cluster: Cluster) -> bool:
        """Whether the manifest names a load balancer of the user's own before the API."""
        ...

    def issuer_url(self, discovery_store: str, region: str = "") -> str:
        """The public https URL of a discovery store (`s3://bucket/path`), its bucket in `region` where that matters."""
        ...


@dataclass(frozen=True, slots=True)
class CniTraits:
    """What the planner must know of a CNI."""

    ipv6: bool
    clouds: frozenset[str] | None
    """None: all clouds."""
    network_policy: bool
    replaces_kube_proxy: bool
    """With this manifest's settings."""
    pods_on_network: bool
    """Pods get addresses of the cloud's network, not of a range of their own."""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What a network plug-in needs on a group's machines; the manifest's own settings win over these."""

    sysctls: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    """Kernel modules."""
    units: Mapping[str, str] = field(default_factory=dict)
    """systemd units (mounts, rules to set once) by name; each says when it is wanted."""
    kubelet: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `spec.kubelet`, under the manifest's keys."""
    cni_template: str | None = None
    """The CNI configuration itself, where no agent writes one; containerd puts `{{.PodCIDR}}` in once it knows it."""
    findings: tuple[Finding, ...] = ()
    """What is doubtful about a group, with paths in its own document."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A change of a live cluster's network that works, though not by itself."""

    change: str
    """What changes: the key of the plug-in that the cluster comes from, or a setting of this one's `settled`."""
    steps: tuple[str, ...]
    """What to do, in order; each a sentence."""


class Cni(Protocol):
    """A network plug-in: one file of `cni/`, one entry of its REGISTRY."""

    key: str
    """The key under `spec.networking`."""
    migrations: Sequence[Migration]
    """Changes that a live cluster survives when somebody follows the steps; all others are refused."""

    def traits(self, full: FullSpec) -> CniTraits:
        """What the planner must know of it, with this manifest's settings."""
        ...

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings that only it can make."""
        ...

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """Firewall rules beyond the base ones."""
        ...

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """What machines of each role must be allowed to do for it."""
        ...

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """What it installs in the cluster; nothing when the user brings it or kubeadm's machines have it."""
        ...

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """What it needs on a group's machines."""
        ...

    def settled(self, full: FullSpec) -> Mapping[str, str]:
        """Settings that a live cluster cannot change by itself, by the manifest's keys."""
        ...

    def random_keys(self, full: FullSpec) -> Sequence[str]:
        """Keysets of random bytes that are made for it."""
        ...

    def leaves(self, full: FullSpec) -> Sequence[LeafCertificate]:
        """Certificates that are made for it."""
        ...


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What an add-on may do, and as whom: its service account's own identity if there is one, else the machines'."""

    permissions: tuple[Permission, ...]
    service_account: ServiceAccount | None
    roles: tuple[Role, ...] = (Role.CONTROL_PLANE,)
    """Machines that get the permissions when service accounts have no identities of their own."""
    attributes: Mapping[str, str] = field(default_factory=dict)


class AddOn(Protocol):
    """An add-on: one file of `addons/`, one entry of its REGISTRY."""

    name: str

    def enabled(self, full: FullSpec) -> bool:
        """Whether this manifest, on this cloud, has it."""
        ...

    def validate(self, full: FullSpec) -> Sequence[Finding]:
        """Findings that only it can make."""
        ...

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """Firewall rules that it needs beyond the base ones."""
        ...

    def grants(self, full: FullSpec) -> Sequence[Grant]:
        """What it may do in the cloud, and as whom."""
        ...

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """What it installs in the cluster; asked only when it is enabled."""
        ...
