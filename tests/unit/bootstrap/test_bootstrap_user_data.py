"""User data: references and digests, the user's parts, limits."""

from __future__ import annotations

import dataclasses
import email
import hashlib
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kops_pulumi import bootstrap, manifest, pipeline, spec
from kops_pulumi.bootstrap import multipart
from kops_pulumi.bootstrap.cloud_config import NODE_FILE
from kops_pulumi.bootstrap.node_config import canonical
from kops_pulumi.model import UserData

MANIFEST = """
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata: {name: boot.example.org}
spec:
  cloudProvider: aws
  configBase: s3://store/boot.example.org
  kubernetesVersion: 1.36.1
  networkCIDR: 10.0.0.0/16
  networking: {cilium: {}}
  kubernetesApiAccess: []
  sshAccess: []
  packages: [nfs-common]
  fileAssets:
  - {name: all, path: /etc/all, content: one}
  - {name: cp, path: /etc/cp, content: two, roles: [Master]}
  hooks:
  - {name: tune, manifest: Type=oneshot}
  subnets:
  - {name: a, zone: eu-west-1a, type: Public, cidr: 10.0.32.0/19}
  etcdClusters:
  - {name: main, etcdMembers: [{name: a, instanceGroup: cp}]}
  - {name: events, etcdMembers: [{name: a, instanceGroup: cp}]}
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: cp, labels: {kops.k8s.io/cluster: boot.example.org}}
spec: {role: Master, image: ami-0123456789abcdef0, machineType: t3.medium, subnets: [a]}
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: nodes, labels: {kops.k8s.io/cluster: boot.example.org}}
spec:
  role: Node
  image: ami-0123456789abcdef0
  machineType: t3.medium
  subnets: [a]
  packages: [jq, nfs-common]
  kubelet: {maxPods: 50}
  hooks:
  - {name: tune, disabled: true}
"""


def planned(**nodes):
    documents = list(yaml.safe_load_all(MANIFEST))
    documents[2]["spec"].update(nodes)
    return pipeline.run(spec.parse(manifest.loads(yaml.safe_dump_all(documents), "boot.yaml")))


def group(found, name="nodes"):
    (match,) = [candidate for candidate in found.plan.groups if candidate.name == name]
    return match


def test_cloud_config_refers_to_the_bundle_by_place_and_digest():
    found = planned()
    text = group(found).user_data.text
    assert text.startswith("#cloud-config\n")
    (file,) = yaml.safe_load(text)["write_files"]
    references = json.loads(file["content"])
    config = bootstrap.node_config(found.plan, found.full, group(found))
    digest = hashlib.sha256(canonical(config)).hexdigest()
    assert file["path"] == NODE_FILE
    assert references == {
        "bundle": f"s3://store/boot.example.org/nodes/node/nodes/{digest}.json",
        "cluster": "boot.example.org",
        "group": "nodes",
        "role": "node",
        "sha256": digest,
    }


def test_node_configuration_holds_what_the_manifest_says_for_the_group():
    found = planned(nodeLabels={"pool": "general"}, taints=["dedicated=x:NoSchedule"])
    config = bootstrap.node_config(found.plan, found.full, group(found))
    assert config["labels"]["pool"] == "general"
    assert config["taints"] == ["dedicated=x:NoSchedule"]
    assert config["packages"] == ["nfs-common", "jq"]
    assert config["kubelet"]["maxPods"] == 50
    assert [file["path"] for file in config["fileAssets"]] == ["/etc/all"]
    assert [(hook["name"], hook["disabled"]) for hook in config["hooks"]] == [("tune", True)]
    assert config["etcd"] == []


def test_control_planes_know_their_etcd_members_and_files():
    found = planned()
    config = bootstrap.node_config(found.plan, found.full, group(found, "cp"))
    assert [(etcd["name"], etcd["here"]) for etcd in config["etcd"]] == [("events", ["a"]), ("main", ["a"])]
    assert [file["path"] for file in config["fileAssets"]] == ["/etc/all", "/etc/cp"]
    assert "kubeAPIServer" in config["settings"]
    assert "kubeAPIServer" not in bootstrap.node_config(found.plan, found.full, group(found))["settings"]


