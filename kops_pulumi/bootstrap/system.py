"""The operating system under a node: kernel parameters, packages, time, proxy, updates, logs.

Tables of values with their reasons, and the few configuration files that follow from them; the scripts of `files/`
apply them (`tables.py` gives them parameters, modules and packages). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kops_pulumi.bootstrap.node import BundleFile, Gpu, NodeConfig, Proxy, Repository
from kops_pulumi.bootstrap.tables import HOME

if TYPE_CHECKING:
    from kops_pulumi.spec.containerd import NvidiaGpu
    from kops_pulumi.spec.topology import EgressProxy

PROXY_ENVIRONMENT = "/etc/kops-pulumi/proxy.env"
NODE_PORTS = "30000-32767"

_SYSCTLS: Mapping[str, str] = {
    # What kubelets with protectKernelDefaults insist on:
    # https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/
    "kernel.keys.root_maxbytes": "25000000",
    "kernel.keys.root_maxkeys": "1000000",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
    "vm.overcommit_memory": "1",
    "vm.panic_on_oom": "0",
    # A hung CPU is better a reboot than a node that answers nobody.
    "kernel.softlockup_all_cpu_backtrace": "1",
    "kernel.softlockup_panic": "1",
    # Databases and search engines map many files; controllers watch many.
    "fs.file-max": "2097152",
    "fs.inotify.max_user_instances": "8192",
    "fs.inotify.max_user_watches": "524288",
    "vm.max_map_count": "1048576",
    # Many connections, and not all of them slow.
    "net.core.netdev_max_backlog": "16384",
    "net.core.rmem_max": "16777216",
    "net.core.somaxconn": "32768",
    "net.core.wmem_max": "16777216",
    "net.ipv4.tcp_max_syn_backlog": "8096",
    "net.ipv4.tcp_rmem": "4096 87380 16777216",
    "net.ipv4.tcp_slow_start_after_idle": "0",
    "net.ipv4.tcp_tw_reuse": "1",
    "net.ipv4.tcp_wmem": "4096 87380 16777216",
    # Pods are behind this machine.
    "net.bridge.bridge-nf-call-ip6tables": "1",
    "net.bridge.bridge-nf-call-iptables": "1",
    "net.ipv4.ip_forward": "1",
}
"""kops's figures, so that machines behave as its users know them."""
_IPV6_SYSCTLS: Mapping[str, str] = {
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv6.conf.default.forwarding": "1",
    # Routers' advertisements are heard in spite of forwarding; without them the machine loses its own route.
    # Interfaces that exist already follow neither `all` nor `default` in this; a name that is not there is skipped.
    **{f"net.ipv6.conf.{name}.accept_ra": "2" for name in ("all", "default", "ens3", "ens4", "ens5", "ens6", "eth0")},
}
_MODULES = ("br_netfilter", "overlay")
_IPVS_MODULES = ("ip_vs", "ip_vs_rr", "ip_vs_sh", "ip_vs_wrr", "nf_conntrack")
_PACKAGES = ("conntrack", "ebtables", "ethtool", "iptables", "openssl", "socat")
"""What the kubelet, kubeadm's checks and our scripts run."""
_TIME = "chrony"
_UPDATES = "unattended-upgrades"

_GVISOR = Repository(
    "gvisor", "https://gvisor.dev/archive.key", "https://storage.googleapis.com/gvisor/releases", "release", ("main",)
)
_NVIDIA = Repository(
    "nvidia-container-toolkit",
    "https://nvidia.github.io/libnvidia-container/gpgkey",
    "https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH)",
    "/",
    (),
)
_NVIDIA_DRIVER = "nvidia-driver-535-server"
_NVIDIA_TOOLKIT = "nvidia-container-toolkit"

_ALWAYS_DIRECT = ("localhost", "127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254")
"""Never through a proxy: this machine, and the cloud's metadata service."""


def sysctls(
    cloud: Mapping[str, str], plugin: Mapping[str, str], user: Iterable[str], *, ipv6: bool, node_ports: str | None
) -> dict[str, str]:
    """Kernel parameters: ours, the cloud's, the plug-in's, then the user's `key=value` lines; later ones win."""
    own = {
        **_SYSCTLS,
        **(_IPV6_SYSCTLS if ipv6 else {}),
        # A program's own connection must not take a Service's port.
        "net.ipv4.ip_local_reserved_ports": node_ports or NODE_PORTS,
    }
    pairs = (line.partition("=") for line in user)
    return {**own, **cloud, **plugin, **{key.strip(): value.strip() for key, _, value in pairs}}


def modules(plugin: Iterable[str], *, ipvs: bool) -> tuple[str, ...]:
    """Kernel modules to load: ours, then the network plug-in's, each once."""
    return tuple(dict.fromkeys((*_MODULES, *(_IPVS_MODULES if ipvs else ()), *plugin)))


