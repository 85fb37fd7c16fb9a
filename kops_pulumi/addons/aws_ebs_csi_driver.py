"""AWS EBS CSI driver: persistent volumes, and their snapshots where the snapshot controller runs.

Permissions: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/example-iam-policy.json; flags:
docs/options.md there. StorageClasses have kops's names, so that claims keep theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import csi, objects, pods
from kops_pulumi.addons.base import kube_system
from kops_pulumi.addons.csi import Driver, Layout, storage_class
from kops_pulumi.addons.objects import allow

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_PROVISIONER = "ebs.csi.aws.com"
_IN_TREE = "kubernetes.io/aws-ebs"
"""Kubernetes sends claims of these old classes to the driver."""
_RULES = (
    allow("get list patch watch", "nodes"),
    allow("get list watch", "csinodes", "storage.k8s.io"),
    allow("get list watch", "volumeattachments", "storage.k8s.io"),
)
"""It takes away the taint of a node whose driver is ready, and waits for volumes before a node goes."""


class AwsEbsCsiDriver(Driver):
    """`spec.cloudConfig.awsEBSCSIDriver`; there unless disabled."""

    name = "aws-ebs-csi-driver"
    clouds = frozenset({"aws"})
    provisioner = _PROVISIONER
    account = kube_system("ebs-csi-controller-sa")
    verbs = ("volumes.manage", "encryption.use")
    switch = "spec.cloudConfig.awsEBSCSIDriver.enabled"

    def settings(self, full: FullSpec) -> Any:
        """Its part of `cloudConfig`."""
        cloud = full.cluster.spec.cloud_config
        return cloud.aws_ebs_csi_driver if cloud else None

    def wanted(self, full: FullSpec) -> bool:
        """Unless the manifest says no. A driver of the user's own (`managed: false`) needs the same permissions."""
        settings = self.settings(full)
        return settings is None or settings.enabled is not False

    def classes(self, full: FullSpec) -> Iterable[Object]:
        """The encrypted default, and kops's older ones."""
        del full
        gp2 = {"type": "gp2"}
        return (
            storage_class("default", _IN_TREE, gp2, default=False),
            storage_class("gp2", _IN_TREE, gp2, default=False),
            storage_class("kops-csi-1-21", _PROVISIONER, {"encrypted": "true", "type": "gp3"}, default=True),
            storage_class("kops-ssd-1-17", _IN_TREE, {"encrypted": "true", **gp2}, default=False),
        )

    def driver(self, full: FullSpec) -> Sequence[Delivery]:
        """Our objects, after the project's, unless the user installs the driver.

        Its chart has no way to put the controller on the machine's network, without which only an identity of its own
        would do (values.schema.json there).
        """
        settings = self.settings(full)
        if settings is not None and settings.managed is False:
            return ()
        pin = self.pin(full, version=settings and settings.version)
        layout = self._layout(full, settings)
        used = tuple(image for name, image in pin.images.items() if name != "snapshotter" or self.snapshots(full))
        return [self.manifest(full, pin, csi.documents(full, layout, pin, pin.image), images=used)]

    def _layout(self, full: FullSpec, settings: Any) -> Layout:
        who = pods.identity(full, self.account)
        node = objects.field_env("CSI_NODE_NAME", "spec.nodeName")
        limit = settings.volume_attach_limit if settings else None
        return Layout(
            name=_PROVISIONER,
            namespace="kube-system",
            prefix="ebs-csi",
            account=self.account.name,
            sidecars=_sidecars(settings, snapshots=self.snapshots(full)),
            controller={
                "name": "driver",
                "args": ["controller", f"--endpoint=unix:{csi.SOCKET}", *_tags(full), "--batching=true", "--v=2"],
                "env": [node, *objects.env(AWS_REGION=full.region), *who.env_list],
                "securityContext": csi.AS_ROOT,
            },
            node={
                "name": "driver",
                "args": [
                    "node",
                    f"--endpoint=unix:{csi.SOCKET}",
                    *([f"--volume-attach-limit={limit}"] if limit is not None else []),
                    "--v=2",
                ],
                "env": [node, *objects.env(AWS_REGION=full.region)],
            },
            volumes=who.volumes,
            mounts=who.mounts,
            driver={"attachRequired": True, "podInfoOnMount": False, "fsGroupPolicy": "File"},
            rules=_RULES,
            host_network=not who.own or bool(settings and settings.host_network),
            annotations=(settings.pod_annotations if settings else None) or {},
        )


def _sidecars(settings: Any, *, snapshots: bool) -> dict[str, tuple[str, ...]]:
    """Flags by sidecar; how hard they may ask the API is the manifest's word."""
    given = {"qps": settings and settings.kube_api_qps, "burst": settings and settings.kube_api_burst}
    limits = tuple(f"--kube-api-{key}={value}" for key, value in given.items() if value is not None)
    found: dict[str, tuple[str, ...]] = {
        "attacher": ("--timeout=6m", *limits),
        "provisioner": ("--timeout=60s", "--extra-create-metadata", "--default-fstype=ext4", *limits),
        "resizer": ("--timeout=60s", "--handle-volume-inuse-error=false", *limits),
    }
    return found | ({"snapshotter": ("--extra-create-metadata", *limits)} if snapshots else {})


def _tags(full: FullSpec) -> list[str]:
    """What the permissions' conditions ask for: the cluster's own tag on everything that is made."""
    name = full.cluster.metadata.name
    return [f"--extra-tags=KubernetesCluster={name}", f"--k8s-tag-cluster-id={name}"]


ADDON = AwsEbsCsiDriver()
