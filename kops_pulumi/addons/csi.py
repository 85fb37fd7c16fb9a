"""What storage drivers share: StorageClasses, and for those without a chart the sidecars, their rights, and both pods.

A driver is a controller, which talks to the cloud, beside Kubernetes's own sidecars, which talk to the API; and a pod
on each node that mounts. https://kubernetes-csi.github.io/docs/deploying.html and ../docs/sidecar-containers.html. Not
to know a cloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import objects, pods, snapshot_controller
from kops_pulumi.addons.base import BuiltIn
from kops_pulumi.addons.objects import Object, allow, host_path, mount
from kops_pulumi.model import Delivery, Manifest, Permission, Stage
from kops_pulumi.plugins import ServiceAccount

if TYPE_CHECKING:
    from kops_pulumi.pins import Pin
    from kops_pulumi.resolve.full import FullSpec

CLASSES = "storage-classes"
"""Name of the delivery of StorageClasses; a cluster has one driver that makes them."""
SNAPSHOT_CLASS = "volume-snapshot-class"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_KUBELET = "/var/lib/kubelet"
_SOCKETS = "/csi"
SOCKET = f"{_SOCKETS}/csi.sock"
"""Where a driver listens in all of its pods."""

AS_ROOT: Object = {**pods.LOCKED, "runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False}
"""The driver's socket is root's; nothing else of root's is needed."""

_RULES: Mapping[str, tuple[Object, ...]] = {
    "attacher": (
        allow("get list patch update watch", "persistentvolumes"),
        allow("get list watch", "csinodes", "storage.k8s.io"),
        allow("get list patch update watch", "volumeattachments", "storage.k8s.io"),
        allow("patch", "volumeattachments/status", "storage.k8s.io"),
    ),
    "provisioner": (
        allow("create delete get list patch update watch", "persistentvolumes"),
        allow("get list update watch", "persistentvolumeclaims"),
        allow("get list watch", "csinodes storageclasses volumeattributesclasses", "storage.k8s.io"),
        allow("get list watch", "volumeattachments", "storage.k8s.io"),
        allow("get list", "volumesnapshotcontents volumesnapshots", "snapshot.storage.k8s.io"),
    ),
    "resizer": (
        allow("get list patch update watch", "persistentvolumes"),
        allow("get list watch", "persistentvolumeclaims pods"),
        allow("patch update", "persistentvolumeclaims/status"),
        allow("get list watch", "volumeattributesclasses", "storage.k8s.io"),
    ),
    "snapshotter": (
        allow("get list watch", "volumesnapshotclasses volumesnapshots", "snapshot.storage.k8s.io"),
        allow("create delete get list patch update watch", "volumesnapshotcontents", "snapshot.storage.k8s.io"),
        allow("patch update", "volumesnapshotcontents/status", "snapshot.storage.k8s.io"),
    ),
}
"""Sidecar → what it does through the API."""
_ANYWAY = (allow("create get list patch update watch", "events"), allow("get list watch", "nodes"))


