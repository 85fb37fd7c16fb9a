"""AWS EBS CSI driver: persistent volumes, and their snapshots where the snapshot controller runs.

https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/example-iam-policy.json
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kops_pulumi.addons import snapshot_controller
from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.model import Permission

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec


class AwsEbsCsiDriver(BuiltIn):
    """`spec.cloudConfig.awsEBSCSIDriver`; there unless disabled."""

    name = "aws-ebs-csi-driver"
    clouds = frozenset({"aws"})
    account = kube_system("ebs-csi-controller-sa")
    verbs = ("volumes.manage", "encryption.use")

    def wanted(self, full: FullSpec) -> bool:
        """Unless the manifest says no. A driver of the user's own (`managed: false`) needs the same permissions."""
        cloud = full.cluster.spec.cloud_config
        settings = cloud.aws_ebs_csi_driver if cloud else None
        return settings is None or settings.enabled is not False

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Snapshots only where something makes them."""
        return (Permission("snapshots.manage"),) if snapshot_controller.ADDON.enabled(full) else ()


ADDON = AwsEbsCsiDriver()
