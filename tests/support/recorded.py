"""Recordings of whole clusters, once per manifest and test run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from kops_pulumi import pipeline
from kops_pulumi.components import Cluster
from kops_pulumi.model import ClusterPlan
from kops_pulumi.testing import Recording, Registered, record

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBqCIlRVq5Bl2cYVFQxJ6WjEYUqe7Rn9w1ENUgWqv5iT tests"


@cache
def plan_of(manifest: Path) -> ClusterPlan:
    """The plan of a manifest, with an SSH key given beside it."""
    return pipeline.load([manifest], ssh_public_keys=[KEY]).plan


@cache
def cluster(manifest: Path) -> Recording:
    """What a cluster from this manifest registers."""
    plan = plan_of(manifest)
    return record(lambda: Cluster(plan.name, plan))


def is_addon(resource: Registered) -> bool:
    """Whether it is part of what is installed in the cluster, provider included."""
    return resource.type.startswith(("kubernetes:", "kops:index:AddOns", "pulumi:providers:kubernetes"))
