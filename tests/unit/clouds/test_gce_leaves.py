"""What the leaves on GCE make of plans that the contract's manifest does not have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from kops_pulumi.clouds.gce import iam
from kops_pulumi.errors import ManifestError, Severity
from kops_pulumi.model import ClusterPlan, Identity, Role, StoreKind
from kops_pulumi.plan import store
from kops_pulumi.plan.names import short_hash
from kops_pulumi.testing import Answers, Recording
from tests.support import clouds
from tests.support.clouds.row import NAME, Document, Row

ROW: Row = next(row for row in clouds.ROWS if row.cloud == "gce")
REGION = ROW.region


def manifest(overlay: Mapping[str, Any], nodes: Mapping[str, Any] | None = None) -> list[Document]:
    documents = clouds.laid_over(ROW, overlay, control_planes=3, bastion=True)
    next(d for d in documents if d["metadata"]["name"] == "nodes")["spec"].update(nodes or {})
    return documents


def made(overlay: Mapping[str, Any], nodes: Mapping[str, Any] | None = None) -> Recording:
    return clouds.recorded(manifest(overlay, nodes))


def inputs(recording: Recording, kind: str) -> dict[str, Mapping[str, Any]]:
    """Inputs by logical name without the cluster's."""
    return {
        r.name.removeprefix(f"{NAME}-"): r.inputs
        for r in recording
        if r.type.startswith("gcp:") and r.type.rpartition(":")[2] == kind
    }


def test_spot_machines_and_gpus_are_scheduled_as_google_wants_them():
    gpus = {"guestAccelerators": [{"acceleratorType": "nvidia-l4", "acceleratorCount": 2}]}
    template = inputs(made({}, {"gcpProvisioningModel": "SPOT", **gpus}), "InstanceTemplate")["instances-nodes"]
    assert template["scheduling"] == {
        "automaticRestart": False,
        "instanceTerminationAction": "DELETE",
        "onHostMaintenance": "TERMINATE",
        "preemptible": True,
        "provisioningModel": "SPOT",
    }
    assert template["guestAccelerators"] == [{"count": 2, "type": "nvidia-l4"}]
    assert template["shieldedInstanceConfig"]["enableSecureBoot"] is False


def test_plain_machines_move_for_maintenance_and_boot_securely():
    template = inputs(made({}), "InstanceTemplate")["instances-nodes"]
    assert (template["scheduling"]["onHostMaintenance"], template["scheduling"]["preemptible"]) == ("MIGRATE", False)
    assert template["shieldedInstanceConfig"]["enableSecureBoot"] is True
    assert template["metadata"]["block-project-ssh-keys"] == "TRUE"
    assert "accessConfigs" not in template["networkInterfaces"][0]


def test_bastions_have_public_addresses_and_forward_nothing():
    template = inputs(made({}), "InstanceTemplate")["instances-bastions"]
    assert (len(template["networkInterfaces"][0]["accessConfigs"]), template["canIpForward"]) == (1, False)


def test_hyperdisks_get_their_performance_and_others_none():
    fast = {"rootVolumeType": "hyperdisk-balanced", "rootVolumeIops": 6000, "rootVolumeThroughput": 300}
    disk = inputs(made({}, fast), "InstanceTemplate")["instances-nodes"]["disks"][0]
    assert (disk["diskType"], disk["provisionedIops"], disk["provisionedThroughput"]) == (
        "hyperdisk-balanced",
        6000,
        300,
    )
    plain = inputs(made({}), "InstanceTemplate")["instances-nodes"]["disks"][0]
    assert "provisionedIops" not in plain


def test_machine_series_without_persistent_disks_are_said_aloud():
    findings = clouds.planned(manifest({}, {"machineType": "c4-standard-8"})).findings
    (finding,) = [f for f in findings if f.path[-1] == "rootVolumeType"]
    assert (finding.severity, "hyperdisk-balanced" in (finding.hint or "")) == (Severity.WARNING, True)


def test_pods_addresses_come_from_the_subnetwork():
    alias = {"networking": {"calico": None, "gce": {}}, "nonMasqueradeCIDR": "10.0.0.0/8"}
    documents = manifest(alias)
    del documents[0]["spec"]["networking"]["calico"]
    recording = clouds.recorded(documents)
    subnets = inputs(recording, "Subnetwork")
    ranges = {item["rangeName"]: item["ipCidrRange"] for item in subnets[f"network-{REGION}"]["secondaryIpRanges"]}
    assert [ranges[name].rpartition("/")[2] for name in ("pods", "services")] == ["14", "16"]
    assert "secondaryIpRanges" not in subnets[f"network-utility-{REGION}"]
    interface = inputs(recording, "InstanceTemplate")["instances-nodes"]["networkInterfaces"][0]
    assert interface["aliasIpRanges"] == [{"ipCidrRange": "/24", "subnetworkRangeName": "pods"}]
    sources = [rule.get("sourceRanges") for rule in inputs(recording, "Firewall").values()]
    assert [ranges["pods"]] in sources


