"""The old way to bring one's own network plug-in: refused."""

from __future__ import annotations

from kops_pulumi.cni.base import Removed

CNI = Removed(
    key="external",
    gone_since="Kubernetes 1.26",
    replacement="cni",
    migration="write cni: {} in place of external: {}; nothing else changes",
)
