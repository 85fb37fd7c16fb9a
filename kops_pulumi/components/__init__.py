"""The Pulumi components: `Cluster` composes, `clouds/<cloud>/` says how, `pki` and `late` serve all clouds.

This is the first package, left to right, that imports pulumi; nothing left of it may import this one.
"""

from kops_pulumi.components.cluster import Cluster, ClusterArgs

__all__ = ["Cluster", "ClusterArgs"]
