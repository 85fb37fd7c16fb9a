"""A sound manifest of our own, and ways to break it: tests name the change and what is said about it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kops_pulumi import addons, clouds, cni, manifest, spec
from kops_pulumi.resolve import Resolution, resolve

NAME = "prod.example.com"
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
API = "kops.k8s.io/v1alpha2"


def _subnets() -> list[dict[str, Any]]:
    return [
        {"name": f"{prefix}{zone}", "zone": zone, "type": kind, "cidr": f"172.20.{third + step * index}.0/{length}"}
        for kind, prefix, third, step, length in (("Private", "", 64, 32, 19), ("Utility", "utility-", 0, 4, 22))
        for index, zone in enumerate(ZONES)
    ]


def _etcd(name: str) -> dict[str, Any]:
    members = [{"name": zone[-1], "instanceGroup": f"control-plane-{zone}"} for zone in ZONES]
    return {"name": name, "etcdMembers": members}


def _group(name: str, role: str, subnets: list[str], **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"kops.k8s.io/cluster": NAME}}
    return {
        "apiVersion": API,
        "kind": "InstanceGroup",
        "metadata": metadata,
        "spec": {"role": role, "subnets": subnets, **fields},
    }


def _sound() -> list[dict[str, Any]]:
    """A highly available private cluster on AWS with bastions; nothing is wrong or doubtful about it."""
    cluster = {
        "apiVersion": API,
        "kind": "Cluster",
        "metadata": {"name": NAME},
        "spec": {
            "cloudProvider": "aws",
            "kubernetesVersion": "1.37.0",
            "configBase": f"s3://example-state/{NAME}",
            "networkCIDR": "172.20.0.0/16",
            "networking": {"calico": {}},
            "api": {"loadBalancer": {"type": "Public", "class": "Network"}},
            "kubernetesApiAccess": ["203.0.113.0/24"],
            "sshAccess": ["203.0.113.0/24"],
            "topology": {"dns": {"type": "Public"}},
            "subnets": _subnets(),
            "etcdClusters": [_etcd("main"), _etcd("events")],
        },
    }
    groups = [_group(f"control-plane-{zone}", "Master", [zone]) for zone in ZONES]
    nodes = _group("nodes", "Node", list(ZONES), minSize=3, maxSize=6)
    return [cluster, *groups, nodes, _group("bastions", "Bastion", ["utility-eu-west-1a"])]


def _regional(cloud: str) -> list[dict[str, Any]]:
    """The same in small on a cloud with regional subnets."""
    documents = _sound()
    fields = documents[0]["spec"]
    fields |= {"cloudProvider": cloud, "project": "example", "configBase": "gs://example/state"}
    fields |= {"subnets": [{"name": "main", "region": "europe-west1", "type": "Public"}], "networking": {"cilium": {}}}
    fields["etcdClusters"] = [
        {"name": name, "etcdMembers": [{"name": "a", "instanceGroup": "control-plane-eu-west-1a"}]}
        for name in ("main", "events")
    ]
    del fields["networkCIDR"], fields["api"]
    if cloud != "gce":
        del fields["project"]
    kept = [documents[0], documents[1], documents[4]]
    for group in kept[1:]:
        group["spec"] |= {
            "subnets": ["main"],
            "zones": ["europe-west1-b"],
            "image": "example/image-1",
            "machineType": "m1",
        }
    return kept


def _set(document: dict[str, Any], dotted: str, value: Any) -> None:
    """Set a value at a path like `spec.subnets.0.cidr`; None removes it."""
    *parents, last = dotted.split(".")
    place: Any = document
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    if isinstance(place, list):
        place[int(last)] = value
    elif value is None:
        place.pop(last, None)
    else:
        place[last] = value


Changes = Mapping[str, Any]


def _changed(documents: list[dict[str, Any]], cluster: Changes, groups: Mapping[str, Changes]) -> list[dict[str, Any]]:
    documents = copy.deepcopy(documents)
    for dotted, value in cluster.items():
        _set(documents[0], dotted, value)
    for document in documents[1:]:
        document["metadata"]["labels"]["kops.k8s.io/cluster"] = documents[0]["metadata"]["name"]
        for dotted, value in groups.get(document["metadata"]["name"], {}).items():
            _set(document, dotted, value)
    return documents


def _resolve(documents: list[dict[str, Any]], *, force: bool = False) -> Resolution:
    parsed = spec.parse(manifest.from_data(documents))
    errors = [finding for finding in parsed.findings if finding.severity == "error"]
    assert not errors, errors
    cloud = clouds.get(parsed.cluster.spec.cloud_provider)
    return resolve(parsed, cloud, force=force, cni=cni.for_spec, addons=addons.REGISTRY)


@pytest.fixture
def sound() -> Callable[[], list[dict[str, Any]]]:
    """The documents of the sound manifest, fresh."""
    return _sound


@pytest.fixture
def resolved() -> Callable[..., Resolution]:
    """Resolve the sound manifest with changes: of the cluster by dotted path, of groups by name."""

    def run(
        cluster: Changes | None = None,
        groups: Mapping[str, Changes] | None = None,
        *,
        cloud: str = "aws",
        force: bool = False,
        extra: list[dict[str, Any]] | None = None,
    ) -> Resolution:
        documents = _sound() if cloud == "aws" else _regional(cloud)
        return _resolve([*_changed(documents, cluster or {}, groups or {}), *(extra or [])], force=force)

    return run


@pytest.fixture
def said(resolved: Callable[..., Resolution]) -> Callable[..., list[str]]:
    """What is said about the sound manifest with changes, without places: `spec.x: message (hint)`."""

    def run(*args: Any, **options: Any) -> list[str]:
        found = resolved(*args, **options).findings
        about = ["" if (f.document or "").startswith("Cluster/") else f"{f.document} " for f in found]
        return [f"{where}{str(f).removeprefix(f'{f.document}: ')}" for where, f in zip(about, found, strict=True)]

    return run
