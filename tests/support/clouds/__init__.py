"""One manifest on every cloud: documents that differ in their cloud section only, and what is asked of each cloud.

A cloud is a module here with a `ROW`, and one entry of ROWS; contract and engine tests take the rows as a parameter.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

import yaml

from kops_pulumi import clouds, manifest, pipeline, spec
from kops_pulumi.components import Cluster
from kops_pulumi.testing import Recording, record
from tests.support.clouds.row import NAME, Document, Row
from tests.support.recorded import KEY

ROWS: tuple[Row, ...] = tuple(import_module(f"{__name__}.{cloud}").ROW for cloud in clouds.REGISTRY)
"""Every cloud that clusters can be deployed on."""


def documents(row: Row, control_planes: int = 1, *, bastion: bool = False) -> list[Document]:
    """The manifest: private machines behind a public load balancer (or a VIP), no DNS, `control_planes` of them."""
    zones = row.zones[:control_planes]
    groups = [_group(row, f"control-plane-{zone}", "ControlPlane", [zone]) for zone in zones]
    groups.append(_group(row, "nodes", "Node", list(row.zones), minSize=2, maxSize=4))
    if bastion:
        groups.append(_group(row, "bastions", "Bastion", [row.zones[0]]))
    return [_cluster(row, zones, bastion=bastion), *groups]


def laid_over(row: Row, overlay: Mapping[str, Any], **options: Any) -> list[Document]:
    """The manifest with an overlay on the cluster's spec."""
    found = documents(row, **options)
    _merge(found[0]["spec"], overlay)
    return found


def planned(given: list[Document]) -> pipeline.Planned:
    """The documents' way through the pure stages; raises ManifestError."""
    return _planned(yaml.safe_dump_all(given, sort_keys=False))


@cache
def _planned(text: str) -> pipeline.Planned:
    return pipeline.run(spec.parse(manifest.loads(text, "clouds.yaml")), ssh_public_keys=[KEY])


def recorded(given: list[Document]) -> Recording:
    """What the documents' cluster registers."""
    return _recorded(yaml.safe_dump_all(given, sort_keys=False))


@cache
def _recorded(text: str) -> Recording:
    found = _planned(text)
    return record(lambda: Cluster(NAME, found.plan))


def _cluster(row: Row, zones: tuple[str, ...], *, bastion: bool) -> Document:
    capabilities = clouds.get(row.cloud).capabilities
    members = [{"name": zone[-1], "instanceGroup": f"control-plane-{zone}"} for zone in zones]
    body: Document = {
        "cloudProvider": row.cloud,
        "kubernetesVersion": "1.37.1",
        "networking": {"calico": {}},
        "kubernetesApiAccess": ["198.51.100.0/24"],
        "sshAccess": ["203.0.113.0/24"],
        "topology": {"dns": {"type": "None"}},
        "subnets": row.subnets(bastion) if row.subnets else _subnets(row, zonal=capabilities.zonal_subnets),
        "etcdClusters": [{"name": name, "etcdMembers": copy.deepcopy(members)} for name in ("main", "events")],
    }
    if capabilities.load_balancer:
        body["api"] = {"loadBalancer": {"class": "Network", "type": "Public"}}
    if capabilities.network_cidr:
        body["networkCIDR"] = "10.40.0.0/16"
    _merge(body, row.cluster)
    return {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "Cluster",
        "metadata": {"name": NAME},
        "spec": body,
    }


def _subnets(row: Row, *, zonal: bool) -> list[Document]:
    """A private and a utility subnet: in each zone, or in the one region."""
    places = list(row.zones) if zonal else [row.region]
    key = "zone" if zonal else "region"
    kinds = (("", "Private", 32), ("utility-", "Utility", 128))
    return [
        {"name": f"{prefix}{place}", key: place, "type": kind, "cidr": f"10.40.{start + 16 * index}.0/20"}
        for prefix, kind, start in kinds
        for index, place in enumerate(places)
    ]


def _group(row: Row, name: str, role: str, zones: list[str], **more: Any) -> Document:
    zonal = clouds.get(row.cloud).capabilities.zonal_subnets
    prefix = "utility-" if role == "Bastion" else ""
    places = zones if zonal else [row.region]
    body: Document = {
        "role": role,
        "minSize": 1,
        "maxSize": 1,
        "subnets": [f"{prefix}{place}" for place in places],
        **({} if zonal else {"zones": zones}),
        **more,
    }
    _merge(body, row.group)
    own = {"annotations": dict(row.annotations(name))} if row.annotations else {}
    return {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "InstanceGroup",
        "metadata": {"name": name, "labels": {"kops.k8s.io/cluster": NAME}, **own},
        "spec": body,
    }


def _merge(into: Document, over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)
