"""The kubelet of one group: its KubeletConfiguration, the few flags that have no place in it, labels.

Every field of the manifest's kubelet has a row here: where in the configuration it goes, or which flag says it, in
which Kubernetes minors, or why it has no effect. Since kubelets refuse flags they do not know, a flag is written only
for the minors that have it. What the manifest does not say is hardened (CIS 4.2). Pure.

https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kops_pulumi.bootstrap import toml
from kops_pulumi.bootstrap.assets import CREDENTIAL_PROVIDERS
from kops_pulumi.bootstrap.node import BundleFile, Kubelet, NodeConfig
from kops_pulumi.bootstrap.tables import HOME
from kops_pulumi.errors import Finding, KeyPath, Severity
from kops_pulumi.plugins import CredentialProvider
from kops_pulumi.resolve.defaults.hardening import CIPHER_SUITES, TLS_MIN_VERSION

_UNIT = Path(__file__).parent / "files" / "kubelet.service"
CREDENTIALS_CONFIG = "/etc/kubernetes/credential-providers.yaml"
_HARDENED: Mapping[str, Any] = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "authentication": {
        "anonymous": {"enabled": False},
        "webhook": {"enabled": True},
        "x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
    },
    "authorization": {"mode": "Webhook"},
    "cgroupDriver": "systemd",
    "eventRecordQPS": 50,
    "makeIPTablesUtilChains": True,
    # A fork bomb stays in its pod; far above what servers use.
    "podPidsLimit": 4096,
    "protectKernelDefaults": True,
    "readOnlyPort": 0,
    "rotateCertificates": True,
    # Pulls and volumes of big images take longer than the kubelet's two minutes.
    "runtimeRequestTimeout": "15m",
    "seccompDefault": True,
    # The serving certificate is signed by the cluster, not by itself: a control plane approves it.
    "serverTLSBootstrap": True,
    "streamingConnectionIdleTimeout": "4h",
    "tlsCipherSuites": list(CIPHER_SUITES),
    "tlsMinVersion": TLS_MIN_VERSION,
}


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _thresholds(text: str) -> dict[str, str]:
    """`memory.available<100Mi,nodefs.available<10%` as a mapping; grace periods and minima are written with `=`."""
    pairs = (re.split(r"[<=]", part, maxsplit=1) for part in _list(text))
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}


def _gates(gates: Mapping[str, Any]) -> dict[str, bool]:
    return {name: str(value).lower() == "true" for name, value in gates.items()}


@dataclass(frozen=True, slots=True)
class Row:
    """Where one field of the manifest goes."""

    path: tuple[str, ...] = ()
    """In the KubeletConfiguration."""
    flag: str | None = None
    """On the command line, instead."""
    since: int = 0
    until: int = 99
    """First and last Kubernetes minor that knows it."""
    convert: Callable[[Any], Any] = field(default=lambda value: value)
    dead: str | None = None
    """Why it has no effect, and what to do."""


def _same(*names: str, **options: Any) -> dict[str, Row]:
    """Fields that are called the same in the configuration."""
    return {name: Row((name,), **options) for name in names}


FIELDS: Mapping[str, Row] = {
    **_same(
        "allowedUnsafeSysctls",
        "cgroupDriver",
        "cgroupRoot",
        "clusterDomain",
        "containerLogMaxFiles",
        "containerLogMaxSize",
        "cpuCFSQuota",
        "cpuCFSQuotaPeriod",
        "cpuManagerPolicy",
        "enableDebuggingHandlers",
        "eventBurst",
        "eventRecordQPS",
        "evictionMaxPodGracePeriod",
        "evictionPressureTransitionPeriod",
        "failSwapOn",
        "hairpinMode",
        "imageGCHighThresholdPercent",
        "imageGCLowThresholdPercent",
        "imageMaximumGCAge",
        "imageMinimumGCAge",
        "kernelMemcgNotification",
        "kubeAPIBurst",
        "kubeAPIQPS",
        "kubeReserved",
        "kubeReservedCgroup",
        "kubeletCgroups",
        "maxParallelImagePulls",
        "maxPods",
        "nodeLeaseDurationSeconds",
        "nodeStatusUpdateFrequency",
        "podCIDR",
        "podPidsLimit",
        "protectKernelDefaults",
        "readOnlyPort",
        "registerNode",
        "registryBurst",
        "registryPullQPS",
        "rotateCertificates",
        "runtimeRequestTimeout",
        "seccompDefault",
        "serializeImagePulls",
        "shutdownGracePeriod",
        "shutdownGracePeriodCriticalPods",
        "streamingConnectionIdleTimeout",
        "systemReserved",
        "systemReservedCgroup",
        "tlsCipherSuites",
        "tlsMinVersion",
        "topologyManagerPolicy",
        "volumeStatsAggPeriod",
    ),
    **_same("evictionHard", "evictionSoft", "evictionSoftGracePeriod", "evictionMinimumReclaim", convert=_thresholds),
    **_same("enforceNodeAllocatable", convert=_list),
    **_same("featureGates", convert=_gates),
    "anonymousAuth": Row(("authentication", "anonymous", "enabled")),
    "authenticationTokenWebhook": Row(("authentication", "webhook", "enabled")),
    "authenticationTokenWebhookCacheTtl": Row(("authentication", "webhook", "cacheTTL")),
    "authorizationMode": Row(("authorization", "mode")),
    "clientCaFile": Row(("authentication", "x509", "clientCAFile")),
    "clusterDNS": Row(("clusterDNS",), convert=_list),
    # https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#configurable-container-restart-delay
    "crashLoopBackOffMaxContainerRestartPeriod": Row(("crashLoopBackOff", "maxContainerRestartPeriod"), since=32),
    "eventQPS": Row(("eventRecordQPS",)),
    "logFormat": Row(("logging", "format")),
    "logLevel": Row(("logging", "verbosity")),
    "memorySwapBehavior": Row(("memorySwap", "swapBehavior")),
    "podManifestPath": Row(("staticPodPath",)),
    "resolvConf": Row(("resolvConf",)),
    "tlsCertFile": Row(("tlsCertFile",)),
    "tlsPrivateKeyFile": Row(("tlsPrivateKeyFile",)),
    "volumePluginDirectory": Row(("volumePluginDir",)),
    "cloudProvider": Row(flag="cloud-provider"),
    "hostnameOverride": Row(flag="hostname-override"),
    "housekeepingInterval": Row(flag="housekeeping-interval"),
    "rootDir": Row(flag="root-dir"),
    "runtimeCgroups": Row(flag="runtime-cgroups"),
    "podInfraContainerImage": Row(
        flag="pod-infra-container-image", until=34, dead="the container runtime owns it; set containerd.sandboxImage"
    ),
    "nodeLabels": Row(flag="node-labels"),
    "taints": Row(flag="register-with-taints"),
    "bootstrapKubeconfig": Row(dead="machines join with a kubeconfig of their own; remove it"),
    "kubeconfigPath": Row(dead="the kubeconfig's place is fixed; remove it"),
    "registerSchedulable": Row(dead="kubelets always register schedulable; set taints"),
    "seccompProfileRoot": Row(dead="profiles are always in the kubelet's own directory; remove it"),
}
"""By the manifest's key. Fields that already parse as gone (`spec/kubelet.py`) are not repeated."""

