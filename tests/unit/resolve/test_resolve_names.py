"""Names of clusters and groups, versions and dates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Said = Callable[..., list[str]]


def test_a_sound_manifest_leaves_nothing_to_say(said: Said) -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("name", "dns", "words"),
    [
        ("Prod.example.com", "Public", "'Prod.example.com' is not a DNS name"),
        ("prod", "Public", "'prod' has no domain, but the cluster uses DNS"),
        ("prod.k8s.local", "Public", "asks for gossip, which ended with kops 1.37 (set topology.dns.type: None"),
        ("prod", "None", ""),
        ("prod.k8s.local", "None", ""),
    ],
)
def test_the_cluster_has_a_dns_name(said: Said, name: str, dns: str, words: str) -> None:
    found = [
        text
        for text in said({"metadata.name": name, "spec.topology.dns.type": dns})
        if text.startswith("metadata.name:")
    ]
    assert [words in text for text in found] == ([True] if words else [])


def test_a_version_that_cannot_be_built_is_named(said: Said) -> None:
    assert (
        "Kubernetes 1.38 is newer than this kops-pulumi knows (1.37)" in said({"spec.kubernetesVersion": "1.38.0"})[0]
    )
    assert "warning" in said({"spec.kubernetesVersion": "1.38.0"}, force=True)[0]
    assert "no Kubernetes version" in said({"spec.kubernetesVersion": None})[0]


def test_the_defaults_version_is_a_date(said: Said) -> None:
    annotations = {"kops.k8s.io/defaults-version": "November"}
    assert "'November' is not a date" in said({"metadata.annotations": annotations})[0]
    assert said({"metadata.annotations": {"kops.k8s.io/defaults-version": "2026-11-01"}}) == []


def test_a_groups_name_is_a_dns_label(said: Said) -> None:
    assert "'Nodes_1' is not a name for a group" in said({}, {"nodes": {"metadata.name": "Nodes_1"}})[0]


def test_a_cluster_needs_a_control_plane_and_better_has_nodes(said: Said) -> None:
    found = said({}, {f"control-plane-eu-west-1{zone}": {"spec.role": "Node"} for zone in "abc"})
    assert "spec.etcdClusters: no instance group has the role Master (add a control-plane group)" in found
    assert "warning: no instance group has the role Node" in said({}, {"nodes": {"spec.role": "APIServer"}})[0]


def test_the_clusters_files_have_a_place(said: Said) -> None:
    assert said({"spec.configBase": None}) == []
    assert "'my-bucket' is not a store" in said({"spec.keyStore": "my-bucket"})[0]


@pytest.mark.parametrize("key", ["Name", "kubernetes.io/cluster/prod.example.com", "k8s.io/etcd/main"])
def test_labels_by_which_things_are_found_again_are_reserved(said: Said, key: str) -> None:
    own = f"the label {key!r} is the tool's own"
    assert own in said({"spec.cloudLabels": {key: "x"}})[0]
    assert own in said({}, {"nodes": {"spec.cloudLabels": {key: "x"}}})[0]
    assert said({"spec.cloudLabels": {"k8s.io/cluster-autoscaler/enabled": "1", "team": "web"}}) == []
