"""Node configurations of small clusters of our own, for tests of what is rendered from them."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from kops_pulumi import bootstrap, clouds, manifest, pipeline, spec
from kops_pulumi.bootstrap.node import NodeConfig
from kops_pulumi.pipeline import Planned

CLUSTER = "mill.example.net"
_LABELS = {"kops.k8s.io/cluster": CLUSTER}


def planned(cluster: dict[str, Any] | None = None, **groups: dict[str, Any]) -> Planned:
    """A cluster of three control planes and workers; `cluster` and each group's settings go over that."""
    text = manifest.dump_all([_cluster(cluster or {}), *_groups(groups)])
    return _planned(text)


@cache
def _planned(text: str) -> Planned:
    return pipeline.run(spec.parse(manifest.loads(text, "cluster.yaml")))


def node(group: str = "cp-a", cluster: dict[str, Any] | None = None, **groups: dict[str, Any]) -> NodeConfig:
    """The configuration of one group's machines: cp-a, cp-b, cp-c, apis or nodes."""
    found = planned(cluster, **groups)
    own = next(candidate for candidate in found.plan.groups if candidate.name == group)
    return bootstrap.build(found.plan, found.full, own, clouds.get("aws"))


def documents(files: Any, path: str) -> list[dict[str, Any]]:
    """The YAML documents of a rendered file."""
    return [document for document in yaml.safe_load_all(files[path].content) if document]


def _cluster(settings: dict[str, Any]) -> dict[str, Any]:
    members = [{"name": zone, "instanceGroup": f"cp-{zone}"} for zone in "abc"]
    subnets = [
        {"name": f"eu-north-1{zone}", "zone": f"eu-north-1{zone}", "type": "Public", "cidr": f"10.8.{index * 32}.0/19"}
        for index, zone in enumerate("abc")
    ]
    base = {
        "cloudProvider": "aws",
        "configBase": f"s3://mill-state/{CLUSTER}",
        "kubernetesVersion": "1.37.1",
        "networkCIDR": "10.8.0.0/16",
        "kubernetesApiAccess": ["198.51.100.0/24"],
        "sshKeyName": "",
        "networking": {"kindnet": {}},
        "subnets": subnets,
        "etcdClusters": [{"name": name, "etcdMembers": members} for name in ("main", "events")],
    }
    return {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "Cluster",
        "metadata": {"name": CLUSTER},
        "spec": base | settings,
    }


def _groups(settings: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    roles = {"cp-a": "Master", "cp-b": "Master", "cp-c": "Master", "apis": "APIServer", "nodes": "Node"}
    zones = {"cp-b": "b", "cp-c": "c"}
    return [
        {
            "apiVersion": "kops.k8s.io/v1alpha2",
            "kind": "InstanceGroup",
            "metadata": {"name": name, "labels": _LABELS},
            "spec": {
                "role": role,
                "image": "ami-0ccccccccccccccc3",
                "machineType": "m7i.large",
                "subnets": [f"eu-north-1{zones.get(name, 'a')}"],
            }
            | settings.get(name.replace("-", "_"), {}),
        }
        for name, role in roles.items()
    ]