_ELSEWHERE = frozenset({"nodeLabels", "taints"})
"""Merged with the group's own labels and taints, by the plan."""
_UNLIMITED = "UnlimitedSwap"
"""A value of `memorySwapBehavior` that went with 1.30."""
_CLOUD_NAMES = "@"
"""`hostnameOverride: "@aws"` asks for what the cloud calls the machine: what we do anyway."""


def minor(version: str) -> int:
    """The minor of a Kubernetes version such as 1.37.1."""
    return int(version.split(".")[1])


def configuration(settings: Mapping[str, Any], kubernetes: str, cloud: Mapping[str, Any]) -> dict[str, Any]:
    """The whole KubeletConfiguration: hardened defaults, then the cloud's needs, then the manifest's settings."""
    found: dict[str, Any] = _copied({**_HARDENED, **cloud})
    for key, row in _effective(settings, kubernetes):
        if row.path:
            toml.put(found, row.path, row.convert(settings[key]))
    if "memorySwapBehavior" in settings:
        found.setdefault("failSwapOn", False)
    return found


def flags(settings: Mapping[str, Any], kubernetes: str) -> dict[str, str]:
    """What only the command line can say, by flag without dashes."""
    return {
        row.flag: str(settings[key])
        for key, row in _effective(settings, kubernetes)
        if row.flag and key not in _ELSEWHERE and not str(settings[key]).startswith(_CLOUD_NAMES)
    }


