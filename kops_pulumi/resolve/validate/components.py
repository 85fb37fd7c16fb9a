"""Options of Kubernetes's components: values the programs know, and text they can read.

https://kubernetes.io/docs/reference/command-line-tools-reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.resolve import versions
from kops_pulumi.resolve.paths import values
from kops_pulumi.resolve.validate.subject import Subject, closest, one_of, warning

WEAK_TLS = {"VersionTLS10", "VersionTLS11"}
AUTHORIZATION_MODES = ("ABAC", "Webhook", "Node", "RBAC", "AlwaysAllow", "AlwaysDeny")
ENUMERATIONS: Mapping[str, tuple[str, ...]] = {
    "cpu_manager_policy": ("none", "static"),
    "audit_webhook_mode": ("batch", "blocking", "blocking-strict"),
}
"""Attribute → values, wherever a component has it; most enumerations are types of `spec`."""
COMPONENTS = (
    "kube_api_server",
    "kube_controller_manager",
    "kube_scheduler",
    "kube_proxy",
    "kubelet",
    "master_kubelet",
)
OLDEST_CONTAINERD = (2, 1)
GATE_VALUES = {"true", "false"}
SIGNALS = {
    "memory.available",
    "nodefs.available",
    "nodefs.inodesFree",
    "imagefs.available",
    "imagefs.inodesFree",
    "containerfs.available",
    "containerfs.inodesFree",
    "allocatableMemory.available",
    "pid.available",
}
"""https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/"""
_THRESHOLD = re.compile(r"(?P<signal>[\w.]+)(?P<operator>[<=])(?P<value>\d+(\.\d+)?(%|[KMGTPE]i?|m|[smh]|)(\d+[smh])*)")
EVICTION = {
    "evictionHard": "eviction_hard",
    "evictionSoft": "eviction_soft",
    "evictionMinimumReclaim": "eviction_minimum_reclaim",
}


def flags(subject: Subject) -> Iterator[Finding]:
    """Enumerations and feature gates of every component of the cluster."""
    for name in COMPONENTS:
        for path, component in values(subject.cluster, f"spec.{name}"):
            yield from component_flags(path, component)


def component_flags(path: KeyPath, component: Any) -> Iterator[Finding]:
    """Enumerations, feature gates and eviction thresholds of one component's options."""
    fields = type(component).model_fields
    for attribute, allowed in ENUMERATIONS.items():
        if attribute in fields:
            key = fields[attribute].alias or attribute
            yield from one_of((*path, key), getattr(component, attribute), allowed)
    if getattr(component, "tls_min_version", None) in WEAK_TLS:
        yield warning((*path, "tlsMinVersion"), "TLS before 1.2 can be broken", "use VersionTLS12 or VersionTLS13")
    gates = getattr(component, "feature_gates", None) or {}
    for gate in sorted(gates):
        if not re.fullmatch(r"[A-Z]\w+", gate):
            yield Finding(
                (*path, "featureGates", gate),
                f"{gate!r} is not the name of a feature gate",
                "like InPlacePodVerticalScaling",
            )
        if str(gates[gate]).lower() not in GATE_VALUES:
            yield Finding((*path, "featureGates", gate), f"{gates[gate]!r} is not true or false")
    for key, attribute in EVICTION.items():
        yield from _thresholds((*path, key), getattr(component, attribute, None) or "")


def _thresholds(path: KeyPath, text: str) -> Iterator[Finding]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _THRESHOLD.fullmatch(part)
        if match is None:
            yield Finding(path, f"{part!r} is not a threshold", "like memory.available<100Mi,nodefs.available<10%")
        elif match["signal"] not in SIGNALS:
            yield Finding(path, f"there is no eviction signal {match['signal']!r}", closest(match["signal"], SIGNALS))


def api_server(subject: Subject) -> Iterator[Finding]:
    """The API server: authorization, ports, anonymous access."""
    found, path = subject.spec.kube_api_server, ("spec", "kubeAPIServer")
    for mode in (found.authorization_mode or "").split(","):
        yield from one_of((*path, "authorizationMode"), mode, AUTHORIZATION_MODES)
    if found.insecure_port:
        yield Finding((*path, "insecurePort"), "the API has no insecure port any more", "remove it")
    if found.anonymous_auth:
        yield warning((*path, "anonymousAuth"), "anybody may ask the API without a certificate", "remove it")
    both = set(found.enable_admission_plugins or ()) & set(found.disable_admission_plugins or ())
    if both and found.disable_admission_plugins:
        written = subject.written.spec.kube_api_server
        if written and written.enable_admission_plugins:
            message = f"{', '.join(sorted(both))} both enabled and disabled"
            yield Finding((*path, "disableAdmissionPlugins"), message, "keep one of the two")
    kubelet = subject.written.spec.kubelet
    if kubelet and kubelet.anonymous_auth:
        yield warning(
            ("spec", "kubelet", "anonymousAuth"), "anybody may ask kubelets without a certificate", "set false"
        )


def runtime(subject: Subject) -> Iterator[Finding]:
    """containerd: a version Kubernetes can use, packages with digests."""
    spec = subject.spec
    if spec.container_runtime and spec.container_runtime != "containerd":
        hint = "remove containerRuntime"
        yield Finding(("spec", "containerRuntime"), f"{spec.container_runtime} left Kubernetes with 1.24", hint)
    version = versions.parse(str(spec.containerd.version or ""))
    if version and (version.major, version.minor) < OLDEST_CONTAINERD:
        yield Finding(("spec", "containerd", "version"), f"containerd {version} is too old", "use 2.1 or newer")
    for path, packages in [*values(spec, "containerd.packages"), *values(spec, "containerd.runc.packages")]:
        for arch in ("amd64", "arm64"):
            if getattr(packages, f"url_{arch}") and not getattr(packages, f"hash_{arch}"):
                key = f"hash{arch.capitalize()}"
                yield Finding(("spec", *path, key), f"the {arch} package has no digest", f"set {key} to its SHA-256")
    if spec.containerd.gvisor and spec.containerd.gvisor.enabled:
        yield Finding(
            ("spec", "containerd", "gvisor"), "gVisor is a matter of single groups", "move it to a Node group"
        )
    cache = spec.kube_dns.node_local_dns
    if cache.enabled and spec.kube_dns.provider != "CoreDNS":
        path = ("spec", "kubeDNS", "nodeLocalDNS")
        yield Finding(path, f"the node-local cache does not work with {spec.kube_dns.provider}", "use CoreDNS")
    assets = spec.assets
    if assets and assets.container_registry and assets.container_proxy:
        yield Finding(("spec", "assets"), "containerRegistry and containerProxy exclude each other", "keep one of them")
