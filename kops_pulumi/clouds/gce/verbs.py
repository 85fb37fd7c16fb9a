"""The table behind `iam.py`: what each neutral verb allows on GCE. Data only.

A verb is permissions, which become part of a custom role of the cluster, or a predefined role; `condition` limits it to
the cluster's own things where the service knows conditions. Templates are filled with the store's bucket and key
(`{object}`: the resource name of an object or prefix) and with expressions for the cluster's disks and control planes.

Permissions: https://cloud.google.com/iam/docs/permissions-reference and, by method,
https://cloud.google.com/compute/docs/reference/rest/v1; conditions:
https://cloud.google.com/iam/docs/conditions-resource-attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allow:
    """Permissions of a custom role, or a predefined role; under a condition, in the project or on a DNS zone."""

    permissions: tuple[str, ...] = ()
    role: str | None = None
    condition: str | None = None
    on_zone: bool = False
    """Bound to the managed zone of the permission's scope."""


_BELOW = 'resource.name.startsWith("{object}/")'
_LISTED = (
    'resource.name == "projects/_/buckets/{bucket}" && '
    'api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("{key}/")'
)
_REPLACE = ("storage.objects.create", "storage.objects.delete")
"""An object that is written again is deleted first: https://cloud.google.com/storage/docs/access-control/iam-json."""

_STORE: Mapping[str, tuple[Allow, ...]] = {
    "store.read": (Allow(role="roles/storage.objectViewer", condition=_BELOW),),
    "store.list": (Allow(role="roles/storage.objectViewer", condition=_LISTED),),
    "store.write": (Allow(_REPLACE, condition=_BELOW),),
    "store.write-object": (Allow(_REPLACE, condition='resource.name == "{object}"'),),
    # Create only: who holds the control plane can neither read old snapshots nor destroy them.
    "backups.write": (Allow(role="roles/storage.objectCreator", condition=_BELOW),),
    # Disks and objects are encrypted by Google's own keys.
    "encryption.use": (),
}

_MACHINES: Mapping[str, tuple[Allow, ...]] = {
    "machines.discover": (Allow(("compute.instances.get", "compute.instances.list", "compute.zones.list")),),
    "machines.describe": (
        Allow(("compute.instances.get", "compute.instances.list", "compute.zones.get", "compute.zones.list")),
    ),
    # Machines are made with `canIpForward`: nothing is left to be allowed.
    "machines.pass-foreign-traffic": (),
    "network-interfaces.pass-foreign-traffic": (),
    "machine-types.read": (Allow(("compute.machineTypes.get", "compute.machineTypes.list")),),
    "images.pull": (Allow(role="roles/artifactregistry.reader"),),
    "groups.scale": (
        Allow(
            (
                "compute.instanceGroupManagers.get",
                "compute.instanceGroupManagers.list",
                "compute.instanceGroupManagers.update",
                "compute.instanceGroups.get",
                "compute.instanceGroups.list",
                "compute.instanceTemplates.get",
                "compute.instanceTemplates.list",
                "compute.instances.get",
                "compute.instances.list",
                "compute.machineTypes.get",
                "compute.machineTypes.list",
                "compute.regions.get",
                "compute.zoneOperations.get",
                "compute.zones.get",
                "compute.zones.list",
            )
        ),
    ),
}

_DISKS: Mapping[str, tuple[Allow, ...]] = {
    "volumes.attach": (
        Allow(("compute.disks.get", "compute.instances.get", "compute.zoneOperations.get")),
        Allow(("compute.disks.use",), condition="{own_disks}"),
        Allow(("compute.instances.attachDisk",), condition="{own_control_planes}"),
    ),
    "volumes.manage": (
        Allow(
            (
                "compute.disks.create",
                "compute.disks.delete",
                "compute.disks.get",
                "compute.disks.list",
                "compute.disks.resize",
                "compute.disks.setLabels",
                "compute.disks.update",
                "compute.disks.use",
                "compute.diskTypes.get",
                "compute.instances.attachDisk",
                "compute.instances.detachDisk",
                "compute.instances.get",
                "compute.instances.list",
                "compute.regions.get",
                "compute.zoneOperations.get",
                "compute.zones.get",
                "compute.zones.list",
            )
        ),
    ),
    "snapshots.manage": (
        Allow(
            (
                "compute.disks.createSnapshot",
                "compute.globalOperations.get",
                "compute.snapshots.create",
                "compute.snapshots.delete",
                "compute.snapshots.get",
                "compute.snapshots.list",
                "compute.snapshots.setLabels",
                "compute.snapshots.useReadOnly",
            )
        ),
    ),
}

_LOAD_BALANCERS = (
    *(f"compute.addresses.{verb}" for verb in ("create", "delete", "get", "list", "use")),
    *("compute.addresses.createInternal", "compute.addresses.deleteInternal", "compute.addresses.useInternal"),
    *(f"compute.firewalls.{verb}" for verb in ("create", "delete", "get", "list", "update")),
    *(f"compute.forwardingRules.{verb}" for verb in ("create", "delete", "get", "list", "setLabels", "setTarget")),
    *(f"compute.healthChecks.{verb}" for verb in ("create", "delete", "get", "list", "update", "use", "useReadOnly")),
    *(f"compute.httpHealthChecks.{verb}" for verb in ("create", "delete", "get", "list", "update", "useReadOnly")),
    *(f"compute.instanceGroups.{verb}" for verb in ("create", "delete", "get", "list", "update", "use")),
    *(f"compute.regionBackendServices.{verb}" for verb in ("create", "delete", "get", "list", "update", "use")),
    *(f"compute.regionHealthChecks.{verb}" for verb in ("create", "delete", "get", "list", "update", "useReadOnly")),
    *(
        f"compute.targetPools.{verb}"
        for verb in ("addInstance", "create", "delete", "get", "list", "removeInstance", "update", "use")
    ),
    *("compute.globalOperations.get", "compute.regionOperations.get", "compute.zoneOperations.get"),
    *("compute.instances.get", "compute.instances.list", "compute.instances.use"),
    *("compute.networks.get", "compute.networks.updatePolicy", "compute.networks.use"),
    *("compute.regions.get", "compute.subnetworks.get", "compute.subnetworks.list", "compute.subnetworks.use"),
    *("compute.zones.get", "compute.zones.list"),
)
_RECORDS = (
    *(f"dns.changes.{verb}" for verb in ("create", "get", "list")),
    "dns.managedZones.get",
    *(f"dns.resourceRecordSets.{verb}" for verb in ("create", "delete", "get", "list", "update")),
)
_NAMES = (Allow(_RECORDS, on_zone=True), Allow(("dns.managedZones.list",)))

_NETWORK: Mapping[str, tuple[Allow, ...]] = {
    "load-balancers.manage": (Allow(_LOAD_BALANCERS),),
    "routes.manage": (
        Allow(
            (
                "compute.globalOperations.get",
                "compute.networks.get",
                "compute.networks.updatePolicy",
                "compute.routes.create",
                "compute.routes.delete",
                "compute.routes.get",
                "compute.routes.list",
            )
        ),
    ),
    "dns.upsert": _NAMES,
    "dns.challenge": _NAMES,
}

VERBS: Mapping[str, tuple[Allow, ...]] = {**_STORE, **_MACHINES, **_DISKS, **_NETWORK}
"""Every neutral verb that GCE knows."""
