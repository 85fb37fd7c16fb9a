"""Instance groups, and what users add to machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Said = Callable[..., list[str]]
HOME = "control-plane-eu-west-1a"


@pytest.mark.parametrize(
    ("group", "changes", "where", "words"),
    [
        ("nodes", {"spec.minSize": 7}, "spec.minSize", "minSize 7 is more than maxSize 6"),
        (HOME, {"spec.minSize": 1, "spec.maxSize": 3}, "spec.maxSize", "a control-plane group is one machine, not 3"),
        (
            "nodes",
            {"spec.subnets": ["eu-west-1x"]},
            "spec.subnets[0]",
            "the cluster has no subnet 'eu-west-1x' (did you",
        ),
        ("nodes", {"spec.subnets": ["eu-west-1a"] * 2}, "spec.subnets[1]", "subnet 'eu-west-1a' is named twice"),
        ("nodes", {"spec.subnets": ["eu-west-1a", "utility-eu-west-1a"]}, "spec.subnets", "is in Private and Utility"),
        ("nodes", {"spec.manager": "Karpenter"}, "spec.manager", "Karpenter is not enabled"),
        ("nodes", {"spec.warmPool": {"minSize": 3, "maxSize": 1}}, "spec.warmPool.minSize", "more than its maxSize 1"),
        ("bastions", {"spec.warmPool": {"maxSize": 1}}, "spec.warmPool", "Bastion groups have no warm pool"),
        ("nodes", {"spec.mixedInstancesPolicy": {}}, "spec.mixedInstancesPolicy", "no instances to mix"),
        (
            "nodes",
            {"spec.mixedInstancesPolicy": {"instances": ["m5.large"], "instanceRequirements": {}}},
            "spec.mixedInstancesPolicy",
            "instances and instanceRequirements exclude each other",
        ),
        ("nodes", {"spec.externalLoadBalancers": [{}]}, "spec.externalLoadBalancers[0]", "set exactly one of the two"),
        (
            "nodes",
            {"spec.rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}},
            "spec.rollingUpdate",
            "nothing is ever",
        ),
        (HOME, {"spec.rollingUpdate": {"maxSurge": 1}}, "spec.rollingUpdate.maxSurge", "never surged"),
        ("nodes", {"spec.nodeLabels": {"a b": "c"}}, "spec.nodeLabels.a b", "'a b' is not a label's name"),
        ("nodes", {"spec.nodeLabels": {"a": "c d"}}, "spec.nodeLabels.a", "'c d' is not a label's value"),
        ("nodes", {"spec.taints": ["team=web"]}, "spec.taints[0]", "'team=web' is not a taint"),
        (
            "nodes",
            {"spec.taints": ["team=web:Never"]},
            "spec.taints[0]",
            "warning: no kubelet knows the effect 'Never'",
        ),
        (
            "nodes",
            {"spec.taints": ["a=b:NoSchedule", "a=c:NoSchedule"]},
            "spec.taints[1]",
            "another taint a:NoSchedule",
        ),
        (
            "nodes",
            {"spec.volumes": [{"device": "/dev/xvdd"}] * 2},
            "spec.volumes[1].device",
            "another volume /dev/xvdd",
        ),
        (
            "nodes",
            {"spec.volumeMounts": [{"device": "/dev/xvdz", "filesystem": "ext4", "path": "/data"}]},
            "spec.volumeMounts[0].device",
            "no volume is '/dev/xvdz'",
        ),
        (
            "nodes",
            {"spec.volumeMounts": [{"device": "/dev/nvme1n1", "filesystem": "fat", "path": "data"}]},
            "spec.volumeMounts[0].filesystem",
            "'fat' cannot be made",
        ),
        ("nodes", {"spec.rootVolumeEncryption": False}, "spec.rootVolumeEncryption", "warning: the root disk is not"),
        ("nodes", {"spec.kubelet": {"evictionSoft": "x"}}, "spec.kubelet.evictionSoft", "'x' is not a threshold"),
        (
            HOME,
            {"spec.containerd": {"gvisor": {"enabled": True}}},
            "spec.containerd.gvisor",
            "gVisor is for Node groups",
        ),
        ("nodes", {"spec.containerd": {"logLevel": "debug"}}, "spec.containerd.logLevel", "a group cannot change it"),
        ("nodes", {"spec.hooks": [{"name": "h"}]}, "spec.hooks[0]", "warning: the hook does nothing"),
        (
            "nodes",
            {"spec.hooks": [{"manifest": "x", "useRawManifest": True, "before": ["kubelet.service"]}]},
            "spec.hooks[0].before",
            "before does not go with useRawManifest",
        ),
        (
            "nodes",
            {"spec.hooks": [{"manifest": "x", "before": ["kubelet"]}]},
            "spec.hooks[0].before[0]",
            "is not a unit",
        ),
        ("nodes", {"spec.fileAssets": [{"name": "f"}]}, "spec.fileAssets[0].content", "file 'f' is empty"),
        (
            "nodes",
            {"spec.fileAssets": [{"name": "f", "content": "%", "isBase64": True, "mode": "99", "path": "x"}]},
            "spec.fileAssets[0].mode",
            "'99' is not a file mode",
        ),
        (
            "nodes",
            {"spec.sysctlParameters": ["vm.swappiness"]},
            "spec.sysctlParameters[0]",
            "'vm.swappiness' sets nothing",
        ),
        ("nodes", {"spec.gcpProvisioningModel": "SPOT"}, "spec.gcpProvisioningModel", "for gce"),
    ],
)
def test_a_conflict_is_named_where_it_stands(
    said: Said, group: str, changes: dict[str, Any], where: str, words: str
) -> None:
    found = said({}, {group: changes})
    assert [text for text in found if text.startswith(f"InstanceGroup/{group} {where}: ") and words in text], found


def test_karpenter_takes_node_groups_and_no_bids(said: Said) -> None:
    enabled = {
        "spec.karpenter": {"enabled": True},
        "spec.iam.useServiceAccountExternalPermissions": True,
        "spec.serviceAccountIssuerDiscovery": {"discoveryStore": "s3://d/prod", "enableAWSOIDCProvider": True},
    }
    assert said(enabled, {"nodes": {"spec.manager": "Karpenter"}}) == []
    found = said(enabled, {"nodes": {"spec.manager": "Karpenter", "spec.maxPrice": "0.1"}})
    assert any("spec.maxPrice: Karpenter does not bid" in text for text in found)
    found = said(enabled, {HOME: {"spec.manager": "Karpenter"}})
    assert any("Karpenter manages Node groups, not Master" in text for text in found)


def test_groups_without_image_or_machine_type_are_refused_where_the_site_decides(said: Said) -> None:
    found = said({}, {"nodes": {"spec.image": None, "spec.machineType": None}}, cloud="openstack")
    assert "InstanceGroup/nodes spec.image: the group has no image (name an image of your openstack)" in found
    assert (
        "InstanceGroup/nodes spec.machineType: the group has no machine type (name a type of your openstack)" in found
    )


def test_base64_with_and_without_padding_is_accepted(said: Said) -> None:
    files = [{"name": name, "content": text, "isBase64": True} for name, text in (("a", "YQ=="), ("b", "YQ"))]
    assert said({"spec.fileAssets": files}) == []
