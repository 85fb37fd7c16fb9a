"""vSphere CSI driver: persistent volumes as first-class disks.

https://github.com/kubernetes-sigs/vsphere-csi-driver/tree/master/manifests/vanilla: there is no chart, so the objects
are ours. Its configuration file holds the account at vCenter and comes from the cloud's identity component
(`csi-config`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import csi, objects, pods
from kops_pulumi.addons.csi import Driver, Layout, storage_class
from kops_pulumi.addons.objects import allow, field_env, mount
from kops_pulumi.model import Late
from kops_pulumi.plugins import ServiceAccount

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.pins import Pin
    from kops_pulumi.resolve.full import FullSpec

_PROVISIONER = "csi.vsphere.vmware.com"
_NAMESPACE = "vmware-system-csi"
_SECRET = "vsphere-config-secret"  # noqa: S105 - an object's name
_FEATURES = "internal-feature-states.csi.vsphere.vmware.com"
_STATES = {
    "async-query-volume": "true",
    "block-volume-snapshot": "true",
    "csi-migration": "true",
    "csi-windows-support": "false",
    "list-volumes": "true",
    "max-pvscsi-targets-per-vm": "true",
    "multi-vcenter-csi-topology": "true",
    "online-volume-extend": "true",
    "pv-to-backingdiskobjectid-mapping": "false",
    "topology-preferential-datastores": "true",
    "trigger-csi-fullsync": "false",
    "use-csinode-id": "true",
}
"""The driver's own switches, as its manifests of 3.7 set them."""
_RULES = (
    allow("get list watch", "configmaps namespaces pods secrets"),
    allow("get list watch", "csinodes", "storage.k8s.io"),
    allow("get list watch", "csinodetopologies csinodetopologies/status", "cns.vmware.com"),
    allow("create get patch update watch", "csinodetopologies csinodetopologies/status", "cns.vmware.com"),
    allow("create delete get list patch update watch", "cnsvolumeoperationrequests", "cns.vmware.com"),
    allow("create delete get list patch update watch", "cnsvolumeinfoes triggercsifullsyncs", "cns.vmware.com"),
    allow("get update", "triggercsifullsyncs/status", "cns.vmware.com"),
    allow("create get patch update", "customresourcedefinitions", "apiextensions.k8s.io"),
)


class VsphereCsiDriver(Driver):
    """Always there on vSphere."""

    name = "vsphere-csi-driver"
    clouds = frozenset({"vsphere"})
    provisioner = _PROVISIONER
    account = ServiceAccount(_NAMESPACE, "vsphere-csi-controller")
    verbs = ("volumes.manage",)
    namespace = _NAMESPACE

    def classes(self, full: FullSpec) -> Iterable[Object]:
        """One class, with the manifest's storage policy."""
        cloud = full.cluster.spec.cloud_config
        policy = cloud.vsphere.storage_policy if cloud and cloud.vsphere else None
        parameters = {"storagepolicyname": policy} if policy else {}
        return (storage_class("vsphere-csi", _PROVISIONER, parameters, default=True),)

    def driver(self, full: FullSpec) -> Sequence[Delivery]:
        """Our objects, after the project's."""
        pin = self.pin(full)
        snapshots = self.snapshots(full)
        layout = _layout(full, pin, snapshots=snapshots)
        documents = [
            objects.secret(_NAMESPACE, _SECRET, **{"csi-vsphere.conf": str(Late("csi-config"))}),
            objects.config_map(_NAMESPACE, _FEATURES, **_STATES),
            *csi.documents(full, layout, pin, pin.image),
        ]
        used = tuple(image for name, image in pin.images.items() if name in _used(snapshots=snapshots))
        return [self.manifest(full, pin, documents, images=used, create_namespace=True)]


def _used(*, snapshots: bool) -> set[str]:
    always = {"attacher", "nodeDriverRegistrar", "provisioner", "resizer", "syncer", "vsphere-csi-driver"}
    return always | ({"snapshotter"} if snapshots else set())


def _layout(full: FullSpec, pin: Pin, *, snapshots: bool) -> Layout:
    settings = ("--timeout=300s",)
    sidecars: dict[str, tuple[str, ...]] = {
        "attacher": settings,
        "provisioner": (*settings, "--feature-gates=Topology=true", "--default-fstype=ext4", "--extra-create-metadata"),
        "resizer": (*settings, "--handle-volume-inuse-error=false"),
    }
    if snapshots:
        sidecars["snapshotter"] = (*settings, "--extra-create-metadata")
    names = [f"--fss-name={_FEATURES}", f"--fss-namespace={_NAMESPACE}"]
    syncer: dict[str, Any] = {
        "name": "syncer",
        "image": pods.mirrored(full, pin.images["syncer"]),
        "args": ["--leader-election", *names],
        "env": _environment("controller", FULL_SYNC_INTERVAL_MINUTES="30"),
    }
    return Layout(
        name=_PROVISIONER,
        namespace=_NAMESPACE,
        prefix="vsphere-csi",
        sidecars=sidecars,
        controller={"name": "driver", "args": names, "env": _environment("controller")},
        node={
            "name": "driver",
            "args": names,
            "env": [*_environment("node"), field_env("NODE_NAME", "spec.nodeName")],
        },
        more=(syncer,),
        volumes=({"name": "config", "secret": {"secretName": _SECRET}},),
        mounts=(mount("config", "/etc/cloud", readOnly=True),),
        driver={"attachRequired": True, "podInfoOnMount": False},
        rules=_RULES,
    )


def _environment(mode: str, **more: str) -> list[Object]:
    return [
        *objects.env(
            CSI_ENDPOINT=f"unix://{csi.SOCKET}",
            CSI_NAMESPACE=_NAMESPACE,
            LOGGER_LEVEL="PRODUCTION",
            VSPHERE_CSI_CONFIG="/etc/cloud/csi-vsphere.conf",
            X_CSI_DEBUG="false",
            X_CSI_MODE=mode,
            X_CSI_SPEC_REQ_VALIDATION="false",
            **more,
        ),
    ]


ADDON = VsphereCsiDriver()
