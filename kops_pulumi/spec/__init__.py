"""The typed API: kops's v1alpha2 documents as pydantic models, with every mistake named in the user's words.

Stage two of the story: takes a `Manifest` (documents with positions), gives a `ParsedManifest` (models and findings).
No default is filled in here and no rule between fields is checked: that is `resolve`.
"""

from kops_pulumi.spec.cluster import Cluster, ClusterSpec
from kops_pulumi.spec.instancegroup import InstanceGroup, InstanceGroupSpec, SSHCredential
from kops_pulumi.spec.keyset import Keyset
from kops_pulumi.spec.meta import CLUSTER_LABEL, ObjectMeta
from kops_pulumi.spec.parse import ParsedManifest, dump, parse

__all__ = [
    "CLUSTER_LABEL",
    "Cluster",
    "ClusterSpec",
    "InstanceGroup",
    "InstanceGroupSpec",
    "Keyset",
    "ObjectMeta",
    "ParsedManifest",
    "SSHCredential",
    "dump",
    "parse",
]
