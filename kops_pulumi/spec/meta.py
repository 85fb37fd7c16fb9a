"""`metadata` of every document. Only name, labels and annotations mean something here; the rest is tolerated."""

from typing import Any

from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.types import Labels

CLUSTER_LABEL = "kops.k8s.io/cluster"
"""The label with which an InstanceGroup or SSHCredential says whose it is."""


class ObjectMeta(SpecModel):
    """Identity of a document."""

    name: str = req("Name of the object; a cluster's name is its DNS name. It never changes.")
    labels: Labels | None = opt("Free labels; instance groups carry kops.k8s.io/cluster with the cluster's name.")
    annotations: Labels | None = opt("Free annotations, also home of cloud options such as openstack.kops.io/….")
    creation_timestamp: Any = opt("When the object was first stored; ignored.")
    deletion_timestamp: Any = opt("Written by API servers; ignored.")
    deletion_grace_period_seconds: Any = opt("Written by API servers; ignored.")
    finalizers: Any = opt("Written by API servers; ignored.")
    generate_name: Any = opt("Written by API servers; ignored.")
    generation: Any = opt("Revision counter of stored objects; ignored.")
    managed_fields: Any = opt("Written by API servers; ignored.")
    namespace: Any = opt("Written by API servers; ignored.")
    owner_references: Any = opt("Written by API servers; ignored.")
    resource_version: Any = opt("Written by API servers; ignored.")
    self_link: Any = opt("Written by API servers; ignored.")
    uid: Any = opt("Written by API servers; ignored.")
