"""Weave Net: refused; its maker is gone."""

from __future__ import annotations

from kops_pulumi.cni.base import Removed

CNI = Removed(
    key="weave",
    gone_since="Kubernetes 1.24",
    replacement="cilium or calico",
    migration="create a cluster with cilium and move the workloads, or change the key and replace every node at once",
)
