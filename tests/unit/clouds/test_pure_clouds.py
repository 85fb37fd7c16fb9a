"""The pure sides of the clouds: regions, limits, dated defaults, and the rules that only they know."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from kops_pulumi import clouds, manifest, spec
from kops_pulumi.clouds.ownership import CLUSTER_FIELDS, GROUP_FIELDS
from kops_pulumi.model import Role
from kops_pulumi.resolve import resolve
from kops_pulumi.resolve.fill import _model_of

API = "kops.k8s.io/v1alpha2"
SITE = {
    "server": "vcenter.example.com",
    "datacenter": "dc1",
    "cluster": "compute",
    "datastore": "ssd",
    "network": "machines",
    "template": "ubuntu-26",
    "apiVIP": "192.0.2.10",
}


def _documents(cloud: str, fields: dict[str, Any], group: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    members = [{"name": "a", "instanceGroup": "control-plane"}]
    cluster = {
        "cloudProvider": cloud,
        "kubernetesVersion": "1.37.0",
        "configBase": "https://store.example.com/prod",
        "networking": {"calico": {}},
        "topology": {"dns": {"type": "None"}},
        "subnets": [{"name": "main", "region": "europe-west1", "type": "Public"}],
        "etcdClusters": [{"name": name, "etcdMembers": members} for name in ("main", "events")],
    }
    metadata = {"labels": {"kops.k8s.io/cluster": "prod.example.com"}}
    machines = {"subnets": ["main"], "zones": ["europe-west1-b"], "machineType": "m1", "image": "example/image"}
    groups = [
        {
            "apiVersion": API,
            "kind": "InstanceGroup",
            "metadata": {**metadata, "name": name},
            "spec": {"role": role, **machines, **(group or {})},
        }
        for name, role in (("control-plane", "Master"), ("nodes", "Node"))
    ]
    top = {
        "apiVersion": API,
        "kind": "Cluster",
        "metadata": {"name": "prod.example.com"},
        "spec": {**cluster, **fields},
    }
    return [top, *groups]


def _errors(cloud: str, fields: dict[str, Any], group: dict[str, Any] | None = None) -> list[str]:
    parsed = spec.parse(manifest.from_data(_documents(cloud, fields, group)))
    assert parsed.found_cluster is not None, parsed.findings
    found = resolve(parsed, clouds.get(cloud)).findings
    return sorted({f"{finding.dotted}: {finding.message}" for finding in found if finding.severity == "error"})


BALANCED = {"api": {"loadBalancer": {"type": "Public"}}}


def test_a_sound_manifest_of_every_cloud_has_no_errors() -> None:
    assert _errors("gce", {"project": "example", **BALANCED}) == []
    assert _errors("openstack", {}) == []
    assert _errors("vsphere", {"cloudConfig": {"vsphere": SITE}}, {"machineType": "2cpu-8gb"}) == []


@pytest.mark.parametrize(
    ("cloud", "fields", "group", "expected"),
    [
        ("gce", BALANCED, {}, "spec.project: GCE needs the id of a project"),
        ("gce", {"networkCIDR": "10.0.0.0/16"}, {}, "spec.networkCIDR: a GCE network has no range of its own"),
        ("gce", {}, {"zones": None}, "spec.zones: GCE groups name their zones"),
        ("gce", {}, {"image": "ubuntu"}, "spec.image: 'ubuntu' is not a GCE image"),
        (
            "gce",
            {},
            {"zones": ["us-east1-b"]},
            "spec.zones[0]: zone 'us-east1-b' is not in region 'europe-west1' of the subnets",
        ),
        (
            "openstack",
            {"cloudConfig": {"openstack": {"loadbalancer": {"method": "FASTEST"}}}},
            {},
            "spec.cloudConfig.openstack.loadbalancer.method: 'FASTEST' is not a balancing method",
        ),
        (
            "openstack",
            {"clusterAutoscaler": {"enabled": True}},
            {},
            "spec.clusterAutoscaler.enabled: OpenStack has no groups for the autoscaler to resize",
        ),
        ("vsphere", {}, {}, "spec.cloudConfig.vsphere.server: the manifest names no server"),
        (
            "vsphere",
            {"cloudConfig": {"vsphere": {**SITE, "datastoreCluster": "all"}}},
            {},
            "spec.cloudConfig.vsphere.datastoreCluster: datastore and datastoreCluster exclude each other",
        ),
        (
            "vsphere",
            {"cloudConfig": {"vsphere": {**SITE, "addressRange": "192.0.2.0/24"}}},
            {},
            "spec.cloudConfig.vsphere.gateway: machines with fixed addresses need a gateway",
        ),
        ("openstack", {}, {"maxPrice": "0.1"}, "spec.maxPrice: this field is for aws, the cluster is on openstack"),
        (
            "vsphere",
            {"sshAccess": ["pl-0123abcd"]},
            {},
            "spec.sshAccess[0]: prefix lists are for aws, the cluster is on vsphere",
        ),
    ],
)
def test_a_cloud_names_what_only_it_can_know(
    cloud: str, fields: dict[str, Any], group: dict[str, Any], expected: str
) -> None:
    found = _errors(cloud, fields, group)
    assert expected in found


def test_groups_of_servers_know_four_affinities() -> None:
    documents = _documents("openstack", {})
    documents[1]["metadata"]["annotations"] = {"openstack.kops.io/serverGroupAffinity": "closest"}
    found = resolve(spec.parse(manifest.from_data(documents)), clouds.get("openstack")).findings
    assert any("'closest' is not a server group policy" in finding.message for finding in found)


@pytest.mark.parametrize(
    ("cloud", "region"), [("gce", "europe-west1"), ("openstack", "europe-west1"), ("vsphere", "dc1")]
)
def test_the_region_is_where_the_subnets_are(cloud: str, region: str) -> None:
    parsed = spec.parse(manifest.from_data(_documents(cloud, {"cloudConfig": {"vsphere": SITE}})))
    assert clouds.get(cloud).region(parsed.cluster) == region


@pytest.mark.parametrize(
    ("cloud", "store", "url"),
    [
        ("gce", "gs://bucket/prod", "https://storage.googleapis.com/bucket/prod"),
        ("openstack", "https://swift.example.com/prod/", "https://swift.example.com/prod"),
        ("vsphere", "https://files.example.com/prod", "https://files.example.com/prod"),
    ],
)
def test_a_discovery_store_has_a_public_url(cloud: str, store: str, url: str) -> None:
    assert clouds.get(cloud).issuer_url(store) == url


@pytest.mark.parametrize("name", clouds.REGISTRY)
def test_every_cloud_has_dated_defaults_and_limits(name: str) -> None:
    cloud = clouds.get(name)
    assert cloud.name == name
    assert cloud.defaults("1999-01-01") == cloud.defaults("2026-11-01")
    assert set(cloud.defaults("2026-11-01").root_volume_sizes) == set(Role)
    assert all(limit > 0 for limit in cloud.name_limits.values())
    assert cloud.capabilities.user_data_limit >= 16 * 1024


def test_owned_fields_exist() -> None:
    def exists(model: Any, dotted: str) -> bool:
        head, _, rest = dotted.replace("[]", "").partition(".")
        if head not in model.model_fields:
            return False
        below = _model_of(model, head)
        return not rest or below is None or exists(below, rest)

    assert [path for path in CLUSTER_FIELDS if not exists(spec.Cluster, path)] == []
    assert [path for path in GROUP_FIELDS if not exists(spec.InstanceGroup, path)] == []


def test_pure_sides_import_no_pulumi() -> None:
    import subprocess

    code = "import sys; from kops_pulumi import clouds, resolve; [clouds.get(n) for n in clouds.REGISTRY]; "
    code += "sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
