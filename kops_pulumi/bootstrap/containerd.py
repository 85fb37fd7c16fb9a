"""containerd of one group: its configuration, mirrors, unit, and crictl's way to it.

The text of config.toml is made once, by `settings` from the manifest, and travels in the `NodeConfig`; `files` puts it
in place. containerd 2.3 reads version 4 of the format, in which the daemon's own sockets are plug-ins too; before that
it is version 3 (https://containerd.io/docs/2.3/man/containerd-config.toml.5/). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import semver

from kops_pulumi.bootstrap import toml
from kops_pulumi.bootstrap.node import BundleFile, Containerd, NodeConfig
from kops_pulumi.resolve import versions

if TYPE_CHECKING:
    from kops_pulumi.spec.containerd import Containerd as ContainerdSpec
    from kops_pulumi.spec.containerd import Nri

CONFIG = "/etc/containerd/config.toml"
HOSTS = "/etc/containerd/certs.d"
"""A directory for each registry that has mirrors: https://github.com/containerd/containerd/blob/main/docs/hosts.md."""

_FORMAT_4 = semver.Version(2, 3, 0)
_RUNTIME = "io.containerd.cri.v1.runtime"
_IMAGES = "io.containerd.cri.v1.images"
_RUNC = "io.containerd.runc.v2"
_RUNSC = "/etc/containerd/runsc.toml"
_CNI_TEMPLATE = "/etc/containerd/cni-template.json"
_ALL = "*"
_UNIT = Path(__file__).parent / "files" / "containerd.service"


def settings(
    cluster: ContainerdSpec, group: ContainerdSpec | None, *, sandbox: str, cni_template: str | None = None
) -> Containerd:
    """What a group's containerd is; the group says it about GPUs and sandboxes, the cluster about the rest.

    `sandbox` is the pause image, already where it is pulled from; `cni_template` is the CNI configuration that
    containerd fills in, where no agent writes one.
    """
    gpu = _wanted(group and group.nvidia_gpu) or _wanted(cluster.nvidia_gpu)
    gvisor = group.gvisor if group and _wanted(group.gvisor) else None
    return Containerd(
        version=str(cluster.version).removeprefix("v"),
        install=not cluster.skip_install,
        config=cluster.config_override
        or toml.dumps(_config(cluster, sandbox, gpu=gpu, gvisor=gvisor is not None, template=cni_template is not None)),
        hosts={_host(name): _mirrors(urls) for name, urls in sorted((cluster.registry_mirrors or {}).items())},
        socket=_socket(cluster),
        log_level=cluster.log_level or "info",
        gvisor=gvisor is not None,
        gvisor_platform=gvisor.platform if gvisor else None,
        nerdctl=bool(cluster.install_nerd_ctl),
        cni_template=cni_template,
    )


def files(node: NodeConfig) -> Mapping[str, BundleFile]:
    """The runtime's files on a group's machines."""
    runtime = node.containerd
    endpoint = f"unix://{runtime.socket}"
    crictl = f"runtime-endpoint: {endpoint}\nimage-endpoint: {endpoint}\ntimeout: 10\n"
    found = {CONFIG: runtime.config, "/etc/crictl.yaml": crictl}
    found |= {f"{HOSTS}/{name}/hosts.toml": text for name, text in runtime.hosts.items()}
    if runtime.cni_template is not None:
        found[_CNI_TEMPLATE] = runtime.cni_template
    if runtime.gvisor:
        found[_RUNSC] = toml.dumps({"runsc_config": {"platform": runtime.gvisor_platform or "systrap"}})
    if runtime.install:
        found["/etc/systemd/system/containerd.service"] = _UNIT.read_text(encoding="utf-8")
        found["/etc/kops-pulumi/containerd.env"] = f"CONTAINERD_LOG_LEVEL={runtime.log_level}\n"
    return {path: BundleFile.text(text) for path, text in sorted(found.items())}


def _config(spec: ContainerdSpec, sandbox: str, *, gpu: bool, gvisor: bool, template: bool) -> dict[str, Any]:
    newer = (versions.parse(str(spec.version)) or _FORMAT_4) >= _FORMAT_4
    cni = {"bin_dirs": ["/opt/cni/bin"], "conf_dir": "/etc/cni/net.d"}
    plugins: dict[str, Any] = {
        _IMAGES: {"pinned_images": {"sandbox": sandbox}, "registry": {"config_path": HOSTS}},
        _RUNTIME: {
            "enable_selinux": bool(spec.selinux_enabled),
            "cni": {**cni, **({"conf_template": _CNI_TEMPLATE} if template else {})},
            "containerd": {"default_runtime_name": "runc", "runtimes": _runtimes(gpu=gpu, gvisor=gvisor)},
        },
        **({"io.containerd.nri.v1.nri": _nri(spec.nri)} if spec.nri else {}),
    }
    config: dict[str, Any] = {
        "version": 4 if newer else 3,
        "root": spec.root or "/var/lib/containerd",
        "state": spec.state or "/run/containerd",
        "plugins": plugins,
    }
    if newer:
        plugins["io.containerd.server.v1.grpc"] = {"address": _socket(spec)}
        plugins["io.containerd.server.v1.ttrpc"] = {"address": f"{_socket(spec)}.ttrpc"}
    else:
        config["grpc"] = {"address": _socket(spec)}
    for dotted, value in sorted((spec.config_additions or {}).items()):
        toml.put(config, toml.path(dotted), value)
    return config


def _runtimes(*, gpu: bool, gvisor: bool) -> dict[str, Any]:
    """Runtimes by the handler that a RuntimeClass names."""
    found: dict[str, Any] = {"runc": {"runtime_type": _RUNC, "options": {"SystemdCgroup": True}}}
    if gpu:
        options = {"BinaryName": "/usr/bin/nvidia-container-runtime", "SystemdCgroup": True}
        found["nvidia"] = {"runtime_type": _RUNC, "options": options}
    if gvisor:
        options = {"TypeUrl": "io.containerd.runsc.v1.options", "ConfigPath": _RUNSC}
        found["runsc"] = {"runtime_type": "io.containerd.runsc.v1", "options": options}
    return found


def _nri(spec: Nri) -> dict[str, Any]:
    """The node resource interface; on by default in containerd 2."""
    timeouts = {
        "plugin_registration_timeout": spec.plugin_registration_timeout,
        "plugin_request_timeout": spec.plugin_request_timeout,
    }
    return {"disable": spec.enabled is False, **{key: value for key, value in timeouts.items() if value}}


def _mirrors(urls: list[str]) -> str:
    """hosts.toml of one registry: its mirrors in the user's order, then the registry itself."""
    return "\n".join(f'[host."{url.rstrip("/")}"]\ncapabilities = ["pull", "resolve"]\n' for url in urls)


def _host(registry: str) -> str:
    """Name of a registry's directory; one for all registries without their own."""
    return "_default" if registry == _ALL else registry.removeprefix("https://").removeprefix("http://").rstrip("/")


def _socket(spec: ContainerdSpec) -> str:
    return spec.address or "/run/containerd/containerd.sock"


def _wanted(part: Any) -> bool:
    return bool(part and part.enabled)
