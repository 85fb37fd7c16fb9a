"""OpenStack cloud controller: addresses and zones of nodes, Octavia load balancers of Services, routes of kubenet.

https://github.com/kubernetes/cloud-provider-openstack/blob/master/docs/openstack-cloud-controller-manager. Its
configuration file holds credentials, so it comes from the cloud's identity component (`cloud-config`) and is a Secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons.base import kube_system
from kops_pulumi.addons.controllers import CloudController, cloud_config
from kops_pulumi.model import Late

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.resolve.full import FullSpec


class OpenstackCloudController(CloudController):
    """Always there on OpenStack."""

    name = "openstack-cloud-controller-manager"
    clouds = frozenset({"openstack"})
    account = kube_system("openstack-cloud-controller-manager")
    verbs = ("machines.describe", "load-balancers.manage")
    provider = "openstack"
    command = ("/bin/openstack-cloud-controller-manager",)

    def configuration(self, full: FullSpec) -> Iterable[Object]:
        """The whole file, with the application credential."""
        del full
        yield cloud_config(str(Late("cloud-config")), hidden=True)


ADDON = OpenstackCloudController()
