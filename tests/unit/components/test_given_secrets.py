"""Secrets that the user gives reach machines and cluster by the secret channel, and nothing else."""

from __future__ import annotations

import json

import pytest
import yaml

from kops_pulumi import manifest, pipeline, program, spec, starter, testing
from kops_pulumi.errors import KopsError
from kops_pulumi.plan import given, store
from kops_pulumi.starter import Wishes

NAME = "given.example.com"
VALUE = '{"auths": {"r.example.com": {"auth": "dmFsdWU="}}}'


def planned(**generations: str):
    documents = starter.write(Wishes(NAME, "aws", ("eu-west-1a",), ("192.0.2.0/24",)))
    for name, generation in generations.items():
        metadata = {"name": name, "labels": {spec.CLUSTER_LABEL: NAME}}
        keys = {"type": "Secret", "primaryID": generation, "keys": [{"id": generation}]}
        documents.append({"apiVersion": "kops.k8s.io/v1alpha2", "kind": "Keyset", "metadata": metadata, "spec": keys})
    return pipeline.run(spec.parse(manifest.loads(yaml.safe_dump_all(documents), "m")))


def test_every_kubelet_reads_registry_credentials_and_only_its_own_copy() -> None:
    plan = planned(dockerconfig="1").plan
    objects = {item.path: item for item in store.objects(plan) if "dockerconfig" in item.path}
    assert sorted(objects) == ["secrets/control-plane/dockerconfig.json", "secrets/node/dockerconfig.json"]
    assert all(item.kind is store.StoreKind.SECRET and len(item.readers) == 1 for item in objects.values())
    (node,) = (identity for identity in plan.identities if identity.key == "node")
    assert [p.scope for p in node.permissions if "secrets/" in (p.scope or "")] == [f"{plan.store}/secrets/node"]
    (without,) = (identity for identity in planned().plan.identities if identity.key == "node")
    assert [p for p in without.permissions if "secrets/" in (p.scope or "")] == []


def test_a_new_generation_makes_other_machines_and_nothing_declared_makes_the_same() -> None:
    def digests(**generations: str) -> dict[str, str]:
        return {g.name: g.bundle.sha256 for g in planned(**generations).plan.groups if g.bundle}

    first, second = digests(dockerconfig="1"), digests(dockerconfig="2")
    assert all(first[name] != second[name] for name in first)
    assert digests(ciliumpassword="1") == digests() != first
    changed = digests(encryptionconfig="1")
    assert [name for name, digest in digests().items() if changed[name] != digest] == ["control-plane-eu-west-1a"]


def test_values_are_secret_wherever_they_go() -> None:
    whole = planned(dockerconfig="1", encryptionconfig="1", ciliumpassword="1")
    values = {"dockerconfig": VALUE, "encryptionconfig": "kind: EncryptionConfiguration", "ciliumpassword": "3 key"}
    recorded = testing.record(lambda: program.deploy(whole, secrets=values))
    shown = json.dumps([resource.to_data() for resource in recorded])
    assert "dmFsdWU=" not in shown
    assert "3 key" not in shown
    names = {resource.name for resource in recorded}
    assert {f"{NAME}-store-secrets-node-dockerconfig.json"} <= names
    assert any(given.IPSEC_SECRET in name for name in names)
    assert "dmFsdWU=" not in whole.plan.to_json()


def test_a_declared_secret_without_a_value_is_refused_with_the_way_out() -> None:
    with pytest.raises(KopsError) as caught:
        testing.record(lambda: program.deploy(planned(dockerconfig="1"), secrets={}))
    assert "create secret dockerconfig -f FILE" in str(caught.value)
