from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from kops_pulumi import bootstrap

FILE = "ha-private.yaml"
FILES = Path(bootstrap.__file__).with_name("files")


@pytest.fixture
def groups(cli, examples):
    plan = yaml.safe_load(cli("toolbox", "plan", "-f", examples / FILE, "-o", "yaml").out)
    return {group["name"]: group for group in plan["groups"]}


def of_role(groups, role):
    return next(name for name, group in groups.items() if group["role"] == role)


def test_user_data_is_what_the_machine_boots_with(cli, examples, groups):
    name = of_role(groups, "node")
    for arguments in ([], ["--part", "user-data"]):
        said = cli("toolbox", "node", "-f", examples / FILE, "--instance-group", name, *arguments)
        assert said.out == groups[name]["user_data"]["text"]


@pytest.mark.parametrize(
    ("part", "there", "elsewhere"),
    [
        ("kubeadm", "kind: ClusterConfiguration", "/etc/systemd/system/"),
        ("units", "# ---- /etc/systemd/system/kubelet.service 0600", "kind: ClusterConfiguration"),
        ("bundle", "# ---- /opt/kops-pulumi/current/boot.sh 0755", "#cloud-config"),
    ],
)
def test_a_part_is_its_files_with_path_and_mode(cli, examples, groups, part, there, elsewhere):
    name = of_role(groups, "control-plane")
    said = cli("toolbox", "node", "-f", examples / FILE, "--ig", name, "--part", part).out
    assert there in said
    assert elsewhere not in said


def test_out_writes_everything_with_its_mode(cli, examples, groups, tmp_path):
    name = of_role(groups, "control-plane")
    said = cli("toolbox", "node", "-f", examples / FILE, "--ig", name, "--out", tmp_path / "machine")
    assert said.code == 0
    assert "files written to" in said.err
    assert (tmp_path / "machine" / "user-data").read_text() == groups[name]["user_data"]["text"]
    assert (tmp_path / "machine" / "boot.sh").stat().st_mode & 0o777 == 0o755
    archive = (tmp_path / "machine" / "bundle.tar.gz").read_bytes()
    assert hashlib.sha256(archive).hexdigest() == groups[name]["bundle"]["sha256"]


def test_an_unknown_group_is_not_found_and_the_others_are_named(cli, examples, groups):
    said = cli("toolbox", "node", "-f", examples / FILE, "--ig", "nobody")
    assert said.code == 3
    assert all(name in said.err for name in groups)


def test_bastions_fetch_nothing(cli, examples, groups):
    said = cli("toolbox", "node", "-f", examples / FILE, "--ig", of_role(groups, "bastion"), "--part", "bundle")
    assert said.code == 1
    assert "no nodes" in said.err


@pytest.mark.parametrize(
    ("manifest", "library"),
    [
        ("gce/ha-private.yaml", "cloud-gce.sh"),
        ("openstack/ha-private.yaml", "cloud-openstack.sh"),
        ("vsphere/ha.yaml", "cloud-vsphere.sh"),
    ],
)
def test_machines_of_every_cloud_are_shown_with_their_clouds_library(cli, examples, tmp_path, manifest, library):
    file = examples.parent / manifest
    found = yaml.safe_load(cli("toolbox", "plan", "-f", file, "-o", "yaml").out)["groups"]
    for role in ("control-plane", "node"):
        group = next(group for group in found if group["role"] == role)
        target = tmp_path / role
        said = cli("toolbox", "node", "-f", file, "--ig", group["name"], "--out", target)
        assert said.code == 0
        assert (target / "user-data").read_text() == group["user_data"]["text"]
        assert (target / "cloud.sh").read_text() == (FILES / library).read_text()
        archive = (target / "bundle.tar.gz").read_bytes()
        assert hashlib.sha256(archive).hexdigest() == group["bundle"]["sha256"]
