"""Small manifests as data, and their way through the pipeline."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, TypeAlias

import pytest
import yaml

from kops_pulumi import manifest, pipeline, spec

Documents: TypeAlias = list[dict[str, Any]]
NAME = "unit.test.example.org"


class Kit:
    """Makes manifests and plans; has no state, so that property tests may share one."""

    @staticmethod
    def documents(zones: Sequence[str] = ("a",), *, private: bool = False, bastion: bool = False) -> Documents:
        """A cluster with a control plane in each zone, and one group of nodes."""
        subnets = [
            _subnet(f"eu-west-1{zone}", zone, "Private" if private else "Public", f"10.0.{32 * (_nth(zone) + 1)}.0/19")
            for zone in zones
        ]
        if private or bastion:
            subnets += [
                _subnet(f"utility-eu-west-1{zone}", zone, "Utility", f"10.0.{4 * _nth(zone)}.0/22") for zone in zones
            ]
        members = [{"name": zone, "instanceGroup": f"control-plane-{zone}"} for zone in zones]
        cluster = {
            "apiVersion": "kops.k8s.io/v1alpha2",
            "kind": "Cluster",
            "metadata": {"name": NAME},
            "spec": {
                "cloudProvider": "aws",
                "configBase": f"s3://store/{NAME}",
                "kubernetesVersion": "1.36.1",
                "networkCIDR": "10.0.0.0/16",
                "networking": {"cilium": {}},
                "kubernetesApiAccess": ["192.0.2.0/24"],
                "sshAccess": ["192.0.2.0/24"],
                "subnets": subnets,
                "etcdClusters": [{"name": name, "etcdMembers": members} for name in ("main", "events")],
            },
        }
        groups = [_group(f"control-plane-{zone}", "Master", [f"eu-west-1{zone}"]) for zone in zones]
        groups.append(_group("nodes", "Node", [f"eu-west-1{zone}" for zone in zones]))
        if bastion:
            groups.append(_group("bastions", "Bastion", [f"utility-eu-west-1{zone}" for zone in zones]))
        return copy.deepcopy([cluster, *groups])

    @staticmethod
    def planned(documents: Documents, **options: Any) -> pipeline.Planned:
        """The documents' way through all stages."""
        return Kit.planned_text(yaml.safe_dump_all(documents, sort_keys=False), **options)

    @staticmethod
    def planned_text(text: str, **options: Any) -> pipeline.Planned:
        return pipeline.run(spec.parse(manifest.loads(text, "unit.yaml")), **options)


def _nth(zone: str) -> int:
    return ord(zone) - ord("a")


def _subnet(name: str, zone: str, kind: str, cidr: str) -> dict[str, Any]:
    return {"name": name, "zone": f"eu-west-1{zone}", "type": kind, "cidr": cidr}


def _group(name: str, role: str, subnets: list[str]) -> dict[str, Any]:
    return {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "InstanceGroup",
        "metadata": {"name": name, "labels": {"kops.k8s.io/cluster": NAME}},
        "spec": {"role": role, "image": "ami-0123456789abcdef0", "machineType": "t3.medium", "subnets": subnets},
    }


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit
