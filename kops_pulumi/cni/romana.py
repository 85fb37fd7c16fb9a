"""Romana: refused."""

from __future__ import annotations

from kops_pulumi.cni.base import Removed

CNI = Removed(
    key="romana",
    gone_since="kops 1.19",
    replacement="calico or cilium",
    migration="create a cluster with calico and move the workloads",
)