def ineffective(settings: Mapping[str, Any], kubernetes: str, path: KeyPath) -> Iterable[Finding]:
    """A warning for every setting at `path` that this Kubernetes does not know."""
    effective = {key for key, _ in _effective(settings, kubernetes)}
    for key in settings:
        row = FIELDS.get(key)
        if row is None or key in effective or settings[key] == _UNLIMITED:
            continue
        until = f" since 1.{row.until + 1}" if row.until < minor(kubernetes) else ""
        hint = row.dead or f"it takes Kubernetes 1.{row.since}"
        yield Finding((*path, key), f"the kubelet has no such setting{until}; it has no effect", hint, Severity.WARNING)
    if settings.get("memorySwapBehavior") == _UNLIMITED:
        hint = "choose LimitedSwap"
        yield Finding((*path, "memorySwapBehavior"), "kubelets no longer know UnlimitedSwap", hint, Severity.WARNING)


def credential_config(provider: CredentialProvider, mirrors: Iterable[str]) -> str:
    """The kubelet's CredentialProviderConfig; `mirrors` are further hosts that take the machine's own login."""
    document = {
        "apiVersion": "kubelet.config.k8s.io/v1",
        "kind": "CredentialProviderConfig",
        "providers": [
            {
                "name": provider.name,
                "matchImages": [*provider.images, *sorted(mirrors)],
                "defaultCacheDuration": "12h",
                "apiVersion": provider.api_version,
                "args": ["get-credentials"],
            }
        ],
    }
    return yaml.safe_dump(document, sort_keys=False)


def files(node: NodeConfig) -> Mapping[str, BundleFile]:
    """The kubelet's unit, its flags and how it logs in to registries. Its configuration goes through kubeadm."""
    arguments = {**node.kubelet.flags, **_labels(node.kubelet)}
    if node.kubelet.credentials:
        arguments["image-credential-provider-bin-dir"] = CREDENTIAL_PROVIDERS
        arguments["image-credential-provider-config"] = CREDENTIALS_CONFIG
    text = " ".join(f"--{flag}={value}" for flag, value in sorted(arguments.items()))
    found = {
        "/etc/systemd/system/kubelet.service": BundleFile(_UNIT.read_bytes(), 0o600),  # CIS 4.1.1
        f"{HOME}/kubelet.env": BundleFile.text(f"KUBELET_KOPS_ARGS='{text}'\n"),
    }
    if node.kubelet.credentials:
        found[CREDENTIALS_CONFIG] = BundleFile.text(node.kubelet.credentials)
    return found


def _labels(kubelet: Kubelet) -> dict[str, str]:
    text = ",".join(f"{key}={value}" for key, value in sorted(kubelet.labels.items()))
    return {"node-labels": text} if text else {}


def _effective(settings: Mapping[str, Any], kubernetes: str) -> Iterator[tuple[str, Row]]:
    """The settings that this Kubernetes knows."""
    now = minor(kubernetes)
    for key in sorted(settings):
        row = FIELDS.get(key)
        if row and (row.path or row.flag) and row.since <= now <= row.until and settings[key] != _UNLIMITED:
            yield key, row


def _copied(value: Any) -> Any:
    """A copy of nested mappings, to be changed."""
    return {key: _copied(inner) for key, inner in value.items()} if isinstance(value, Mapping) else value
