"""What one instance group's machines are: the contract between planning and everything that is rendered from it.

`build.build` makes a `NodeConfig` of a plan and a group; renderers (`kubelet`, `containerd`, `kubeadm`, `etcd`, …) are
functions `files(node) -> Mapping[path, BundleFile]`, and `bundle` merges them. A `NodeConfig` depends on the
cluster-wide settings, on the role and on the group alone, so that changing one group touches no other group's
machines. It is JSON-dumpable (`model.plain`), free of secrets and of late values. Values only; computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kops_pulumi.model import Role, Rule

Arch = Literal["amd64", "arm64"]
NodeName = Literal["instance-id", "private-dns", "hostname"]
ARCHITECTURES: tuple[Arch, ...] = ("amd64", "arm64")
"""Every asset is described for both; a machine takes the one that `uname -m` names."""


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file of a bundle. Its key is the absolute path that it gets on the machine."""

    content: bytes
    mode: int = 0o644

    @classmethod
    def text(cls, text: str, mode: int = 0o644) -> BundleFile:
        """A UTF-8 file."""
        return cls(text.encode(), mode)


@dataclass(frozen=True, slots=True)
class Asset:
    """A program to download: where from, what it must hash to, and what becomes of it."""

    name: str
    version: str
    urls: Mapping[Arch, tuple[str, ...]]
    """By architecture, tried in this order. An architecture that is absent has no build."""
    sha256: Mapping[Arch, str]
    """Hexadecimal digests. Absent: see `checksums`; never nothing."""
    destination: str
    """A file, or the directory that an archive is unpacked into; always absolute."""
    archive: bool = False
    """A .tar.gz to unpack; otherwise the download is the program."""
    strip: int = 0
    """Leading path components of an archive to drop."""
    members: Mapping[Arch, tuple[str, ...]] = field(default_factory=dict)
    """Only these members of the archive (paths in it, before `strip`); all when there are none."""
    mode: int = 0o755
    checksums: Mapping[Arch, str] = field(default_factory=dict)
    """Where a digest is unknown: the address (https) of the publisher's checksum file. It holds the digest alone, or
    lines of digest and file name, of which the one for the last component of the URL counts."""


@dataclass(frozen=True, slots=True)
class Images:
    """Container images by what they are for, after `assets.containerRegistry` and `containerProxy`."""

    pause: str
    etcd: str
    """Of etcd clusters that bring none of their own; its tag is the etcd version."""
    repository: str
    """Prefix of kubeadm's own images (kube-apiserver and the rest): kubeadm's `imageRepository`."""
    coredns_repository: str
    vip: str | None = None
    """Of kube-vip, where the API has a virtual address that the control planes hold."""


@dataclass(frozen=True, slots=True)
class Network:
    """What machines know of the networks."""

    plugin: str | None
    """The key of `spec.networking`: cilium, calico, cni, …"""
    ipv6: bool
    """Pods and Services use IPv6."""
    network_cidr: str | None
    pod_cidr: str | None
    service_cidr: str | None
    dns_ip: str | None
    """Address of CoreDNS's Service."""
    dns_domain: str
    replaces_kube_proxy: bool
    """No kube-proxy is to run."""


@dataclass(frozen=True, slots=True)
class Api:
    """How the API is called."""

    internal_name: str
    """api.internal.<cluster>; every machine resolves it by its hosts file."""
    public_name: str | None
    port: int
    sans: tuple[str, ...]
    """Every name and address of the serving certificate that is known now, sorted."""
    late_sans: tuple[str, ...]
    """Names of late values (`api.endpoint`) that join them on the machine; they travel in node.env."""
    reached_by: str | None
    """load-balancer, addresses, vip or external."""
    zone: str | None = None
    """Name or id of the DNS zone that the names below are in."""
    zone_is_private: bool = False
    public_names: tuple[str, ...] = ()
    """Names that control planes publish at the addresses that the world sees."""
    private_names: tuple[str, ...] = ()
    """Names that they publish at their addresses in the network."""


@dataclass(frozen=True, slots=True)
class EtcdPeer:
    """A member of an etcd cluster, wherever it runs."""

    name: str
    host: str
    """etcd-<member>.internal.<cluster>."""
    group: str
    """The instance group whose one machine holds it: how the machine is found in the cloud."""


@dataclass(frozen=True, slots=True)
class EtcdNode:
    """One etcd cluster, seen from this group."""

    name: str
    """main, events, cilium or leases."""
    version: str
    image: str
    client_port: int
    peer_port: int
    members: tuple[EtcdPeer, ...]
    """Sorted by name; static."""
    here: str | None
    """Name of the member that runs on this group's machine; None elsewhere."""
    clients_ca: str
    """Key of the authority that clients are checked against."""
    peers_ca: str
    backup_path: str
    """Where snapshots go, in the store."""
    backup_interval: str
    """Go duration."""
    backup_retention_days: int
    heartbeat_interval_ms: int | None
    election_timeout_ms: int | None
    cpu_request: str | None
    memory_request: str | None
    metrics_urls: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kubelet:
    """The kubelet of this group."""

    configuration: Mapping[str, Any]
    """The whole KubeletConfiguration document."""
    flags: Mapping[str, str]
    """What only a flag can say, without the leading dashes; known to this Kubernetes minor."""
    labels: Mapping[str, str]
    """Labels that the kubelet may set on itself."""
    late_labels: Mapping[str, str]
    """Labels that NodeRestriction forbids a kubelet to set (node-role.kubernetes.io/…): set by a control plane."""
    taints: tuple[str, ...]
    """As key=value:Effect, set at registration."""
    settings: Mapping[str, Any]
    """The merged settings as in the manifest, for who needs to know what was asked for."""
    credentials: str | None = None
    """Text of its CredentialProviderConfig, where it logs in to the cloud's registries."""


