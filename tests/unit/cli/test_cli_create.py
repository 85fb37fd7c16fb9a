from __future__ import annotations

import json

import pytest
import yaml

from kops_pulumi import clouds, pipeline, starter
from kops_pulumi.cli import create
from kops_pulumi.errors import ManifestError
from kops_pulumi.resolve.versions import DEFAULTS_VERSION
from kops_pulumi.starter import Wishes

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
ADMINS = ("192.0.2.0/24",)
HA = Wishes("ha.example.com", "aws", ZONES, ADMINS, control_plane_count=3, private=True, bastion=True)
PUBLIC = {"loadBalancer": {"type": "Public", "class": "Network"}}
INTERNAL = {"loadBalancer": {"type": "Internal", "class": "Network"}}


def _write(wishes):
    cluster, *others = starter.write(wishes)
    return cluster, {document["metadata"]["name"]: document["spec"] for document in others}


def test_the_choices_of_networking_are_the_starters():
    assert tuple(starter.NETWORKING) == create._NETWORKING


@pytest.mark.parametrize("networking", sorted(set(starter.NETWORKING) - {"gcp"}))
def test_every_cni_makes_a_valid_cluster(networking, tmp_path):
    documents = starter.write(Wishes("a.example.com", "aws", ZONES[:1], ADMINS, networking=networking))
    path = tmp_path / "cluster.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    assert pipeline.load([path]).plan.name == "a.example.com"


def test_nothing_is_open_unless_the_user_says_so():
    cluster, _ = _write(Wishes("a.example.com", "aws", ZONES, ADMINS))
    assert cluster["spec"]["sshAccess"] == []
    assert cluster["spec"]["kubernetesApiAccess"] == ["192.0.2.0/24"]
    assert cluster["spec"]["kubelet"] == {"anonymousAuth": False}
    assert all(m["encryptedVolume"] for etcd in cluster["spec"]["etcdClusters"] for m in etcd["etcdMembers"])


def test_what_could_move_later_is_written_down():
    cluster, groups = _write(HA)
    spec = cluster["spec"]
    assert cluster["metadata"]["annotations"][DEFAULTS_VERSION]
    assert spec["kubernetesVersion"].count(".") == 2
    assert spec["networkCIDR"]
    assert all(subnet["cidr"] for subnet in spec["subnets"])
    assert all(group["image"] and group["machineType"] for group in groups.values())


def test_three_control_planes_get_a_group_and_a_member_each():
    cluster, groups = _write(HA)
    assert [name for name in groups if name.startswith("control-plane")] == [f"control-plane-{zone}" for zone in ZONES]
    members = [{m["name"]: m["instanceGroup"] for m in etcd["etcdMembers"]} for etcd in cluster["spec"]["etcdClusters"]]
    assert members == [dict(zip("abc", [f"control-plane-{zone}" for zone in ZONES], strict=True))] * 2


def test_private_machines_get_utility_subnets_and_the_bastions_live_there():
    cluster, groups = _write(HA)
    kinds = {subnet["name"]: subnet["type"] for subnet in cluster["spec"]["subnets"]}
    assert kinds == {**dict.fromkeys(ZONES, "Private"), **{f"utility-{zone}": "Utility" for zone in ZONES}}
    assert groups["bastions"]["subnets"] == [f"utility-{zone}" for zone in ZONES]


@pytest.mark.parametrize(
    ("count", "zones", "expected"),
    [
        (None, (), ["control-plane-eu-west-1a"]),
        (None, ZONES, [f"control-plane-{zone}" for zone in ZONES]),
        (3, ZONES[:1], [f"control-plane-eu-west-1a-{n}" for n in (1, 2, 3)]),
        (3, ZONES[:2], ["control-plane-eu-west-1a-1", "control-plane-eu-west-1a-2", "control-plane-eu-west-1b"]),
    ],
)
def test_control_planes_are_dealt_out_over_their_zones(count, zones, expected):
    wishes = Wishes("a.example.com", "aws", ZONES, ADMINS, control_plane_count=count, control_plane_zones=zones)
    _, groups = _write(wishes)
    assert sorted(name for name in groups if name.startswith("control-plane")) == expected


