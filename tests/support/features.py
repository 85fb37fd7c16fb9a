"""A small base cluster on AWS and what a manifest lays over it: for one test a feature, from YAML to resources."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from kops_pulumi import manifest, pipeline, spec
from kops_pulumi.components import Cluster
from kops_pulumi.errors import Finding, ManifestError
from kops_pulumi.testing import Answers, Recording, record
from tests.support.recorded import KEY

NAME = "harbor.example.net"
REGION = "eu-central-1"
Document = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """What came of a manifest."""

    planned: pipeline.Planned
    recording: Recording

    def inputs(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Inputs of the cloud's resources of a type (the end of its token), by name without the cluster's."""
        return {
            made.name.removeprefix(f"{NAME}-"): made.inputs
            for made in self.recording
            if made.type.rpartition(":")[2] == kind and not made.type.startswith("kubernetes:")
        }


def base(zones: str = "a", *, private: bool = False, bastion: bool = False) -> list[Document]:
    """A control plane in each zone and one group of nodes."""
    kind = "Private" if private else "Public"
    subnets = [_subnet(zone, kind, f"10.40.{32 * (ord(zone) - 96)}.0/19") for zone in zones]
    if private:
        subnets += [
            {**_subnet(zone, "Utility", f"10.40.{4 * (ord(zone) - 97)}.0/22"), "name": f"utility-{REGION}{zone}"}
            for zone in zones
        ]
    homes = [f"{REGION}{zone}" for zone in zones]
    members = [{"name": zone, "instanceGroup": f"control-plane-{zone}"} for zone in zones]
    cluster = {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "Cluster",
        "metadata": {"name": NAME},
        "spec": {
            "cloudProvider": "aws",
            "configBase": f"s3://harbor-state/{NAME}",
            "kubernetesVersion": "1.36.1",
            "networkCIDR": "10.40.0.0/16",
            "networking": {"cni": {}},
            "kubernetesApiAccess": ["198.51.100.0/24"],
            "sshAccess": ["198.51.100.0/24"],
            "api": {"loadBalancer": {"class": "Network", "type": "Public"}} if private else {"dns": {}},
            "subnets": subnets,
            "etcdClusters": [{"name": name, "etcdMembers": copy.deepcopy(members)} for name in ("main", "events")],
        },
    }
    groups = [group(f"control-plane-{zone}", "Master", [home]) for zone, home in zip(zones, homes, strict=True)]
    groups.append(group("nodes", "Node", homes))
    if bastion:
        groups.append(group("bastions", "Bastion", [f"utility-{home}" for home in homes]))
    return [cluster, *groups]


def group(name: str, role: str, subnets: Sequence[str], **more: Any) -> Document:
    """An instance group."""
    return {
        "apiVersion": "kops.k8s.io/v1alpha2",
        "kind": "InstanceGroup",
        "metadata": {"name": name, "labels": {"kops.k8s.io/cluster": NAME}},
        "spec": {
            "role": role,
            "image": "ami-0123456789abcdef0",
            "machineType": "m6i.large",
            "subnets": list(subnets),
            **more,
        },
    }


def laid_over(documents: list[Document], spec_: Mapping[str, Any], index: int = 0) -> list[Document]:
    """The documents with an overlay on the spec of one of them; None removes a key."""
    _merge(documents[index]["spec"], spec_)
    return documents


def planned(documents: Sequence[Document], **options: Any) -> pipeline.Planned:
    """The documents' way through the pure stages; raises ManifestError."""
    text = yaml.safe_dump_all(documents, sort_keys=False)
    return pipeline.run(spec.parse(manifest.loads(text, "feature.yaml")), ssh_public_keys=[KEY], **options)


def made(documents: Sequence[Document], answers: Answers | None = None) -> Made:
    """The documents' way to resources."""
    found = planned(documents)
    return Made(found, record(lambda: Cluster(NAME, found.plan), answers=answers))


def findings(documents: Sequence[Document]) -> tuple[Finding, ...]:
    """Everything that is wrong or doubtful."""
    try:
        return planned(documents).findings
    except ManifestError as error:
        return error.findings


def _subnet(zone: str, kind: str, cidr: str) -> Document:
    return {"name": f"{REGION}{zone}", "zone": f"{REGION}{zone}", "type": kind, "cidr": cidr}


def _merge(into: Document, over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)
