"""OpenStack Cinder CSI driver: persistent volumes, by the project's chart.

https://github.com/kubernetes/cloud-provider-openstack/tree/master/charts/cinder-csi-plugin. It reads the
cloud controller's own file, from the Secret that comes with that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import pods
from kops_pulumi.addons.base import chosen, kube_system
from kops_pulumi.addons.controllers import CONFIG
from kops_pulumi.addons.csi import Driver, storage_class

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.pins import Pin
    from kops_pulumi.resolve.full import FullSpec

_PROVISIONER = "cinder.csi.openstack.org"
_SIDECARS = ("attacher", "livenessprobe", "nodeDriverRegistrar", "provisioner", "resizer", "snapshotter")


class OpenstackCinderCsi(Driver):
    """Always there on OpenStack; `spec.cloudConfig.openstack.blockStorage` says how."""

    name = "openstack-cinder-csi"
    clouds = frozenset({"openstack"})
    provisioner = _PROVISIONER
    account = kube_system("csi-cinder-controller-sa")
    verbs = ("volumes.manage",)

    def settings(self, full: FullSpec) -> Any:
        """The block storage's part of `cloudConfig`."""
        cloud = full.cluster.spec.cloud_config
        return cloud.openstack.block_storage if cloud and cloud.openstack else None

    def wanted(self, full: FullSpec) -> bool:
        """Always."""
        del full
        return True

    def classes(self, full: FullSpec) -> Iterable[Object]:
        """kops's one class, with a volume's zone where the manifest overrides it."""
        settings = self.settings(full)
        if settings is not None and settings.create_storage_class is False:
            return ()
        zone = settings.override_volume_az if settings else None
        parameters = {"availability": zone} if zone else {}
        return (storage_class("default", _PROVISIONER, parameters, default=True),)

    def driver(self, full: FullSpec) -> Sequence[Delivery]:
        """The project's chart."""
        settings = self.settings(full)
        pin = self.pin(full)
        image, images = chosen(pin, settings.csi_plugin_image if settings else None)
        return [self.chart(full, pin, self._values(full, pin, image, settings), images=images)]

    def _values(self, full: FullSpec, pin: Pin, image: str, settings: Any) -> Object:
        topology = settings.csi_topology_support if settings else None
        sidecars: Object = {name: {"image": pods.parts(full, pin.images[name])} for name in _SIDECARS}
        if topology is not None:
            sidecars["provisioner"]["topology"] = str(topology).lower()
        plugin = {
            "image": pods.parts(full, image),
            "nodePlugin": {"tolerations": list(pods.ANY_TAINT)},
            "controllerPlugin": {
                "replicas": pods.several(full),
                "nodeSelector": dict(pods.ON_CONTROL_PLANES),
                "tolerations": list(pods.CONTROL_PLANE_TAINTS),
            },
        }
        return {
            "csi": {**sidecars, "plugin": plugin},
            "secret": {"enabled": True, "create": False, "name": CONFIG},
            "storageClass": {"enabled": False},
            "clusterID": (settings and settings.cluster_name) or full.cluster.metadata.name,
        }


ADDON = OpenstackCinderCsi()