def test_members_that_would_be_bare_numbers_are_called_etcd():
    cluster, _ = _write(Wishes("a.example.com", "aws", ZONES[:1], ADMINS, control_plane_count=3))
    assert [m["name"] for m in cluster["spec"]["etcdClusters"][0]["etcdMembers"]] == ["etcd-1", "etcd-2", "etcd-3"]


@pytest.mark.parametrize(("count", "sizes"), [(None, [1, 1, 1]), (5, [2, 2, 1]), (1, [1]), (0, [])])
def test_nodes_are_dealt_out_over_the_zones(count, sizes):
    _, groups = _write(Wishes("a.example.com", "aws", ZONES, ADMINS, node_count=count))
    assert [spec["minSize"] for name, spec in groups.items() if name.startswith("nodes-")] == sizes


@pytest.mark.parametrize(
    ("wishes", "api", "dns"),
    [
        ({}, PUBLIC, "None"),
        ({"dns_zone": "example.com"}, {"dns": {}}, "Public"),
        (
            {"dns_zone": "example.com", "private": True},
            PUBLIC,
            "Public",
        ),
        (
            {"load_balancer": "Internal", "private": True},
            INTERNAL,
            "None",
        ),
    ],
)
def test_the_api_has_a_load_balancer_where_it_is_private_or_has_no_dns(wishes, api, dns):
    cluster, _ = _write(Wishes("a.example.com", "aws", ZONES, ADMINS, **wishes))
    assert cluster["spec"]["api"] == api
    assert cluster["spec"]["topology"]["dns"]["type"] == dns


def test_where_subnets_span_zones_groups_name_their_zones():
    wishes = Wishes("a.example.com", "gce", ("europe-west3-a", "europe-west3-b"), ADMINS, project="mine")
    cluster, groups = _write(wishes)
    assert [subnet["name"] for subnet in cluster["spec"]["subnets"]] == ["europe-west3"]
    assert groups["nodes-europe-west3-b"]["zones"] == ["europe-west3-b"]
    assert groups["nodes-europe-west3-b"]["subnets"] == ["europe-west3"]


def test_existing_networks_are_named_and_get_no_ranges_of_ours():
    wishes = Wishes(
        "a.example.com", "aws", ZONES[:1], ADMINS, network_id="vpc-1", subnets=("subnet-1",), network_cidr="10.0.0.0/16"
    )
    cluster, _ = _write(wishes)
    assert cluster["spec"]["networkID"] == "vpc-1"
    assert cluster["spec"]["subnets"][0]["id"] == "subnet-1"


def test_the_same_wishes_make_the_same_manifest():
    assert starter.write(HA) == starter.write(HA)


def test_bad_settings_are_findings_without_line_numbers_of_a_file_nobody_has():
    with pytest.raises(ManifestError) as caught:
        starter.write(Wishes("a.example.com", "aws", ZONES, ADMINS, settings=("spec.kublet.maxPods=5",)))
    assert "spec.kublet" in str(caught.value)
    assert "did you mean" in str(caught.value)
    assert caught.value.findings[0].location is None


NEW = ("create", "cluster", "new.example.com", "--zones", "eu-west-1a", "--admin-access", "192.0.2.0/24")


def test_create_writes_cluster_yaml_and_says_what_to_do_next(cli, tmp_path):
    result = cli(*NEW)
    path = tmp_path / "clusters" / "new.example.com" / "cluster.yaml"
    assert (result.code, result.out) == (0, "wrote clusters/new.example.com/cluster.yaml\n")
    assert "update cluster new.example.com" in result.err
    assert cli("validate", "-f", path).code == 0


@pytest.mark.parametrize(("output", "parse"), [("yaml", lambda t: list(yaml.safe_load_all(t))), ("json", json.loads)])
def test_dry_run_prints_and_writes_nothing(cli, tmp_path, output, parse):
    result = cli(*NEW, "--dry-run", "-o", output)
    assert [document["kind"] for document in parse(result.out)] == ["Cluster", "InstanceGroup", "InstanceGroup"]
    assert list(tmp_path.iterdir()) == []


