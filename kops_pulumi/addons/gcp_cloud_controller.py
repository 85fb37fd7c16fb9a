"""GCP cloud controller: zones and addresses of nodes, load balancers of Services, routes or alias ranges of pods.

https://github.com/kubernetes/cloud-provider-gcp (flags), providers/gce of the same repository (configuration file).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import kube_system
from kops_pulumi.addons.controllers import CloudController, cloud_config
from kops_pulumi.resolve.traits import alias_ranges

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.resolve.full import FullSpec


class GcpCloudController(CloudController):
    """Always there on GCE."""

    name = "gcp-cloud-controller-manager"
    clouds = frozenset({"gce"})
    account = kube_system("gcp-cloud-controller-manager")
    verbs = ("machines.describe", "load-balancers.manage")
    provider = "gce"
    command = ("/usr/local/bin/cloud-controller-manager",)

    def arguments(self, full: FullSpec) -> Mapping[str, str]:
        """Who gives nodes their ranges: with alias ranges the cloud, read here; else kube-controller-manager alone."""
        if alias_ranges(full.cluster.spec):
            pods = full.cluster.spec.pod_cidr or ""
            return {"allocate-node-cidrs": "true", "cidr-allocator-type": "CloudAllocator", "cluster-cidr": pods}
        settings = full.cluster.spec.cloud_controller_manager
        return {} if settings and settings.controllers else {"controllers": "*,-nodeipam"}

    def configuration(self, full: FullSpec) -> Iterable[Object]:
        """Machines of all zones of the region; by which tag and prefix they are known, where the manifest says it."""
        cloud = full.cluster.spec.cloud_config
        lines = [
            ("multizone", "true"),
            ("node-instance-prefix", cloud.node_instance_prefix if cloud else None),
            ("node-tags", cloud.node_tags if cloud else None),
        ]
        said = [f"{key} = {value}" for key, value in lines if value]
        yield cloud_config("\n".join(["[global]", *said, ""]), hidden=False)


ADDON = GcpCloudController()
