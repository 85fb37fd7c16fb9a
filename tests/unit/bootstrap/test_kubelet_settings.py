"""The kubelet's configuration, flags and labels."""

from __future__ import annotations

import pytest
import yaml

from kops_pulumi.bootstrap import kubelet
from kops_pulumi.plan import labels
from kops_pulumi.plugins import CredentialProvider
from kops_pulumi.spec.base import SpecModel
from kops_pulumi.spec.kubelet import Kubelet, KubeletDropped


def configured(kubernetes="1.37.1", **settings):
    return kubelet.configuration(settings, kubernetes, {})


def test_what_nobody_says_is_hardened():
    found = configured()
    assert found["authentication"]["anonymous"] == {"enabled": False}
    assert found["authentication"]["webhook"]["enabled"]
    assert found["authorization"] == {"mode": "Webhook"}
    assert found["readOnlyPort"] == 0
    assert found["tlsMinVersion"] == "VersionTLS12"
    assert all("GCM" in cipher or "POLY1305" in cipher for cipher in found["tlsCipherSuites"])
    switches = ("protectKernelDefaults", "seccompDefault", "rotateCertificates", "serverTLSBootstrap")
    assert all(found[switch] is True for switch in switches)
    assert found["podPidsLimit"] > 0


def test_the_manifest_wins_and_leaves_the_hardened_defaults_of_others_alone():
    assert configured(anonymousAuth=True)["authentication"]["anonymous"]["enabled"]
    assert configured()["authentication"]["anonymous"]["enabled"] is False


def test_the_clouds_needs_stand_between():
    assert kubelet.configuration({}, "1.37.1", {"hairpinMode": "x"})["hairpinMode"] == "x"
    assert kubelet.configuration({"hairpinMode": "y"}, "1.37.1", {"hairpinMode": "x"})["hairpinMode"] == "y"


@pytest.mark.parametrize(
    ("setting", "value", "path", "expected"),
    [
        ("evictionHard", "memory.available<100Mi, nodefs.available<10%", ("evictionHard",),
         {"memory.available": "100Mi", "nodefs.available": "10%"}),
        ("evictionSoftGracePeriod", "memory.available=1m30s", ("evictionSoftGracePeriod",),
         {"memory.available": "1m30s"}),
        ("enforceNodeAllocatable", "pods,kube-reserved", ("enforceNodeAllocatable",), ["pods", "kube-reserved"]),
        ("featureGates", {"A": "true", "B": "False"}, ("featureGates",), {"A": True, "B": False}),
        ("clusterDNS", "10.0.0.10", ("clusterDNS",), ["10.0.0.10"]),
        ("kubeReserved", {"cpu": "1"}, ("kubeReserved",), {"cpu": "1"}),
        ("podManifestPath", "/m", ("staticPodPath",), "/m"),
        ("logLevel", 4, ("logging", "verbosity"), 4),
        ("authenticationTokenWebhookCacheTtl", "10s", ("authentication", "webhook", "cacheTTL"), "10s"),
        ("memorySwapBehavior", "LimitedSwap", ("memorySwap", "swapBehavior"), "LimitedSwap"),
        ("crashLoopBackOffMaxContainerRestartPeriod", "30s", ("crashLoopBackOff", "maxContainerRestartPeriod"), "30s"),
    ],
)  # fmt: skip
def test_a_setting_goes_to_its_place(setting, value, path, expected):
    found = configured(**{setting: value})
    for key in path:
        found = found[key]
    assert found == expected


def test_swap_may_be_on_where_pods_may_use_it():
    assert configured(memorySwapBehavior="LimitedSwap")["failSwapOn"] is False
    assert configured(memorySwapBehavior="LimitedSwap", failSwapOn=True)["failSwapOn"] is True
    assert "failSwapOn" not in configured()


def aliases(model: type[SpecModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_every_field_of_the_manifest_has_a_row():
    dropped = aliases(KubeletDropped)
    assert set(kubelet.FIELDS) - {"cgroupDriver"} == aliases(Kubelet) - dropped


def test_flags_only_say_what_the_configuration_cannot():
    settings = {"rootDir": "/data/kubelet", "maxPods": 5, "hostnameOverride": "@aws", "cloudProvider": "external"}
    assert kubelet.flags(settings, "1.37.1") == {"root-dir": "/data/kubelet", "cloud-provider": "external"}


def test_a_flag_is_written_only_where_it_still_exists():
    settings = {"podInfraContainerImage": "pause"}
    assert kubelet.flags(settings, "1.34.0") == {"pod-infra-container-image": "pause"}
    assert kubelet.flags(settings, "1.35.0") == {}
    (finding,) = kubelet.ineffective(settings, "1.35.0", ("spec", "kubelet"))
    assert finding.dotted == "spec.kubelet.podInfraContainerImage"
    assert "since 1.35" in finding.message
    assert "containerd.sandboxImage" in finding.hint
    assert not list(kubelet.ineffective(settings, "1.34.0", ("spec", "kubelet")))


@pytest.mark.parametrize(
    "setting", ["seccompProfileRoot", "registerSchedulable", "kubeconfigPath", "bootstrapKubeconfig"]
)
def test_settings_without_effect_are_said_to_be(setting):
    (finding,) = kubelet.ineffective({setting: "x"}, "1.37.0", ("spec", "kubelet"))
    assert finding.hint
    assert configured(**{setting: "x"}) == configured()
    assert kubelet.flags({setting: "x"}, "1.37.0") == {}


def test_swap_without_limit_is_gone():
    (finding,) = kubelet.ineffective({"memorySwapBehavior": "UnlimitedSwap"}, "1.37.0", ())
    assert "LimitedSwap" in finding.hint
    assert "memorySwap" not in configured(memorySwapBehavior="UnlimitedSwap")


@pytest.mark.parametrize(
    ("label", "own"),
    [
        ("pool", True),
        ("example.com/pool", True),
        ("node.kubernetes.io/instance-type", True),
        ("node.kubernetes.io/anything", True),
        ("kubernetes.io/hostname", True),
        ("kops.k8s.io/instancegroup", False),
        ("node-role.kubernetes.io/node", False),
        ("node-restriction.kubernetes.io/zone", False),
        ("k8s.io/x", False),
    ],
)
def test_a_kubelet_sets_the_labels_that_node_restriction_lets_it_set(label, own):
    assert (label in labels.own({label: "x"})) is own
    assert (label in labels.given({label: "x"})) is not own


def test_credentials_of_the_machine_serve_mirrors_too():
    provider = CredentialProvider("p", "1", "https://x/{version}/{arch}", ("*.registry.example.net",), "v1")
    (entry,) = yaml.safe_load(kubelet.credential_config(provider, {"b.example.net", "a.example.net"}))["providers"]
    assert entry["matchImages"] == ["*.registry.example.net", "a.example.net", "b.example.net"]