def test_set_takes_yaml_values(cli):
    result = cli(*NEW, "--dry-run", "-o", "json", "--set", "spec.kubelet.maxPods=200", "--set", "spec.channel=stable")
    spec = json.loads(result.out)[0]["spec"]
    assert (spec["kubelet"], spec["channel"]) == ({"anonymousAuth": False, "maxPods": 200}, "stable")


def test_an_ssh_key_travels_in_the_manifest(cli, tmp_path):
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBqCIlRVq5Bl2cYVFQxJ6WjEYUqe7Rn9w1ENUgWqv5iT me"
    (tmp_path / "id.pub").write_text(key + "\n")
    documents = json.loads(cli(*NEW, "--dry-run", "-o", "json", "--ssh-public-key", "id.pub").out)
    assert (documents[-1]["kind"], documents[-1]["spec"]["publicKey"]) == ("SSHCredential", key)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (NEW[:3], 64, "--zones"),
        ((*NEW, "--bastion"), 1, "--topology private"),
        ((*NEW, "--network-id", "vpc-1", "--subnets", "a,b"), 1, "2 subnets for 1 zones"),
        ((*NEW, "--subnets", "a"), 1, "--network-id"),
        ((*NEW, "--control-plane-count", "2"), 2, "etcd"),
        ((*NEW, "--set", "kubelet=1"), 64, "spec.field=value"),
        ((*NEW, "--networking", "weave"), 64, "weave"),
        (("create",), 64, "create cluster NAME"),
    ],
)
def test_wishes_that_make_no_cluster_are_refused_and_nothing_is_written(cli, tmp_path, arguments, code, message):
    result = cli(*arguments)
    assert result.code == code
    assert message in result.err
    assert "Traceback" not in result.err
    assert list(tmp_path.iterdir()) == []


def test_without_admin_access_the_api_stays_closed_and_the_user_is_told(cli, tmp_path):
    result = cli(*NEW[:-2])
    assert (result.code, "--admin-access" in result.err) == (0, True)
    written = tmp_path / "clusters" / "new.example.com" / "cluster.yaml"
    rules = json.loads(cli("toolbox", "firewall", "-f", written, "-o", "json").out)
    assert not [rule for rule in rules if rule["source"]["kind"] == "cidr"]


def test_the_default_bucket_is_legal_and_its_own():
    aws, name = clouds.get("aws"), "x" * 60 + ".example.com"
    bucket = starter.default_store(name, aws).split("/")[2]
    assert len(bucket) <= 63
    assert "." not in bucket
    assert starter.default_store(name, aws) != starter.default_store("y" + name[1:], aws)
    assert starter.default_store(name, clouds.get("vsphere")) is None


def test_an_existing_cluster_is_never_overwritten(cli, stored):
    before = (stored / "new.example.com" / "cluster.yaml").read_text()
    result = cli(*NEW)
    assert (result.code, "exists already" in result.err) == (1, True)
    assert (stored / "new.example.com" / "cluster.yaml").read_text() == before


def test_registering_a_manifest_keeps_its_text(cli, tmp_path, examples):
    result = cli("create", "-f", examples / "ha-private.yaml")
    assert result.code == 0
    written = tmp_path / "clusters" / "ha.example.com" / "cluster.yaml"
    assert written.read_text() == (examples / "ha-private.yaml").read_text()


def test_registering_a_bad_manifest_writes_nothing(cli, tmp_path, examples):
    (tmp_path / "bad.yaml").write_text((examples / "ha-private.yaml").read_text().replace("sshAccess", "sshAcces"))
    result = cli("create", "-f", "bad.yaml")
    assert result.code == 2
    assert "sshAccess" in result.err
    assert not (tmp_path / "clusters").exists()


