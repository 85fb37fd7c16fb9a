"""NVIDIA device plug-in: GPUs as resources that pods ask for, and their metrics where the manifest wants them.

Drivers and the container runtime are the bootstrap's. https://github.com/NVIDIA/k8s-device-plugin and
https://github.com/NVIDIA/dcgm-exporter; the objects are ours, after the projects' own DaemonSets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, chosen
from kops_pulumi.addons.objects import field_env, host_path, mount, obj

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_RUNTIME = "nvidia"
"""Of the RuntimeClass, and of containerd's runtime (`bootstrap/containerd.py`)."""
_EXPORTER = "dcgm-exporter"
_GPU_TAINT = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
_KUBELET_DEVICES = "/var/lib/kubelet/device-plugins"
_LABEL = "kops.k8s.io/instancegroup"


class NvidiaDevicePlugin(BuiltIn):
    """`containerd.nvidiaGPU`, of the cluster or of groups."""

    name = "nvidia-device-plugin"
    clouds = frozenset({"aws", "gce", "openstack"})
    switch = "spec.containerd.nvidiaGPU.enabled"
    summary = "GPUs as resources of pods, and their metrics"

    def wanted(self, full: FullSpec) -> bool:
        """When any machine gets the driver."""
        return any(settings.enabled for settings in _sections(full))

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The runtime's class, the plug-in on machines with the driver, and the exporter."""
        pin = self.pin(full)
        own = next((settings.image for settings in _sections(full) if settings.enabled and settings.image), None)
        image, _ = chosen(pin, own)
        exporter = any(s.enabled and s.dcgm_exporter and s.dcgm_exporter.enabled for s in _sections(full))
        documents = [
            obj("node.k8s.io/v1", "RuntimeClass", _RUNTIME, handler=_RUNTIME),
            objects.daemon_set("kube-system", self.name, _pod(full, _plugin(full, image))),
        ]
        images = [image]
        if exporter:
            images.append(pin.images[_EXPORTER])
            documents += [
                objects.daemon_set("kube-system", _EXPORTER, _pod(full, _exporter(full, pin.images[_EXPORTER]))),
                objects.service("kube-system", _EXPORTER, 9400, 9400),
            ]
        return [self.manifest(full, pin, documents, images=tuple(images))]


def _sections(full: FullSpec) -> Iterator[Any]:
    runtimes = (full.cluster.spec.containerd, *(group.spec.containerd for group in full.groups))
    yield from (runtime.nvidia_gpu for runtime in runtimes if runtime is not None and runtime.nvidia_gpu is not None)


def _groups(full: FullSpec) -> list[str]:
    """Groups with the driver, when only some have it; none: all have it."""
    cluster = full.cluster.spec.containerd
    if cluster is not None and cluster.nvidia_gpu is not None and cluster.nvidia_gpu.enabled:
        return []
    return sorted(
        group.metadata.name or ""
        for group in full.groups
        if group.spec.containerd and group.spec.containerd.nvidia_gpu and group.spec.containerd.nvidia_gpu.enabled
    )


def _pod(full: FullSpec, container: Object) -> Object:
    found: Object = {
        "priorityClassName": pods.NODE_CRITICAL,
        "runtimeClassName": _RUNTIME,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [_GPU_TAINT, *pods.CONTROL_PLANE_TAINTS],
        "containers": [container],
        "volumes": [host_path("devices", _KUBELET_DEVICES), host_path("pods", "/var/lib/kubelet/pod-resources")],
    }
    groups = _groups(full)
    if groups:
        terms = [{"matchExpressions": [{"key": _LABEL, "operator": "In", "values": groups}]}]
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        found["affinity"] = {"nodeAffinity": required}
    return found


def _plugin(full: FullSpec, image: str) -> Object:
    return {
        "name": "plugin",
        "image": pods.mirrored(full, image),
        # A machine without a GPU beside others that have one is no reason to fail.
        "env": objects.env(FAIL_ON_INIT_ERROR="false"),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        "volumeMounts": [mount("devices", _KUBELET_DEVICES)],
    }


def _exporter(full: FullSpec, image: str) -> Object:
    return {
        "name": "exporter",
        "image": pods.mirrored(full, image),
        "env": [
            *objects.env(DCGM_EXPORTER_KUBERNETES="true", DCGM_EXPORTER_LISTEN=":9400"),
            field_env("NODE_NAME", "spec.nodeName"),
        ],
        "ports": [{"name": "metrics", "containerPort": 9400}],
        "securityContext": {"runAsUser": 0, "capabilities": {"add": ["SYS_ADMIN"]}},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
        "volumeMounts": [mount("pods", "/var/lib/kubelet/pod-resources", readOnly=True)],
    }


ADDON = NvidiaDevicePlugin()
