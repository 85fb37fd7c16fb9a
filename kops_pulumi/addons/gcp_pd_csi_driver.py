"""GCP persistent-disk CSI driver: persistent volumes on zonal and regional disks.

https://github.com/kubernetes-sigs/gcp-compute-persistent-disk-csi-driver/tree/master/deploy/kubernetes: there is no
chart, so the objects are ours. It acts as the control planes' service account, hence the controller's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import csi
from kops_pulumi.addons.base import kube_system
from kops_pulumi.addons.csi import Driver, Layout, storage_class

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_PROVISIONER = "pd.csi.storage.gke.io"
_CLASSES = {"balanced-csi": "pd-balanced", "ssd-csi": "pd-ssd", "standard-csi": "pd-standard"}
_DEFAULT = "balanced-csi"


class GcpPdCsiDriver(Driver):
    """`spec.cloudConfig.gcpPDCSIDriver`; there unless disabled."""

    name = "gcp-pd-csi-driver"
    clouds = frozenset({"gce"})
    provisioner = _PROVISIONER
    account = kube_system("csi-gce-pd-controller")
    verbs = ("volumes.manage",)
    switch = "spec.cloudConfig.gcpPDCSIDriver.enabled"

    def settings(self, full: FullSpec) -> Any:
        """Its part of `cloudConfig`."""
        cloud = full.cluster.spec.cloud_config
        return cloud.gcp_pd_csi_driver if cloud else None

    def wanted(self, full: FullSpec) -> bool:
        """Unless the manifest says no."""
        settings = self.settings(full)
        return settings is None or settings.enabled is not False

    def classes(self, full: FullSpec) -> Iterable[Object]:
        """One for each kind of disk; the manifest says which is the default."""
        settings = self.settings(full)
        default = (settings and settings.default_storage_class_name) or _DEFAULT
        return tuple(
            storage_class(name, _PROVISIONER, {"type": kind}, default=name == default)
            for name, kind in _CLASSES.items()
        )

    def driver(self, full: FullSpec) -> Sequence[Delivery]:
        """Our objects, after the project's."""
        settings = self.settings(full)
        pin = self.pin(full, version=settings and settings.version)
        endpoint = f"--endpoint=unix:{csi.SOCKET}"
        label = (full.cluster.metadata.name or "").replace(".", "-")
        sidecars: dict[str, tuple[str, ...]] = {
            "attacher": ("--timeout=250s",),
            "provisioner": ("--timeout=250s", "--extra-create-metadata", "--default-fstype=ext4"),
            "resizer": ("--handle-volume-inuse-error=false",),
        }
        if self.snapshots(full):
            sidecars["snapshotter"] = ("--timeout=300s",)
        layout = Layout(
            name=_PROVISIONER,
            namespace="kube-system",
            prefix="csi-gce-pd",
            sidecars=sidecars,
            controller={"name": "driver", "args": [endpoint, f"--extra-labels=k8s-io-cluster-name={label}"]},
            node={"name": "driver", "args": [endpoint, "--run-controller-service=false"]},
            driver={"attachRequired": True, "podInfoOnMount": False, "fsGroupPolicy": "ReadWriteOnceWithFSType"},
        )
        used = {name: image for name, image in pin.images.items() if name != "snapshotter" or name in sidecars}
        documents = csi.documents(full, layout, pin, pin.image)
        return [self.manifest(full, pin, documents, images=tuple(used.values()))]


ADDON = GcpPdCsiDriver()