def test_a_clouds_own_flags_reach_its_starter_and_no_other_cloud(cli):
    gce = ("--cloud", "gce", "--zones", "europe-west3-a", "--project", "mine")
    account = ("--gce-service-account", "nodes@mine.iam.gserviceaccount.com")
    written = json.loads(cli(*NEW[:3], *gce, *account, "--dry-run", "-o", "json").out)[0]["spec"]
    assert (written["project"], written["cloudConfig"]["gceServiceAccount"]) == ("mine", account[1])
    refused = cli(*NEW, *account, "--dry-run")
    assert (refused.code, "is for gce, the cluster is to run on aws" in refused.err) == (64, True)


def _made(cli, *flags):
    result = cli(*NEW, "--dry-run", "-o", "json", *flags)
    assert result.code == 0, result.err
    cluster, *groups = json.loads(result.out)
    return cluster["spec"], {group["metadata"]["name"]: group["spec"] for group in groups}


def test_flags_of_groups(cli):
    _, groups = _made(
        cli,
        *("--node-volume-size", "200", "--node-volume-type", "gp3", "--node-tenancy", "dedicated"),
        *("--control-plane-image", "ami-0123456789abcdef0", "--node-security-groups", "sg-1,sg-2"),
        "--no-associate-public-ip",
    )
    nodes, control = groups["nodes-eu-west-1a"], groups["control-plane-eu-west-1a"]
    assert (nodes["rootVolumeSize"], nodes["rootVolumeType"], nodes["tenancy"]) == (200, "gp3", "dedicated")
    assert nodes["additionalSecurityGroups"] == ["sg-1", "sg-2"]
    assert (control["image"], control["associatePublicIp"]) == ("ami-0123456789abcdef0", False)
    assert nodes["image"] != control["image"]


def test_flags_of_the_cluster(cli):
    spec, _ = _made(
        cli,
        *("--cloud-labels", "team=web,env=prod", "--channel", "stable", "--authorization", "rbac"),
        *(
            "--api-public-name",
            "k8s.example.com",
            "--kubernetes-feature-gates",
            "Alpha,-Beta",
            "--etcd-storage-type",
            "io1",
        ),
        *(
            "--discovery-store",
            "s3://issuers/",
            "--unset",
            "spec.sshAccess",
            "--set",
            "spec.etcdClusters[*].version=3.6.12",
        ),
    )
    assert spec["cloudLabels"] == {"team": "web", "env": "prod"}
    assert (spec["channel"], spec["masterPublicName"], spec["authorization"]) == (
        "stable",
        "k8s.example.com",
        {"rbac": {}},
    )
    assert (
        spec["kubelet"]["featureGates"] == spec["kubeScheduler"]["featureGates"] == {"Alpha": "true", "Beta": "false"}
    )
    assert {member["volumeType"] for etcd in spec["etcdClusters"] for member in etcd["etcdMembers"]} == {"io1"}
    assert {etcd["version"] for etcd in spec["etcdClusters"]} == {"3.6.12"}
    assert spec["serviceAccountIssuerDiscovery"]["discoveryStore"] == "s3://issuers/new.example.com"
    assert spec["iam"]["useServiceAccountExternalPermissions"] is True
    assert "sshAccess" not in spec


def test_ipv6(cli):
    spec, _ = _made(cli, "--ipv6")
    assert spec["nonMasqueradeCIDR"] == "::/0"
    assert [subnet["ipv6CIDR"] for subnet in spec["subnets"]] == ["/64#0"]
    assert cli(*NEW, "--ipv6", "--topology", "private").code == 1


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--etcd-clusters", "main"), "main and events"),
        (("--instance-manager", "karpenter"), "spec.karpenter.enabled"),
        (("--cloud-labels", "team"), "name=value"),
        (("--target", "cloudformation", "--yes"), "update cluster"),
    ],
)
def test_flags_that_ask_for_something_else_are_told_about(cli, flags, said):
    result = cli(*NEW, *flags)
    assert (result.code in {2, 64}, said in result.err) == (True, True), result.err


def test_yes_makes_it_at_once(cli, monkeypatch):
    called = []
    monkeypatch.setattr("kops_pulumi.cli.update.cluster.callback", lambda **given: called.append(given))
    assert cli(*NEW, "--yes").code == 0
    assert (called[0]["name"], called[0]["yes"]) == ("new.example.com", True)
