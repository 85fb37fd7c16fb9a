"""What kubeadm's documents have no place for: images and resources of static pods, and each group's kubelet.

Files of kubeadm's patch directory, `<target><n>+<kind>.yaml`
(https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/control-plane-flags/#patches). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kops_pulumi.bootstrap.kubeadm import dns
from kops_pulumi.bootstrap.node import ControlPlane, NodeConfig
from kops_pulumi.manifest import dump
from kops_pulumi.model import Role

_QUANTITIES = {
    ("requests", "cpu"): "cpuRequest",
    ("requests", "memory"): "memoryRequest",
    ("limits", "cpu"): "cpuLimit",
    ("limits", "memory"): "memoryLimit",
}


def patches(node: NodeConfig) -> dict[str, str]:
    """Patch files by name. The kubelet's is there always: every group has its own configuration."""
    found = {"kubeletconfiguration0+merge.yaml": dump(dict(node.kubelet.configuration))}
    for name, settings in _pods(node).items():
        container = _container(settings)
        if container:
            found[f"{name}0+strategic.yaml"] = dump({"spec": {"containers": [{"name": name, **container}]}})
    names = dns.patch(node.control_plane) if node.control_plane and node.role is Role.CONTROL_PLANE else {}
    return found | ({"corednsdeployment0+strategic.yaml": dump(names)} if names else {})


def resources(settings: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """A container's resources from a component's cpuRequest, memoryRequest, cpuLimit and memoryLimit."""
    found: dict[str, dict[str, str]] = {}
    for (kind, name), key in _QUANTITIES.items():
        if settings.get(key) is not None:
            found.setdefault(kind, {})[name] = str(settings[key])
    return found


def _pods(node: NodeConfig) -> dict[str, Mapping[str, Any]]:
    """The static pods of this machine and their settings."""
    plane: ControlPlane | None = node.control_plane
    if plane is None:
        return {}
    others = {"kube-controller-manager": plane.controller_manager, "kube-scheduler": plane.scheduler}
    return {"kube-apiserver": plane.api_server, **(others if node.role is Role.CONTROL_PLANE else {})}


def _container(settings: Mapping[str, Any]) -> dict[str, Any]:
    image, wanted = settings.get("image"), resources(settings)
    return {**({"image": str(image)} if image else {}), **({"resources": wanted} if wanted else {})}
