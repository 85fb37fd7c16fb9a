"""`create -f`, `replace -f`, `delete -f`, `create|delete instancegroup`, `sshpublickey`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml

NODES = "nodes-eu-west-1a"
GROUP = """\
# a group of our own
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata:
  name: more
  labels: {kops.k8s.io/cluster: new.example.com}
spec:
  role: Node
  minSize: 1   # at least
  maxSize: 2
  subnets: [eu-west-1a]
"""


@pytest.fixture
def manifest(stored: Path) -> Path:
    return stored / "new.example.com" / "cluster.yaml"


def _names(path: Path) -> list[str]:
    return [document["metadata"]["name"] for document in yaml.safe_load_all(path.read_text())]


def test_a_group_joins_its_cluster_with_its_comments(cli, manifest, tmp_path):
    (tmp_path / "more.yaml").write_text(GROUP)
    before = manifest.read_text()
    result = cli("create", "-f", "more.yaml")
    assert (result.code, result.out) == (0, "wrote InstanceGroup/more to clusters/new.example.com/cluster.yaml\n")
    assert manifest.read_text() == before + "---\n" + GROUP
    again = cli("create", "-f", "more.yaml")
    assert (again.code, "exists already" in again.err) == (1, True)


def test_folders_standard_input_and_several_clusters(cli, manifest, tmp_path, monkeypatch):
    text = manifest.read_text()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b.yaml").write_text(text.replace("new.example.com", "b.example.com"))
    (folder / "c.yml").write_text(text.replace("new.example.com", "c.example.com"))
    (folder / "notes.txt").write_text("not a manifest")
    monkeypatch.setattr("sys.stdin", io.StringIO(GROUP))
    result = cli("create", "-f", "folder", "-f", "-")
    assert result.code == 0, result.err
    assert cli("get", "clusters", "-o", "name").out.split() == ["b.example.com", "c.example.com", "new.example.com"]
    assert "more" in _names(manifest)


def test_of_several_clusters_all_are_written_or_none(cli, manifest, tmp_path):
    text = manifest.read_text()
    good, bad = (text.replace("new.example.com", f"{name}.example.com") for name in ("b", "c"))
    (tmp_path / "both.yaml").write_text(good + "---\n" + bad.replace("role: Node", "role: Nod"))
    result = cli("create", "-f", "both.yaml")
    assert (result.code, "did you mean" in result.err) == (2, True)
    assert cli("get", "clusters", "-o", "name").out.split() == ["new.example.com"]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("a: [1", 2, "x.yaml:"),
        ("", 1, "no documents"),
        ("apiVersion: kops.k8s.io/v1alpha2\nkind: InstanceGroup\nmetadata: {name: x}\n", 2, "does not say which"),
        ("apiVersion: kops.k8s.io/v1alpha2\nkind: InstanceGroup\nmetadata: []\n", 2, "does not say which"),
        ("apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: ../x}\n", 2, "does not say which"),
        (GROUP.replace("new.example.com", "other.example.com"), 3, "no cluster other.example.com"),
    ],
)
def test_what_belongs_nowhere_is_refused(cli, manifest, tmp_path, text, code, said):
    before = manifest.read_text()
    (tmp_path / "x.yaml").write_text(text)
    result = cli("create", "-f", "x.yaml")
    assert (result.code, said in result.err) == (code, True), result.err
    assert manifest.read_text() == before
    assert cli("create", "-f", "absent.yaml").code == 3
    (tmp_path / "empty").mkdir()
    assert cli("create", "-f", "empty").code == 3


def test_replacing_writes_only_what_differs(cli, manifest, tmp_path):
    manifest.write_text(manifest.read_text().replace("maxSize: 1\n", "maxSize: 1   # small\n"))
    before = manifest.read_text()
    (tmp_path / "all.yaml").write_text(cli("get", "all", "-o", "yaml").out)
    assert cli("replace", "-f", "all.yaml").code == 0
    assert manifest.read_text() == before
    group = yaml.safe_dump({**json.loads(cli("get", "ig", NODES, "-o", "json").out)[0]}).replace(
        "maxSize: 1", "maxSize: 6"
    )
    (tmp_path / "group.yaml").write_text(group)
    assert cli("replace", "-f", "group.yaml").code == 0
    head, _, tail = before.rpartition("maxSize: 1   # small")
    assert manifest.read_text() == head + "maxSize: 6   # small" + tail


def test_versions_keep_their_digits(cli, manifest, tmp_path):
    text = manifest.read_text()
    manifest.write_text(text.replace("kubernetesVersion: 1.37.0", "kubernetesVersion: 1.35"))
    (tmp_path / "new.yaml").write_text(
        manifest.read_text().replace("kubernetesVersion: 1.35", "kubernetesVersion: 1.36")
    )
    assert cli("replace", "-f", "new.yaml").code == 0
    assert 'kubernetesVersion: "1.36"' in manifest.read_text()
    assert json.loads(cli("get", "clusters", "-o", "json").out)[0]["spec"]["kubernetesVersion"] == "1.36"
    manifest.write_text(text.replace("kubernetesVersion: 1.37.0", "kubernetesVersion: 1.30"))
    assert "1.30" in cli("get", "clusters").out


def test_replacing_what_is_not_there_needs_force(cli, manifest, tmp_path):
    before = manifest.read_text()
    (tmp_path / "more.yaml").write_text(GROUP)
    refused = cli("replace", "-f", "more.yaml")
    assert (refused.code, "--force" in refused.err, manifest.read_text()) == (3, True, before)
    assert cli("replace", "--force", "-f", "more.yaml").code == 0
    assert "more" in _names(manifest)
    (tmp_path / "whole.yaml").write_text(before.replace("new.example.com", "other.example.com"))
    assert cli("replace", "-f", "whole.yaml").code == 3
    assert cli("replace", "-f", "whole.yaml", "--force").code == 0
    assert cli("get", "cluster", "other.example.com").code == 0
    assert cli("replace").code == 64


def test_dry_run_of_files_prints_documents(cli, manifest, tmp_path):
    before = manifest.read_text()
    (tmp_path / "more.yaml").write_text(GROUP)
    for verb in (("create",), ("replace", "--force")):
        shown = json.loads(cli(*verb, "-f", "more.yaml", "--dry-run", "-o", "json").out)
        assert [document["metadata"]["name"] for document in shown] == ["more"]
    assert manifest.read_text() == before


def test_deleting_documents_by_file(cli, manifest, tmp_path):
    (tmp_path / "more.yaml").write_text(GROUP)
    before = manifest.read_text()
    cli("create", "-f", "more.yaml")
    told = cli("delete", "-f", "more.yaml")
    assert (told.code, told.out) == (0, "would remove InstanceGroup/more\n")
    assert "more" in _names(manifest)
    assert cli("delete", "-f", "more.yaml", "--yes").code == 0
    assert manifest.read_text() == before
    (tmp_path / "cluster.yaml").write_text(before)
    assert "delete cluster new.example.com" in cli("delete", "-f", "cluster.yaml", "--yes").err
    assert cli("delete").code == 64


def test_a_new_group_gets_its_machine_written_down(cli, manifest):
    assert cli("create", "instancegroup", "more", "--role", "node", "--subnet", "eu-west-1a").code == 0
    (group,) = json.loads(cli("get", "ig", "more", "-o", "json").out)
    assert group["metadata"]["labels"] == {"kops.k8s.io/cluster": "new.example.com"}
    assert (group["spec"]["role"], group["spec"]["subnets"]) == ("Node", ["eu-west-1a"])
    assert group["spec"]["machineType"]
    assert group["spec"]["image"]
    assert cli("create", "ig", "more").code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--zone", "eu-west-1z"), 3, "eu-west-1a"),
        (("--subnet", "nowhere"), 2, "nowhere"),
        (("--role", "boss"), 64, "boss"),
        (("--role", "control-plane"), 2, "no member of etcd cluster"),
        (("--role", "Master"), 2, "no member of etcd cluster"),
        (("--role", "APIServer"), 2, "need DNS"),
        (("--edit=false", "--dry-run"), 0, ""),
    ],
)
def test_roles_and_places_of_a_new_group(cli, manifest, arguments, code, said):
    result = cli("create", "ig", "more", *arguments)
    assert (result.code, said in result.err) == (code, True), result.err


def test_a_new_group_may_be_edited_before_it_is_written(cli, manifest, monkeypatch):
    monkeypatch.delenv("KUBE_EDITOR", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i 's/maxSize: 1/maxSize: 4/'")
    assert cli("create", "ig", "more", "--edit").code == 0
    assert json.loads(cli("get", "ig", "more", "-o", "json").out)[0]["spec"]["maxSize"] == 4


def test_deleting_a_group_asks_for_a_yes(cli, manifest):
    before = manifest.read_text()
    cli("create", "ig", "more")
    assert cli("delete", "ig", "more").out == "would remove InstanceGroup/more\n"
    assert cli("delete", "ig", "more", "--yes").out.startswith("removed InstanceGroup/more")
    assert manifest.read_text() == before
    assert cli("delete", "ig", "more", "--yes").code == 3
    assert cli("delete", "ig", "control-plane-eu-west-1a", "--yes").code == 2
    assert manifest.read_text() == before


def test_the_operators_key(cli, manifest, tmp_path):
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBqCIlRVq5Bl2cYVFQxJ6WjEYUqe7Rn9w1ENUgWqv5iT me@home"
    (tmp_path / "id.pub").write_text(key + "\n")
    (tmp_path / "id").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    before = manifest.read_text()
    assert "id.pub" in cli("create", "sshpublickey", "-i", "id").err
    assert cli("create", "sshpublickey", "new.example.com", "-i", "id.pub").code == 0
    assert cli("create", "sshpublickey", "-i", "id.pub").code == 1
    lines = cli("get", "sshpublickeys").out.splitlines()
    assert [line.split() for line in lines] == [["NAME", "TYPE", "COMMENT"], ["admin", "ssh-ed25519", "me@home"]]
    assert json.loads(cli("get", "sshpublickey", "-o", "json").out)[0]["spec"]["publicKey"] == key
    assert cli("delete", "sshpublickey", "--yes").code == 0
    assert manifest.read_text() == before
    assert cli("delete", "sshpublickey", "--yes").code == 3
    (tmp_path / "bad.pub").write_text("hello")
    assert cli("create", "sshpublickey", "-i", "bad.pub").code == 2