def packages(user: Iterable[str], *, time: bool, updates: bool, gvisor: bool) -> tuple[str, ...]:
    """Packages of the distribution: ours, then the user's, each once."""
    own = (
        *_PACKAGES,
        *((_TIME,) if time else ()),
        *((_UPDATES,) if updates else ()),
        *(("runsc",) if gvisor else ()),
    )
    return tuple(dict.fromkeys((*own, *user)))


def gpu(*specs: NvidiaGpu | None) -> Gpu | None:
    """GPU software, when the cluster or the group wants it; the last driver named wins."""
    if not any(spec and spec.enabled for spec in specs):
        return None
    driver = [spec.package for spec in specs if spec and spec.package]
    return Gpu(((driver or [_NVIDIA_DRIVER])[-1], _NVIDIA_TOOLKIT))


def repositories(*, gpu: bool, gvisor: bool) -> tuple[Repository, ...]:
    """Repositories beside the distribution's."""
    return (*((_GVISOR,) if gvisor else ()), *((_NVIDIA,) if gpu else ()))


def proxy(spec: EgressProxy | None, internal: Iterable[str | None]) -> Proxy | None:
    """The way out; the cluster's own names and ranges (`internal`) and the cloud's metadata service stay direct."""
    http = spec.http_proxy if spec else None
    if spec is None or http is None:
        return None
    host = http.host if urlsplit(http.host).scheme in {"http", "https"} else f"http://{http.host}"
    theirs = [part.strip() for part in (spec.excludes or "").split(",") if part.strip()]
    direct = dict.fromkeys([*theirs, *_ALWAYS_DIRECT, *(part for part in internal if part)])
    return Proxy(f"{host}:{http.port}" if http.port else host, tuple(direct))


def files(node: NodeConfig) -> Mapping[str, BundleFile]:
    """The operating system's own configuration on a group's machines."""
    texts = {
        # The journal holds every log that is not a container's, and a full disk evicts pods.
        "/etc/systemd/journald.conf.d/10-kops-pulumi.conf": "[Journal]\nSystemMaxUse=1G\nMaxRetentionSec=30day\n",
        "/etc/apt/apt.conf.d/52kops-pulumi-updates": _updates(automatic=node.update_policy == "automatic"),
        f"{HOME}/keyrings.tsv": "".join(f"{item.name}\t{item.key_url}\n" for item in node.repositories),
        f"{HOME}/gpu-packages": "".join(f"{name}\n" for name in (node.gpu.packages if node.gpu else ())),
        **{f"/etc/apt/sources.list.d/{item.name}.sources": _sources(item) for item in node.repositories},
        **(_time(node.ntp_servers) if node.ntp_managed else {}),
        **(_proxied(node.proxy) if node.proxy else {}),
    }
    return {path: BundleFile.text(text) for path, text in sorted(texts.items())}


def environment(proxy: Proxy) -> dict[str, str]:
    """A proxy as the variables that programs read; some know the small ones only."""
    excludes = ",".join(proxy.excludes)
    return {
        "HTTPS_PROXY": proxy.url,
        "HTTP_PROXY": proxy.url,
        "NO_PROXY": excludes,
        "http_proxy": proxy.url,
        "https_proxy": proxy.url,
        "no_proxy": excludes,
    }


def _updates(*, automatic: bool) -> str:
    """Security updates of the Debian family, nightly; never a reboot, which is a rolling update's business."""
    switch = "1" if automatic else "0"
    return (
        f'APT::Periodic::Update-Package-Lists "{switch}";\n'
        f'APT::Periodic::Unattended-Upgrade "{switch}";\n'
        'Unattended-Upgrade::Automatic-Reboot "false";\n'
    )


def _sources(item: Repository) -> str:
    """A repository in deb822 form (https://manpages.debian.org/sources.list.5)."""
    url = item.url.replace("$(ARCH)", "$(ARCH)")
    components = f"Components: {' '.join(item.components)}\n" if item.components else ""
    return f"Types: deb\nURIs: {url}\nSuites: {item.suite}\n{components}Signed-By: /etc/apt/keyrings/{item.name}.asc\n"


def _time(servers: Iterable[str]) -> dict[str, str]:
    """The cloud's time servers, for either of the two daemons that images bring; nothing when it has none."""
    names = list(servers)
    if not names:
        return {}
    return {
        "/etc/chrony/sources.d/kops-pulumi.sources": "".join(
            f"server {name} prefer iburst minpoll 4 maxpoll 4\n" for name in names
        ),
        "/etc/systemd/timesyncd.conf.d/10-kops-pulumi.conf": f"[Time]\nNTP={' '.join(names)}\n",
    }


def _proxied(proxy: Proxy) -> dict[str, str]:
    lines = "".join(f"{key}={value}\n" for key, value in sorted(environment(proxy).items()))
    return {
        PROXY_ENVIRONMENT: lines,
        "/etc/apt/apt.conf.d/52kops-pulumi-proxy": "".join(
            f'Acquire::{scheme}::Proxy "{proxy.url}";\n' for scheme in ("http", "https")
        ),
    }
