"""Lyft's VPC CNI: refused."""

from __future__ import annotations

from kops_pulumi.cni.base import Removed

CNI = Removed(
    key="lyftvpc",
    gone_since="kops 1.23",
    replacement="amazonvpc or cilium with ipam: eni",
    migration="create a cluster with amazonvpc and move the workloads; pods keep addresses of the VPC",
)