def test_what_a_shared_vpc_needs_is_made_in_its_host_project():
    recording = made(ROW.adopted)
    rules = inputs(recording, "Firewall").values()
    assert {(rule["project"], rule["network"]) for rule in rules} == {
        ("hostproject", "projects/hostproject/global/networks/shared")
    }
    template = inputs(recording, "InstanceTemplate")["instances-nodes"]
    home = f"projects/hostproject/regions/{REGION}/subnetworks/machines"
    assert template["networkInterfaces"][0]["subnetwork"] == home


def test_one_account_of_the_users_gets_nothing_from_us_and_a_warning():
    overlay = {"cloudConfig": {"gceServiceAccount": "default"}}
    recording = made(overlay)
    assert not [r for r in recording if r.type.startswith(("gcp:serviceaccount", "gcp:projects"))]
    emails = {template["serviceAccount"]["email"] for template in inputs(recording, "InstanceTemplate").values()}
    assert emails == {"default"}
    assert [f for f in clouds.planned(manifest(overlay)).findings if "share one service account" in f.message]


def test_the_autoscalers_groups_keep_their_size_and_others_ours():
    by_hand = {r.name: r.ignore_changes for r in made({}).of("gcp:compute/instanceGroupManager:InstanceGroupManager")}
    scaled = made({"clusterAutoscaler": {"enabled": True}})
    left = {r.name: r.ignore_changes for r in scaled.of("gcp:compute/instanceGroupManager:InstanceGroupManager")}
    assert set(by_hand.values()) == {()}
    assert {("nodes" in name, ignored) for name, ignored in left.items()} == {(True, ("targetSize",)), (False, ())}


def test_control_planes_keep_name_and_address_and_are_never_doubled():
    managers = inputs(made({}), "InstanceGroupManager")
    (name,) = [key for key in managers if "control-plane" in key and key.endswith(f"{REGION}-a")]
    policy = managers[name]["updatePolicy"]
    assert (policy["replacementMethod"], policy["maxSurgeFixed"], policy["type"]) == ("RECREATE", 0, "OPPORTUNISTIC")
    assert managers[name]["statefulInternalIps"][0]["interfaceName"] == "nic0"
    assert "statefulInternalIps" not in managers[f"instances-nodes-{REGION}-a"]
    sizes = [managers[f"instances-nodes-{zone}"]["targetSize"] for zone in ROW.zones]
    assert sizes == [1, 1, 0]


def test_an_internal_api_has_one_internal_load_balancer():
    recording = made({"api": {"loadBalancer": {"class": "Network", "type": "Internal"}}})
    (rule,) = inputs(recording, "ForwardingRule").values()
    assert (rule["loadBalancingScheme"], rule["ports"]) == ("INTERNAL", ["443"])
    (address,) = inputs(recording, "Address").values()
    assert (address["addressType"], address["purpose"]) == ("INTERNAL", "SHARED_LOADBALANCER_VIP")
    (service,) = inputs(recording, "RegionBackendService").values()
    assert len(service["backends"]) == 3
    probes = [r["sourceRanges"] for key, r in inputs(recording, "Firewall").items() if "health-checks" in key]
    assert probes == [["130.211.0.0/22", "35.191.0.0/16"]]


def test_a_public_api_without_dns_has_an_internal_twin():
    schemes = {rule["loadBalancingScheme"] for rule in inputs(made({}), "ForwardingRule").values()}
    assert schemes == {"EXTERNAL", "INTERNAL"}


def test_names_go_to_the_zone_that_holds_them():
    public = {"topology": {"dns": {"type": "Public"}}}
    (record,) = inputs(made(public), "RecordSet").values()
    assert (record["name"], record["managedZone"], record["type"]) == (f"api.{NAME}.", "zone-example-net", "A")
    named = inputs(made({**public, "dnsZone": "our-zone"}), "RecordSet")
    assert {record["managedZone"] for record in named.values()} == {"our-zone"}
    assert made({**public, "dnsZone": "our-zone"}).invokes == ()


def test_a_private_cluster_without_a_zone_gets_one_for_its_network():
    recording = made({"topology": {"dns": {"type": "Private"}}})
    (zone,) = inputs(recording, "ManagedZone").values()
    assert (zone["dnsName"], zone["visibility"]) == (f"{NAME}.", "private")
    assert {record["managedZone"] for record in inputs(recording, "RecordSet").values()} == {zone["name"]}


def test_a_zone_that_is_not_there_is_a_finding_with_a_way_out():
    from kops_pulumi.components import Cluster
    from kops_pulumi.testing import record

    class Empty(Answers):
        def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
            del token, args
            return {"managedZones": []}

    plan = clouds.planned(manifest({"topology": {"dns": {"type": "Public"}}})).plan
    with pytest.raises(ManifestError, match="no public zone for"):
        record(lambda: Cluster(NAME, plan), answers=Empty())


