"""containerd, runc, GPU and sandbox runtimes."""

from kops_pulumi.spec.base import SpecModel, opt
from kops_pulumi.spec.types import Bool, Duration, Scalar, Sha256, Version


class Packages(SpecModel):
    """Where to fetch a program from, by processor architecture."""

    url_amd64: str | None = opt("Address of the amd64 archive.")
    hash_amd64: Sha256 | None = opt("SHA-256 of the amd64 archive.")
    url_arm64: str | None = opt("Address of the arm64 archive.")
    hash_arm64: Sha256 | None = opt("SHA-256 of the arm64 archive.")


class Runc(SpecModel):
    """The low-level runtime."""

    version: Version | None = opt("runc version.")
    packages: Packages | None = opt("Where to fetch it from instead.")


class DcgmExporter(SpecModel):
    """Metrics of NVIDIA GPUs."""

    enabled: Bool | None = opt("Install the exporter.")


class NvidiaGpu(SpecModel):
    """NVIDIA GPU support."""

    enabled: Bool | None = opt("Install driver, runtime and device plug-in.")
    package: str | None = opt("Driver package to install.")
    image: str | None = opt("Image of the device plug-in.")
    dcgm_exporter: DcgmExporter | None = opt("Metrics of the GPUs.")


class GVisor(SpecModel):
    """The gVisor sandbox, for groups of nodes only."""

    enabled: Bool | None = opt("Install gVisor.")
    platform: str | None = opt("gVisor platform, such as systrap or kvm.")


class Nri(SpecModel):
    """Node resource interface of containerd."""

    enabled: Bool | None = opt("Let plug-ins use it.")
    plugin_registration_timeout: Duration | None = opt("How long a plug-in may take to register.")
    plugin_request_timeout: Duration | None = opt("How long a plug-in may take to answer.")


class Containerd(SpecModel):
    """The container runtime."""

    address: str | None = opt("Socket; /run/containerd/containerd.sock by default.")
    config_override: str | None = opt("The whole config.toml, instead of the generated one.")
    config_additions: dict[str, Scalar] | None = opt("Dotted keys and values merged into the generated config.toml.")
    log_level: str | None = opt("Log level; info by default.")
    packages: Packages | None = opt("Where to fetch containerd from instead.")
    registry_mirrors: dict[str, list[str]] | None = opt("Mirrors of a registry, * for all others.")
    root: str | None = opt("Directory of persistent data; /var/lib/containerd by default.")
    skip_install: Bool | None = opt("The image already has containerd.")
    state: str | None = opt("Directory of volatile data; /run/containerd by default.")
    version: Version | None = opt("containerd version, 2.1 or later.")
    nvidia_gpu: NvidiaGpu | None = opt("NVIDIA GPU support.", key="nvidiaGPU")
    gvisor: GVisor | None = opt("gVisor sandbox; only in an instance group of nodes.")
    runc: Runc | None = opt("The low-level runtime.")
    selinux_enabled: Bool | None = opt("Label containers for SELinux.")
    nri: Nri | None = opt("Node resource interface.")
    sandbox_image: str | None = opt("Image of the pause container.")
    use_ecr_credentials_for_mirrors: Bool | None = opt(
        "Use the machine's ECR credentials for mirrors too (AWS).", key="useECRCredentialsForMirrors"
    )
    install_cri_ctl: Bool | None = opt("Install crictl.")
    install_nerd_ctl: Bool | None = opt("Install nerdctl.")