@dataclass(frozen=True, slots=True)
class Containerd:
    """The container runtime of this group."""

    version: str
    install: bool
    """False when the image brings it (`skipInstall`)."""
    config: str
    """/etc/containerd/config.toml."""
    hosts: Mapping[str, str]
    """hosts.toml by registry (`_default` for all others), for mirrors."""
    socket: str
    log_level: str
    gvisor: bool
    gvisor_platform: str | None
    nerdctl: bool
    cni_template: str | None = None
    """The CNI configuration that containerd fills in, where no agent writes one."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """NVIDIA GPUs: what is installed where a machine has one (a PCI device of vendor 0x10de)."""

    packages: tuple[str, ...]
    """Driver and container toolkit."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of packages (Debian family) beside the distribution's own."""

    name: str
    key_url: str
    """Address (https) of its signing key."""
    url: str
    suite: str
    """`/` for a flat repository."""
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system on a volume; made when the volume is blank."""

    device: str
    filesystem: str
    path: str
    format_options: tuple[str, ...]
    mount_options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A systemd unit of the user's (a hook), complete."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of the user's."""

    path: str
    content: bytes
    mode: int


@dataclass(frozen=True, slots=True)
class Proxy:
    """The HTTP proxy for everything that goes out."""

    url: str
    excludes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StorePaths:
    """Addresses in the store (`s3://bucket/prefix/…`), without a trailing slash; the layout is plan/names.py's."""

    base: str
    nodes: str
    """Bundles of this role: <base>/nodes/<role>."""
    secrets: str
    """Empty where a machine may read none."""
    join: str
    backups: str


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """What only machines with control-plane components know: the manifest's settings under the manifest's keys.

    Defaults are filled in. `kubeadm` turns them into documents.
    """

    api_server: Mapping[str, Any]
    controller_manager: Mapping[str, Any]
    scheduler: Mapping[str, Any]
    scheduler_configuration: Mapping[str, Any] | None
    """The user's KubeSchedulerConfiguration document."""
    kube_proxy: Mapping[str, Any]
    kube_dns: Mapping[str, Any]
    authentication: Mapping[str, Any]
    authorization: Mapping[str, Any]
    issuer_discovery: Mapping[str, Any]
    issuer: str | None
    """URL of the service-account issuer, when it is published."""
    encrypt_secrets: bool
    """False only when the manifest says `encryptionConfig: false`."""
    use_host_certificates: bool


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """Everything a machine of one instance group must know and do."""

    format: int
    """Raised when a machine's scripts could not read older ones' data."""
    cluster: str
    cloud: str
    region: str
    group: str
    role: Role
    kubernetes_version: str
    """Without a leading v."""
    network: Network
    api: Api
    etcd: tuple[EtcdNode, ...]
    """Every etcd cluster on control planes and API servers; empty elsewhere."""
    store: StorePaths
    assets: tuple[Asset, ...]
    """Sorted by name."""
    images: Images
    kubelet: Kubelet
    containerd: Containerd
    control_plane: ControlPlane | None
    """On control planes and API servers."""
    sysctls: Mapping[str, str]
    modules: tuple[str, ...]
    packages: tuple[str, ...]
    """Packages of the distribution: ours, then the user's."""
    repositories: tuple[Repository, ...]
    """Written to /etc/apt/sources.list.d as `<name>.sources`, signed by /etc/apt/keyrings/<name>.asc, which a step
    fetches before it installs packages."""
    mounts: tuple[Mount, ...]
    hooks: tuple[Unit, ...]
    files: tuple[File, ...]
    ntp_servers: tuple[str, ...]
    """Empty with `ntp_managed`: the distribution's own."""
    ntp_managed: bool
    swap: bool
    """False: swap is switched off."""
    proxy: Proxy | None
    gpu: Gpu | None
    update_policy: Literal["automatic", "external"]
    warm_pool: bool
    """A machine that boots into the warm pool only downloads and pulls."""
    warm_images: tuple[str, ...]
    node_name: NodeName = "hostname"
    """What a node is called."""
    firewall: tuple[Rule, ...] | None = None
    """What the machine lets in, where it must see to that itself."""
    units: tuple[Unit, ...] = ()
    """Of the network plug-in; started before the user's."""
    guarded: str | None = None
    """Address of the cloud's metadata service, where pods must be kept from it."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further variables of node.env that the cloud's shell library reads."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Generation by name of the user's secrets that this machine reads (`plan.given`): a new one replaces machines."""