class Driver(BuiltIn):
    """A storage driver, and the StorageClasses that it makes useful."""

    stage = Stage.CSI
    provisioner: str
    """The driver's name towards Kubernetes (`ebs.csi.aws.com`)."""
    summary = "Persistent volumes and their StorageClasses"

    def classes(self, full: FullSpec) -> Iterable[Object]:
        """The StorageClasses to offer."""
        del full
        return ()

    def driver(self, full: FullSpec) -> Sequence[Delivery]:
        """The driver itself."""
        raise NotImplementedError

    def deliveries(self, full: FullSpec) -> list[Delivery]:
        """The driver, and its classes unless the manifest keeps them to itself.

        What a snapshot is must be known before the driver's sidecar for it starts.
        """
        first = (snapshot_controller.DEFINITIONS,) if self.snapshots(full) else ()
        driver = [replace(item, after=(*item.after, *first)) for item in self.driver(full)]
        return [*driver, *self._classes(full), *self._snapshot_class(full)]

    def snapshots(self, full: FullSpec) -> bool:
        """Whether something makes snapshots of its volumes."""
        return snapshot_controller.ADDON.enabled(full)

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Snapshots only where something makes them."""
        return (Permission("snapshots.manage"),) if self.snapshots(full) else ()

    def _classes(self, full: FullSpec) -> list[Delivery]:
        """They are mere objects, so that nothing has to be there before them."""
        cloud = full.cluster.spec.cloud_config
        found = tuple(self.classes(full))
        if not found or (cloud is not None and cloud.manage_storage_classes is False):
            return []
        why, source = "spec.cloudConfig.manageStorageClasses", Manifest(found)
        return [Delivery(CLASSES, Stage.CSI, source, "kube-system", why, waits_for=Stage.API)]

    def _snapshot_class(self, full: FullSpec) -> list[Delivery]:
        """The default class of snapshots, where the manifest wants one."""
        settings = full.cluster.spec.snapshot_controller
        if not (self.snapshots(full) and settings and settings.install_default_class):
            return []
        found = objects.obj(
            "snapshot.storage.k8s.io/v1",
            "VolumeSnapshotClass",
            "default",
            driver=self.provisioner,
            deletionPolicy="Delete",
        )
        annotations = {"snapshot.storage.kubernetes.io/is-default-class": "true"}
        found = {**found, "metadata": {**found["metadata"], "annotations": annotations}}
        why, source = "spec.snapshotController.installDefaultClass", Manifest((found,))
        after = (snapshot_controller.DEFINITIONS,)
        return [Delivery(SNAPSHOT_CLASS, Stage.CSI, source, "kube-system", why, waits_for=Stage.API, after=after)]


def storage_class(
    name: str, provisioner: str, parameters: Mapping[str, str], *, default: bool, expands: bool = True
) -> Object:
    """A StorageClass whose volumes are made where their first pod runs."""
    found = objects.obj(
        "storage.k8s.io/v1",
        "StorageClass",
        name,
        provisioner=provisioner,
        parameters=dict(sorted(parameters.items())),
        reclaimPolicy="Delete",
        volumeBindingMode="WaitForFirstConsumer",
        allowVolumeExpansion=expands,
    )
    return {**found, "metadata": {**found["metadata"], "annotations": {_DEFAULT: str(default).lower()}}}


@dataclass(frozen=True, slots=True)
class Layout:
    """A driver without a chart: what is its own beside the common shape."""

    name: str
    """The driver's name towards Kubernetes (`pd.csi.storage.gke.io`)."""
    namespace: str
    prefix: str
    """Of objects' names."""
    sidecars: Mapping[str, tuple[str, ...]]
    """Flags by sidecar (keys of the rules above)."""
    controller: Object
    """The driver's container in the controller, without image and mounts."""
    node: Object
    """The driver's container on each node, likewise."""
    more: tuple[Object, ...] = ()
    """Further containers of the controller, without mounts of sockets."""
    volumes: tuple[Object, ...] = ()
    mounts: tuple[Object, ...] = ()
    """Of the controller's own containers: configuration, with credentials that must stay off other nodes."""
    driver: Mapping[str, Any] = field(default_factory=dict)
    """Spec of the CSIDriver."""
    rules: tuple[Object, ...] = ()
    """What the driver's own containers do through the API."""
    account: str = ""
    """The controller's service account, where the cloud knows it by another name than `<prefix>-controller`."""
    host_network: bool = True
    """The controller sits on the machine's own network, where it can take the machine's identity."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Of the controller's pods."""