@pytest.mark.parametrize(
    "change",
    [{"nodeLabels": {"a": "b"}}, {"taints": ["a=b:NoSchedule"]}, {"kubelet": {"maxPods": 9}}, {"packages": []}],
)
def test_what_one_group_changes_stays_with_its_user_data(change):
    before, after = planned(), planned(**change)
    assert group(before).user_data != group(after).user_data
    assert group(before, "cp").user_data == group(after, "cp").user_data


@pytest.mark.parametrize(
    "addon", [{"metricsServer": {"enabled": True}}, {"networking": {"cilium": {"hubble": {"enabled": False}}}}]
)
def test_settings_of_add_ons_replace_no_machine(addon):
    documents = list(yaml.safe_load_all(MANIFEST))
    documents[0]["spec"].update(addon)
    after = pipeline.run(spec.parse(manifest.loads(yaml.safe_dump_all(documents), "boot.yaml")))
    assert [g.user_data for g in after.plan.groups] == [g.user_data for g in planned().plan.groups]


def test_users_parts_keep_their_order_and_ours_adds_to_them():
    parts = [
        {"name": "z.sh", "type": "text/x-shellscript", "content": "#!/bin/sh\necho grüß\n"},
        {"name": "a.yaml", "type": "text/cloud-config", "content": "#cloud-config\ntimezone: UTC\n"},
    ]
    message = email.message_from_string(group(planned(additionalUserData=parts)).user_data.text)
    *theirs, ours = message.get_payload()
    assert ours.get_content_type() == "text/cloud-config"
    assert "list(append)" in yaml.safe_load(ours.get_payload())["merge_how"]
    assert [part.get_filename() for part in theirs] == ["z.sh", "a.yaml"]
    assert [part.get_payload(decode=True).decode() for part in theirs] == [part["content"] for part in parts]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r")), min_size=1, max_size=4))
def test_every_content_survives_the_multipart(contents):
    parts = [multipart.Part(f"{n}.txt", "text/x-shellscript", text) for n, text in enumerate(contents)]
    read = email.message_from_string(multipart.join(parts)).get_payload()
    assert multipart.join(parts) == multipart.join(parts)
    assert [part.get_payload(decode=True).decode() for part in read] == contents


def test_user_data_near_the_clouds_limit_is_an_error_unless_compressed():
    part = {"name": "big.sh", "type": "text/x-shellscript", "content": "#!/bin/sh\n" + "# padding\n" * 1500}
    with pytest.raises(pipeline.ManifestError) as raised:
        planned(additionalUserData=[part])
    (finding,) = raised.value.findings
    assert finding.document == "InstanceGroup/nodes"
    assert "16384" in finding.message
    assert group(planned(additionalUserData=[part], compressUserData=True)).user_data.compress


def test_bastions_get_the_users_parts_only():
    documents = list(yaml.safe_load_all(MANIFEST))
    bastion = json.loads(json.dumps(documents[2]))
    bastion["metadata"]["name"] = "bastions"
    bastion["spec"] = {"role": "Bastion", "image": "ami-0123456789abcdef0", "machineType": "t3.micro", "subnets": ["a"]}
    text = yaml.safe_dump_all([*documents, bastion])
    found = pipeline.run(spec.parse(manifest.loads(text, "boot.yaml")))
    assert group(found, "bastions").user_data is None


def test_oversize_counts_what_travels():
    found = planned()
    huge = dataclasses.replace(group(found), user_data=UserData("x" * 950))
    plan = dataclasses.replace(found.plan, groups=(huge,))
    assert [finding.document for finding in bootstrap.oversized(plan, 1000)] == ["InstanceGroup/nodes"]
    assert bootstrap.oversized(plan, 2000) == []
