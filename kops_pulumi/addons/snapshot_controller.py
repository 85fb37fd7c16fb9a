"""Snapshot controller: VolumeSnapshot objects; the CSI drivers do the work.

https://github.com/kubernetes-csi/external-snapshotter: there is no chart, so the objects are ours. The definitions come
first of all, for a driver's sidecar does not start without them. They are validated by rules of their own since 8.0,
without a webhook; cert-manager is asked for as kops asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.addons.objects import allow
from kops_pulumi.model import Stage

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

DEFINITIONS = "snapshot-definitions"
"""Name of the delivery of the custom resource definitions."""
_GROUP = "snapshot.storage.k8s.io"
_ACCOUNT = kube_system("snapshot-controller")
_RULES = (
    allow("get list watch", "persistentvolumes"),
    allow("get list update watch", "persistentvolumeclaims"),
    allow("create get list patch update watch", "events"),
    allow("get list watch", "nodes"),
    allow("get list watch", "volumesnapshotclasses", _GROUP),
    allow("create delete get list patch update watch", "volumesnapshotcontents", _GROUP),
    allow("patch update", "volumesnapshotcontents/status volumesnapshots/status", _GROUP),
    allow("delete get list patch update watch", "volumesnapshots", _GROUP),
)


class SnapshotController(BuiltIn):
    """`spec.snapshotController`."""

    name = "snapshot-controller"
    section = ("snapshot_controller", "snapshotController")
    needs_cert_manager = True
    summary = "Snapshots of persistent volumes"

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """What a snapshot is, and who looks after them."""
        pin = self.pin(full)
        pod: Object = {
            "serviceAccountName": _ACCOUNT.name,
            "priorityClassName": pods.CLUSTER_CRITICAL,
            "nodeSelector": dict(pods.ON_CONTROL_PLANES),
            "tolerations": list(pods.CONTROL_PLANE_TAINTS),
            "containers": [
                {
                    "name": self.name,
                    "image": pods.mirrored(full, pin.image),
                    "args": ["--leader-election=true", "--v=2"],
                    "resources": {"requests": {"cpu": "10m", "memory": "20Mi"}},
                    "securityContext": pods.LOCKED,
                }
            ],
        }
        controller = [
            objects.account(_ACCOUNT),
            *objects.cluster_role(self.name, *_RULES, who=_ACCOUNT),
            *objects.leases("kube-system", f"{self.name}-leases", _ACCOUNT),
            objects.deployment("kube-system", self.name, pod, replicas=pods.several(full)),
        ]
        early = {"stage": Stage.CSI, "waits_for": Stage.API, "images": ()}
        return [
            self.manifest(full, pin, objects.read("snapshots.yaml"), name=DEFINITIONS, **early),
            self.manifest(full, pin, controller, after=(DEFINITIONS,)),
        ]


ADDON = SnapshotController()
