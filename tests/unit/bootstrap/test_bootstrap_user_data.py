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

from kops_pulumi import bootstrap, clouds, manifest, pipeline, spec
from kops_pulumi.bootstrap import bundle, multipart
from kops_pulumi.bootstrap.cloud_config import NODE_FILE
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


def node(found, name="nodes"):
    return bootstrap.build(found.plan, found.full, group(found, name), clouds.get("aws"))


def environment(found, name="nodes"):
    written = {file["path"]: file for file in yaml.safe_load(group(found, name).user_data.text)["write_files"]}
    return dict(line.split("=", 1) for line in written[NODE_FILE]["content"].splitlines())


def test_cloud_config_refers_to_the_bundle_by_place_and_digest():
    found = planned()
    fetched = group(found).bundle
    assert hashlib.sha256(fetched.content).hexdigest() == fetched.sha256
    assert fetched.path == f"nodes/node/nodes/{fetched.sha256}.tar.gz"
    assert environment(found) == {
        "KOPS_CLUSTER": "boot.example.org",
        "KOPS_CLOUD": "aws",
        "KOPS_REGION": "eu-west-1",
        "KOPS_GROUP": "nodes",
        "KOPS_ROLE": "node",
        "KOPS_BUNDLE": f"s3://store/boot.example.org/{fetched.path}",
        "KOPS_SHA256": fetched.sha256,
    }


def test_cloud_config_brings_what_fetches_the_bundle_and_starts_it():
    document = yaml.safe_load(group(planned()).user_data.text)
    written = {file["path"]: (file["content"], file["permissions"]) for file in document["write_files"]}
    for path, file in bundle.first_files("aws").items():
        content, mode = written[path]
        assert content.rstrip("\n") == file.content.decode().rstrip("\n")
        assert int(mode, 8) == file.mode
    assert document["runcmd"][-1] == ["systemctl", "enable", "--now", "--no-block", "kops-boot.service"]


def test_control_planes_learn_their_volumes_and_late_names_by_mark():
    found = planned()
    assert environment(found, "cp") | {"KOPS_VOLUME_MAIN": "@late(volume.main/a)@"} == environment(found, "cp")
    assert not any(key.startswith("KOPS_VOLUME") for key in environment(found))


def test_node_configuration_holds_what_the_manifest_says_for_the_group():
    config = node(planned(nodeLabels={"pool": "general"}, taints=["dedicated=x:NoSchedule"]))
    assert config.kubelet.labels["pool"] == "general"
    assert config.kubelet.taints == ("dedicated=x:NoSchedule",)
    assert config.packages[-2:] == ("nfs-common", "jq")
    assert config.kubelet.configuration["maxPods"] == 50
    assert [file.path for file in config.files] == ["/etc/all"]
    assert config.hooks == ()
    assert config.etcd == ()
    assert config.control_plane is None
    assert config.store.secrets == ""


def test_control_planes_know_their_etcd_members_and_files():
    config = node(planned(), "cp")
    assert [(etcd.name, etcd.here) for etcd in config.etcd] == [("events", "a"), ("main", "a")]
    assert config.etcd[1].members[0].host == "etcd-a.internal.boot.example.org"
    assert [file.path for file in config.files] == ["/etc/all", "/etc/cp"]
    assert config.control_plane is not None
    assert "apiServerCount" not in config.control_plane.api_server


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


def test_the_same_manifest_gives_the_same_bytes():
    first, second = planned(), planned()
    assert [(g.user_data, g.bundle) for g in first.plan.groups] == [(g.user_data, g.bundle) for g in second.plan.groups]


def test_keys_beyond_the_clouds_own_log_in_too():
    keys = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAB a@example.org",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8e b@example.org",
    ]
    documents = [*yaml.safe_load_all(MANIFEST), *(ssh(f"k{n}", key) for n, key in enumerate(keys))]
    found = pipeline.run(spec.parse(manifest.loads(yaml.safe_dump_all(documents), "boot.yaml")))
    assert yaml.safe_load(group(found).user_data.text)["ssh_authorized_keys"] == keys[1:]


def ssh(name, key):
    return {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "SSHCredential",
        "metadata": {"name": name, "labels": {"kops.k8s.io/cluster": "boot.example.org"}},
        "spec": {"publicKey": key},
    }


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (
            {"fileAssets": [{"name": "mine", "path": "/etc/containerd/config.toml", "content": "x"}]},
            "spec.fileAssets[0].path",
        ),
        ({"hooks": [{"name": "kubelet", "manifest": "ExecStart=/bin/true"}]}, "spec.hooks[0].name"),
    ],
)
def test_files_that_are_the_bootstraps_own_are_refused_with_their_place(entry, path):
    with pytest.raises(pipeline.ManifestError) as raised:
        planned(**entry)
    (finding,) = raised.value.findings
    assert (finding.document, finding.dotted) == ("InstanceGroup/nodes", path)
    assert finding.location is not None


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


def test_one_late_value_stands_alone_and_several_are_one_quoted_word() -> None:
    from kops_pulumi.bootstrap import cloud_config

    written = cloud_config.document({"ONE": "@late(a.b)@", "TWO": "@late(a.b)@ @late(c.d)@"}, {}, [])
    assert "ONE=@late(a.b)@\n" in written
    assert "TWO='@late(a.b)@ @late(c.d)@'\n" in written
