"""AWS EBS CSI driver: persistent volumes, and their snapshots where the snapshot controller runs.

Permissions: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/example-iam-policy.json. The
chart's values: charts/aws-ebs-csi-driver/values.yaml there. StorageClasses have kops's names, so that claims keep
theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import pods
from kops_pulumi.addons.base import kube_system
from kops_pulumi.addons.csi import Driver, storage_class

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.pins import Pin
    from kops_pulumi.resolve.full import FullSpec

_PROVISIONER = "ebs.csi.aws.com"
_IN_TREE = "kubernetes.io/aws-ebs"
"""Kubernetes sends claims of these old classes to the driver."""
_SIDECARS = ("attacher", "livenessProbe", "nodeDriverRegistrar", "provisioner", "resizer", "snapshotter")


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
        """The project's chart, unless the user installs the driver."""
        settings = self.settings(full)
        if settings is not None and settings.managed is False:
            return ()
        pin = self.pin(full, version=settings and settings.version)
        return [self.chart(full, pin, self._values(full, pin, settings))]

    def _values(self, full: FullSpec, pin: Pin, settings: Any) -> Object:
        snapshots = self.snapshots(full)
        sidecars: Object = {name: {"image": pods.parts(full, pin.images[name])} for name in _SIDECARS}
        sidecars["snapshotter"]["forceEnable"] = snapshots
        return {
            "image": pods.parts(full, pin.image),
            "sidecars": sidecars,
            "controller": self._controller(full, settings),
            "node": _node(settings),
            "helmTester": {"enabled": False},
        }

    def _controller(self, full: FullSpec, settings: Any) -> Object:
        who = pods.identity(full, self.account)
        limits = {
            "kube-api-qps": settings and settings.kube_api_qps,
            "kube-api-burst": settings and settings.kube_api_burst,
        }
        annotations = settings.pod_annotations if settings else None
        placement = who.placement
        if settings and settings.host_network:
            placement["hostNetwork"] = True
        return {
            "replicaCount": pods.several(full),
            "region": full.region,
            # What the permissions' conditions ask for: the cluster's own tag on everything that is made.
            "extraVolumeTags": {"KubernetesCluster": full.cluster.metadata.name},
            "k8sTagClusterId": full.cluster.metadata.name,
            "serviceAccount": {"create": True, "name": self.account.name},
            "additionalArgs": [f"--{key}={value}" for key, value in limits.items() if value is not None],
            "podAnnotations": dict(sorted((annotations or {}).items())),
            "volumeModificationFeature": {"enabled": False},
            "env": who.env_list,
            "volumes": list(who.volumes),
            "volumeMounts": list(who.mounts),
            **placement,
        }


def _node(settings: Any) -> Object:
    limit = settings.volume_attach_limit if settings else None
    return {
        "enableWindows": False,
        "priorityClassName": pods.NODE_CRITICAL,
        "tolerateAllTaints": True,
        # The machine's network is the only one with the metadata service, where the driver learns its zone.
        "hostNetwork": True,
        **({"volumeAttachLimit": limit} if limit is not None else {}),
    }


ADDON = AwsEbsCsiDriver()
