"""Overlays: what is merged, replaced, deleted, and where a value then says it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from kops_pulumi import manifest

BASE = """\
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata:
  name: demo.example.com
spec:
  kubernetesVersion: 1.36.0
  sshAccess: [10.0.0.0/8]
  networking:
    calico: {}
  subnets:
  - name: a
    zone: x1
  - name: b
    zone: x2
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata:
  name: nodes
spec:
  minSize: 2
"""
PROD = """\
kind: Cluster
spec:
  sshAccess: [192.168.0.0/16, 172.16.0.0/12]
  networking:
    calico: null
    cilium: {}
  subnets:
  - name: b
    zone: x3
  - name: c
---
kind: InstanceGroup
metadata:
  name: nodes
spec:
  minSize: 5
---
kind: InstanceGroup
metadata:
  name: spot
spec:
  minSize: 1
"""


@pytest.fixture
def merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> manifest.Manifest:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)
    Path("prod.yaml").write_text(PROD)
    return manifest.load(["base.yaml"], overlays=["prod.yaml"])


def test_mappings_merge_named_lists_merge_by_name_other_lists_are_replaced(merged: manifest.Manifest) -> None:
    cluster = merged.documents[0].data
    assert cluster["metadata"] == {"name": "demo.example.com"}
    assert cluster["spec"] == {
        "kubernetesVersion": "1.36.0",
        "sshAccess": ["192.168.0.0/16", "172.16.0.0/12"],
        "networking": {"cilium": {}},
        "subnets": [{"name": "a", "zone": "x1"}, {"name": "b", "zone": "x3"}, {"name": "c"}],
    }


def test_documents_match_by_name_and_new_ones_are_added(merged: manifest.Manifest) -> None:
    assert [(doc.title, doc.data["spec"]) for doc in merged.documents[1:]] == [
        ("InstanceGroup/nodes", {"minSize": 5}),
        ("InstanceGroup/spot", {"minSize": 1}),
    ]


def test_every_value_says_which_file_it_came_from(merged: manifest.Manifest) -> None:
    cluster, nodes = merged.documents[:2]
    assert str(cluster.locate(("spec", "kubernetesVersion"))) == "base.yaml:6:22"
    assert str(cluster.locate(("spec", "sshAccess"))) == "prod.yaml:3:3"
    assert str(cluster.locate(("spec", "subnets"))) == "base.yaml:10:3"
    assert str(cluster.locate(("spec", "subnets", 0, "zone"))) == "base.yaml:12:11"
    assert str(cluster.locate(("spec", "subnets", 1, "zone"))) == "prod.yaml:9:11"
    assert str(cluster.locate(("spec", "networking", "cilium"))) == "prod.yaml:6:5"
    assert str(nodes.locate(("spec", "minSize"))) == "prod.yaml:16:12"


def test_an_overlay_for_another_cluster_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)
    Path("other.yaml").write_text("kind: Cluster\nmetadata: {name: other}\n")
    read = manifest.load(["base.yaml"], overlays=["other.yaml"])
    assert [str(finding) for finding in read.findings] == [
        "other.yaml:1:1: metadata.name: there is no Cluster named 'other' to lay this over (leave the name out)"
    ]
    assert len(read.documents) == 2
