"""Options of Kubernetes's components, containerd, network plug-ins and add-ons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Said = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        (
            {"spec.kubelet.featureGates": {"graceful": "true"}},
            "spec.kubelet.featureGates.graceful",
            "not the name of a",
        ),
        (
            {"spec.kubelet.featureGates": {"Graceful": "maybe"}},
            "spec.kubelet.featureGates.Graceful",
            "not true or false",
        ),
        ({"spec.kubelet.evictionHard": "memory<1"}, "spec.kubelet.evictionHard", "no eviction signal 'memory'"),
        ({"spec.kubelet.evictionHard": "memory.available"}, "spec.kubelet.evictionHard", "is not a threshold"),
        ({"spec.kubelet.anonymousAuth": True}, "spec.kubelet.anonymousAuth", "warning: anybody may ask kubelets"),
        (
            {"spec.kubeAPIServer.anonymousAuth": True},
            "spec.kubeAPIServer.anonymousAuth",
            "warning: anybody may ask the API",
        ),
        ({"spec.kubeAPIServer.insecurePort": 8080}, "spec.kubeAPIServer.insecurePort", "no insecure port any more"),
        (
            {"spec.kubeAPIServer.authorizationMode": "Node,RBAC,Guess"},
            "spec.kubeAPIServer.authorizationMode",
            "'Guess' is not one of ABAC, Webhook",
        ),
        (
            {"spec.kubeAPIServer.enableAdmissionPlugins": ["X"], "spec.kubeAPIServer.disableAdmissionPlugins": ["X"]},
            "spec.kubeAPIServer.disableAdmissionPlugins",
            "X both enabled and disabled",
        ),
        (
            {"spec.kubeAPIServer.tlsMinVersion": "VersionTLS10"},
            "spec.kubeAPIServer.tlsMinVersion",
            "warning: TLS before 1.2",
        ),
        ({"spec.containerRuntime": "docker"}, "spec.containerRuntime", "docker left Kubernetes with 1.24"),
        ({"spec.containerd.version": "1.7.2"}, "spec.containerd.version", "containerd 1.7.2 is too old"),
        (
            {"spec.containerd.packages": {"urlAmd64": "https://example.com/x"}},
            "spec.containerd.packages.hashAmd64",
            "the amd64 package has no digest",
        ),
        (
            {"spec.containerd.gvisor": {"enabled": True}},
            "spec.containerd.gvisor",
            "gVisor is a matter of single groups",
        ),
        ({"spec.assets": {"containerRegistry": "a", "containerProxy": "b"}}, "spec.assets", "exclude each other"),
        ({"spec.warmPool": {"minSize": 2, "maxSize": 1}}, "spec.warmPool.minSize", "is more than its maxSize 1"),
        (
            {"spec.kubeDNS": {"provider": "KubeDNS", "nodeLocalDNS": {"enabled": True}}},
            "spec.kubeDNS.nodeLocalDNS",
            "does not work with KubeDNS",
        ),
        (
            {"spec.kubelet.cpuManagerPolicy": "greedy"},
            "spec.kubelet.cpuManagerPolicy",
            "'greedy' is not one of none, static",
        ),
        ({"spec.networking": {}}, "spec.networking", "the cluster has no network plug-in"),
        ({"spec.networking": {"cilium": {}, "calico": {}}}, "spec.networking.calico", "cilium and calico exclude each"),
        ({"spec.networking": {"weave": {}}}, "spec.networking.weave", "weave was removed"),
        ({"spec.networking": {"cilium": {"enableNodePort": True}}}, "spec.kubeProxy.enabled", "kube-proxy must be off"),
        ({"spec.addons": [{"name": "x"}]}, "spec.addons[0]", "does not say where it comes from"),
        ({"spec.addons": [{"manifest": "file:///x.yaml"}]}, "spec.addons[0].manifest", "mean other files"),
        ({"spec.addons": [{"manifest": "s3://x/y.yaml"}]}, "spec.addons[0].manifest", "s3:// addresses are not read"),
        ({"spec.addons": [{"python": "module.function"}]}, "spec.addons[0].python", "names no function"),
        ({"spec.snapshotController": {"enabled": True}}, "spec.snapshotController.enabled", "cert-manager"),
        ({"spec.cloudConfig.gceServiceAccount": "default"}, "spec.cloudConfig.gceServiceAccount", "for gce"),
    ],
)
def test_a_conflict_is_named_where_it_stands(said: Said, changes: dict[str, Any], where: str, words: str) -> None:
    found = said(changes)
    assert [text for text in found if text.startswith(f"{where}: ") and words in text], found


@pytest.mark.parametrize(
    "text",
    [
        "memory.available<100Mi,nodefs.available<10%",
        "imagefs.inodesFree<5%",
        "memory.available<1.5Gi",
        "pid.available<1000",
    ],
)
def test_thresholds_of_every_form_are_read(said: Said, text: str) -> None:
    assert said({"spec.kubelet.evictionHard": text}) == []
