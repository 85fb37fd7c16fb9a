"""The bucket of our own, the bucket of the user's, and what is put into them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from kops_pulumi import pipeline
from kops_pulumi.components import Cluster, contents
from kops_pulumi.model import ClusterPlan
from kops_pulumi.plan import store
from kops_pulumi.plan.names import own_bucket
from kops_pulumi.testing import SECRET, Recording, record

MANIFEST = Path(__file__).parents[3] / "golden" / "plan" / "apiserver-user-data" / "manifest.yaml"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
NAME = "hooked.lab.example.org"
OWN = own_bucket(NAME)


def planned(tmp_path: Path, **spec: object) -> ClusterPlan:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(yaml.safe_dump({"kind": "Cluster", "spec": spec}))
    return pipeline.load([MANIFEST], [overlay]).plan


def recording(plan: ClusterPlan) -> Recording:
    return record(lambda: Cluster(plan.name, plan))


@pytest.mark.parametrize("base", [None, "memfs://clusters/c", "file:///tmp/c", f"s3://{OWN}/{NAME}"])
def test_a_bucket_of_our_own_is_closed_versioned_encrypted_and_protected(tmp_path: Path, base: str | None) -> None:
    found = recording(planned(tmp_path, configBase=base))
    made = {r.type.rpartition(":")[2]: r for r in found if r.type.startswith("aws:s3/") and r.type != OBJECT}
    assert (made["Bucket"].inputs["bucket"], made["Bucket"].protect) == (OWN, True)
    closed = made["BucketPublicAccessBlock"].inputs
    assert {key: value for key, value in closed.items() if key != "bucket"} == {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert made["BucketVersioning"].inputs["versioningConfiguration"] == {"status": "Enabled"}
    [rule] = made["BucketServerSideEncryptionConfiguration"].inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    [statement] = json.loads(made["BucketPolicy"].inputs["policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    rules = {rule["id"]: rule for rule in made["BucketLifecycleConfiguration"].inputs["rules"]}
    assert rules["old-versions"]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert rules["etcd-main-daily"]["expiration"] == {"days": 90}
    assert rules["etcd-main-daily"]["filter"]["prefix"].endswith("/backups/etcd/main/daily/")


def test_no_object_is_put_before_the_bucket_is_closed(tmp_path: Path) -> None:
    found = recording(planned(tmp_path, configBase=None))
    for item in found.of(OBJECT):
        before = {urn.split("::")[2].rpartition("$")[2] for urn in item.depends_on}
        assert "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock" in before, item.name


def test_in_the_users_bucket_only_objects_below_the_prefix_are_made(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    found = [r for r in recording(plan) if r.type.startswith("aws:s3/")]
    assert {r.type for r in found} == {OBJECT}
    assert {r.inputs["bucket"] for r in found} == {"lab-clusters"}
    assert all(r.inputs["key"].startswith(f"{NAME}/") for r in found)
    assert len(found) == len(store.objects(plan))


def test_every_object_with_a_key_is_secret_and_no_other(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    assert plan.object_store is not None
    made = {r.inputs["key"]: r.inputs.get("content") for r in recording(plan).of(OBJECT)}
    for item in store.objects(plan):
        assert (made[plan.object_store.key(item.path)] == SECRET) == (item.kind.value == "secret"), item.path


def test_machines_wait_for_what_they_read_first(tmp_path: Path) -> None:
    for group in recording(planned(tmp_path)).of("aws:autoscaling/group:Group"):
        assert any("-store-join-ca.crt" in urn for urn in group.depends_on), group.name


def test_another_bundle_is_another_key(tmp_path: Path) -> None:
    one = {r.name: r.inputs["key"] for r in recording(planned(tmp_path)).of(OBJECT)}
    other = {r.name: r.inputs["key"] for r in recording(planned(tmp_path, kubelet={"maxPods": 64})).of(OBJECT)}
    changed = {name for name in one if one[name] != other[name]}
    assert changed == {name for name in one if "-bundle-" in name}


def test_an_issuer_is_published_for_everybody(tmp_path: Path) -> None:
    plan = planned(tmp_path, serviceAccountIssuerDiscovery={"discoveryStore": "s3://lab-issuer/c"})
    made = [r for r in recording(plan).of(OBJECT) if r.inputs["bucket"] == "lab-issuer"]
    assert {r.inputs["key"] for r in made} == {f"c/{contents.DISCOVERY}", f"c/{contents.KEYS}"}
    assert {r.inputs["acl"] for r in made} == {"public-read"}


def test_the_kubeconfig_is_the_only_secret_output(tmp_path: Path) -> None:
    [cluster] = recording(planned(tmp_path)).of("kops:index:Cluster")
    assert cluster.outputs is not None
    assert [name for name, value in cluster.outputs.items() if value == SECRET] == ["kubeconfig"]
    assert cluster.outputs["apiServer"] == f"https://api.{NAME}"
