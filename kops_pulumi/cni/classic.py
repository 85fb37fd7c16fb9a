"""The routes of Kubernetes 1.3: refused."""

from __future__ import annotations

from kops_pulumi.cni.base import Removed

CNI = Removed(
    key="classic",
    gone_since="kops 1.5",
    replacement="kubenet or cilium",
    migration="write kubenet: {} in place of classic: {}, or create a cluster with cilium and move the workloads",
)