def test_the_bucket_is_closed_versioned_and_cleans_itself():
    (bucket,) = inputs(made({"configBase": None}), "Bucket").values()
    assert (bucket["uniformBucketLevelAccess"], bucket["publicAccessPrevention"]) == (True, "enforced")
    assert bucket["versioning"] == {"enabled": True}
    assert {rule["action"]["type"] for rule in bucket["lifecycleRules"]} == {"Delete", "AbortIncompleteMultipartUpload"}
    assert not inputs(made({}), "Bucket")


def test_texts_of_the_store_go_before_their_successors_come():
    recording = made({})
    objects = recording.of("gcp:storage/bucketObject:BucketObject")
    types = {("bundle" in made.name, made.inputs["contentType"]) for made in objects}
    assert types == {(True, "application/base64"), (False, "text/plain; charset=utf-8")}


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"project": None}, "needs the id of a project"),
        ({"networkCIDR": "10.0.0.0/8"}, "no range of its own"),
        ({"networkID": "a/b/c"}, "is not a network"),
        ({"cloudConfig": {"gceUseStartupScript": True}}, "not by a startup script"),
    ],
)
def test_what_gce_cannot_do_is_refused(overlay: Mapping[str, Any], message: str):
    with pytest.raises(ManifestError, match=message):
        clouds.planned(manifest(overlay))


# -- who may do what


def may(identity: Identity, plan: ClusterPlan, permission: str, resource: str) -> bool:
    """Whether one of an identity's bindings allows a permission on an object of a bucket, by its condition."""
    roles = {
        "roles/storage.objectViewer": {"storage.objects.get", "storage.objects.list"},
        "roles/storage.objectCreator": {"storage.objects.create"},
    }
    for binding in iam.bindings(identity, plan):
        allowed = set(binding.permissions) | roles.get(binding.role or "", set())
        if permission in allowed and _holds(binding.condition, resource):
            return True
    return False


def _holds(condition: str | None, resource: str) -> bool:
    """The part of the conditions' language that our templates use, for objects."""
    if condition is None:
        return True
    for term in re.findall(r'resource\.name (==) "([^"]+)"|resource\.name\.(startsWith)\("([^"]+)"\)', condition):
        exact, prefix = term[1], term[3]
        if resource == exact or (prefix and resource.startswith(prefix)):
            return True
    return False


def _object(plan: ClusterPlan, path: str) -> str:
    assert plan.object_store is not None
    return f"projects/_/buckets/{plan.object_store.bucket}/objects/{plan.object_store.key(path)}"


def test_only_those_a_secret_is_for_can_read_it():
    """CVE-2023-1943 is what happens otherwise."""
    plan = clouds.planned(manifest({})).plan
    secrets = [item for item in store.objects(plan) if item.kind is StoreKind.SECRET]
    assert secrets
    for identity in plan.identities:
        for item in store.objects(plan):
            reads = may(identity, plan, "storage.objects.get", _object(plan, item.path))
            assert reads == (identity.role in item.readers), (identity.key, item.path)
    nodes = next(identity for identity in plan.identities if identity.role is Role.NODE)
    for permission in ("storage.objects.create", "storage.objects.delete"):
        assert not any(may(nodes, plan, permission, _object(plan, item.path)) for item in secrets)


def test_control_planes_write_snapshots_and_cannot_read_or_destroy_them():
    plan = clouds.planned(manifest({})).plan
    (identity,) = [identity for identity in plan.identities if identity.role is Role.CONTROL_PLANE]
    snapshot = _object(plan, "backups/etcd/main/hourly/x.db.gz")
    verbs = ("create", "get", "delete")
    assert [may(identity, plan, f"storage.objects.{verb}", snapshot) for verb in verbs] == [True, False, False]


def test_disks_are_attached_only_if_they_and_the_machine_are_the_clusters():
    plan = clouds.planned(manifest({})).plan
    (identity,) = [identity for identity in plan.identities if identity.role is Role.CONTROL_PLANE]
    by_key = {binding.key: binding for binding in iam.bindings(identity, plan)}
    ends = ("harbor-example-net", short_hash("harbor-example-net"))
    assert by_key["disks-use"].condition == " || ".join(f'resource.name.endsWith("-{end}")' for end in ends)
    attach = by_key["instances-attachDisk"].condition or ""
    assert attach.count("startsWith") == 3
    assert f'startsWith("control-plane-{REGION}-a-")' in attach


def test_long_conditions_stay_within_googles_limit():
    documents = manifest({"networking": {"calico": None, "cilium": {"etcdManaged": True}}})
    del documents[0]["spec"]["networking"]["calico"]
    spec = documents[0]["spec"]
    spec["etcdClusters"].append({"name": "cilium", "etcdMembers": spec["etcdClusters"][0]["etcdMembers"]})
    plan = clouds.planned(documents).plan
    conditions = [b.condition or "" for identity in plan.identities for b in iam.bindings(identity, plan)]
    assert max(len(re.findall(r"&&|\|\|", text)) for text in conditions) <= 12
