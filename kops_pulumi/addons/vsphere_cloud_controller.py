"""vSphere cloud controller (CPI): addresses, zones and existence of nodes; vSphere has no load balancers and no routes.

https://github.com/kubernetes/cloud-provider-vsphere/blob/master/docs/book/cloud_config.md. Its configuration file holds
the account at vCenter, so it comes from the cloud's identity component (`cloud-config`) and is a Secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import kube_system
from kops_pulumi.addons.controllers import CloudController, cloud_config
from kops_pulumi.model import Late

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.resolve.full import FullSpec


class VsphereCloudController(CloudController):
    """Always there on vSphere."""

    name = "vsphere-cloud-controller-manager"
    clouds = frozenset({"vsphere"})
    account = kube_system("vsphere-cloud-controller-manager")
    verbs = ("machines.describe",)
    provider = "vsphere"
    summary = "Addresses, zones and existence of nodes"

    def routes(self, full: FullSpec) -> bool:
        """Never: the cloud has none."""
        del full
        return False

    def arguments(self, full: FullSpec) -> Mapping[str, str]:
        """Without the controllers that this cloud cannot serve."""
        settings = full.cluster.spec.cloud_controller_manager
        return {} if settings and settings.controllers else {"controllers": "cloud-node,cloud-node-lifecycle"}

    def configuration(self, full: FullSpec) -> Iterable[Object]:
        """The whole file, with the account."""
        del full
        yield cloud_config(str(Late("cloud-config")), hidden=True)


ADDON = VsphereCloudController()
