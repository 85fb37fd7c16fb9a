"""Snapshot controller: VolumeSnapshot objects; the CSI drivers do the work.
https://github.com/kubernetes-csi/external-snapshotter."""

from __future__ import annotations

from kops_pulumi.addons.base import BuiltIn


class SnapshotController(BuiltIn):
    """`spec.snapshotController`."""

    name = "snapshot-controller"
    section = ("snapshot_controller", "snapshotController")
    needs_cert_manager = True


ADDON = SnapshotController()
