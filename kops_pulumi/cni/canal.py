"""Canal (flannel with calico's policy): refused."""

from __future__ import annotations

from kops_pulumi.cni.base import Removed

CNI = Removed(
    key="canal",
    gone_since="Kubernetes 1.28",
    replacement="calico or cilium",
    migration="create a cluster with calico and move the workloads, or write calico: {} and replace every node at once",
)