def documents(full: FullSpec, layout: Layout, pin: Pin, driver_image: str) -> list[Object]:
    """Every object of the driver."""
    controller = ServiceAccount(layout.namespace, layout.account or f"{layout.prefix}-controller")
    node = ServiceAccount(layout.namespace, f"{layout.prefix}-node")
    rules = (*_ANYWAY, *(rule for name in sorted(layout.sidecars) for rule in _RULES[name]), *layout.rules)
    return [
        objects.obj("storage.k8s.io/v1", "CSIDriver", layout.name, spec=dict(layout.driver)),
        objects.account(controller),
        objects.account(node),
        *objects.cluster_role(f"{layout.prefix}-controller", *rules, who=controller),
        *objects.cluster_role(f"{layout.prefix}-node", allow("get list watch", "nodes"), *layout.rules, who=node),
        *objects.leases(layout.namespace, f"{layout.prefix}-leases", controller),
        objects.deployment(
            layout.namespace,
            f"{layout.prefix}-controller",
            _controller(full, layout, pin, driver_image),
            replicas=pods.several(full),
            annotations=layout.annotations,
        ),
        objects.daemon_set(
            layout.namespace, f"{layout.prefix}-node", _node(full, layout, pin, driver_image), unavailable="10%"
        ),
    ]


def _controller(full: FullSpec, layout: Layout, pin: Pin, image: str) -> Object:
    """On control planes, beside what it depends on."""
    socket = mount("socket", _SOCKETS)
    sidecars = [
        {
            "name": f"csi-{name}",
            "image": pods.mirrored(full, pin.images[name]),
            "args": [f"--csi-address={SOCKET}", "--leader-election", *flags],
            "securityContext": AS_ROOT,
            "volumeMounts": [socket],
        }
        for name, flags in sorted(layout.sidecars.items())
    ]
    own = {"image": pods.mirrored(full, image), "volumeMounts": [socket, *layout.mounts]}
    more = [{**item, "volumeMounts": [*item.get("volumeMounts", ()), socket, *layout.mounts]} for item in layout.more]
    return {
        "serviceAccountName": layout.account or f"{layout.prefix}-controller",
        **({"hostNetwork": True, "dnsPolicy": "Default"} if layout.host_network else {}),
        "priorityClassName": pods.CLUSTER_CRITICAL,
        "nodeSelector": dict(pods.ON_CONTROL_PLANES),
        "tolerations": list(pods.CONTROL_PLANE_TAINTS),
        "containers": [{**layout.controller, **own}, *sidecars, *more],
        "volumes": [{"name": "socket", "emptyDir": {}}, *layout.volumes],
    }


def _node(full: FullSpec, layout: Layout, pin: Pin, image: str) -> Object:
    plugin = f"{_KUBELET}/plugins/{layout.name}"
    registrar = {
        "name": "registrar",
        "image": pods.mirrored(full, pin.images["nodeDriverRegistrar"]),
        "args": [f"--csi-address={SOCKET}", f"--kubelet-registration-path={plugin}/csi.sock"],
        "env": [objects.field_env("KUBE_NODE_NAME", "spec.nodeName")],
        "volumeMounts": [mount("plugin", _SOCKETS), mount("registration", "/registration")],
    }
    own = {
        "image": pods.mirrored(full, image),
        "securityContext": {"privileged": True},
        "volumeMounts": [
            mount("plugin", _SOCKETS),
            mount("kubelet", _KUBELET, mountPropagation="Bidirectional"),
            mount("dev", "/dev"),
            mount("udev", "/run/udev"),
            mount("sys", "/sys"),
        ],
    }
    return {
        "serviceAccountName": f"{layout.prefix}-node",
        "hostNetwork": True,
        "dnsPolicy": "ClusterFirstWithHostNet",
        "priorityClassName": pods.NODE_CRITICAL,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": list(pods.ANY_TAINT),
        "containers": [{**layout.node, **own}, registrar],
        "volumes": [
            host_path("plugin", plugin, "DirectoryOrCreate"),
            host_path("registration", f"{_KUBELET}/plugins_registry"),
            host_path("kubelet", _KUBELET),
            host_path("dev", "/dev"),
            host_path("udev", "/run/udev"),
            host_path("sys", "/sys"),
        ],
    }
