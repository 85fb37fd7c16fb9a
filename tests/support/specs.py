"""Small resolved specs for tests of stages that follow `resolve`: our own manifests, as short as they can be."""

from __future__ import annotations

from typing import Any

from kops_pulumi import clouds
from kops_pulumi.resolve.full import FullSpec
from kops_pulumi.spec import Cluster, InstanceGroup

NAME = "orchard.example.com"
HEADER = {"apiVersion": "kops.k8s.io/v1alpha2"}
REGIONS = {"aws": "eu-west-1", "gce": "europe-west1", "openstack": "north", "vsphere": "dc1"}


def full(cloud: str = "aws", groups: tuple[InstanceGroup, ...] | None = None, **spec: Any) -> FullSpec:
    """A resolved spec with the given parts of `spec`, written with YAML's keys; the network plug-in is cilium."""
    body = {
        "cloudProvider": cloud,
        "configBase": f"s3://orchard-state/{NAME}",
        "kubernetesVersion": "1.36.1",
        "podCIDR": "100.96.0.0/11",
        "networking": {"cilium": {}},
        "kubernetesApiAccess": ["192.0.2.0/24"],
        "sshAccess": [],
        "subnets": [{"name": "a", "type": "Public", "zone": f"{REGIONS[cloud]}a", "cidr": "10.4.0.0/19"}],
        **spec,
    }
    cluster = Cluster.model_validate({**HEADER, "kind": "Cluster", "metadata": {"name": NAME}, "spec": body})
    made = groups if groups is not None else (group("cp-a", "ControlPlane"), group("workers", "Node"))
    return FullSpec(
        cluster=cluster,
        groups=tuple(sorted(made, key=lambda g: g.metadata.name)),
        ssh_keys=(),
        objects=(),
        cloud=cloud,
        region=REGIONS[cloud],
        cloud_defaults=clouds.get("aws").defaults("2026-11-01"),
    )


def group(name: str, role: str, **spec: Any) -> InstanceGroup:
    """An instance group; further fields with YAML's keys."""
    body = {"role": role, "minSize": 1, "maxSize": 1, "subnets": ["a"], **spec}
    return InstanceGroup.model_validate({**HEADER, "kind": "InstanceGroup", "metadata": {"name": name}, "spec": body})
