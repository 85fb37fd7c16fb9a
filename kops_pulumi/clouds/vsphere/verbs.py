"""What each neutral verb means on vSphere: privileges of vCenter (pure).

A role is a set of privileges; where it holds is said by who gives it to a user, on which object (docs/clouds/vsphere.md
has the list). Privileges by id: https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/, class
AuthorizationManager, and, for the controllers, https://cloud-provider-vsphere.sigs.k8s.io/ and
https://techdocs.broadcom.com/ (vSphere Container Storage Plug-in, roles and privileges).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kops_pulumi.model import Permission

READ = ("System.Anonymous", "System.Read", "System.View")
"""Every role has these."""
_VOLUMES = (
    "Cns.Searchable",
    "Datastore.AllocateSpace",
    "Datastore.Browse",
    "Datastore.FileManagement",
    "StorageProfile.View",
    "VirtualMachine.Config.AddExistingDisk",
    "VirtualMachine.Config.AddNewDisk",
    "VirtualMachine.Config.AddRemoveDevice",
    "VirtualMachine.Config.RemoveDisk",
)
_SNAPSHOTS = ("VirtualMachine.State.CreateSnapshot", "VirtualMachine.State.RemoveSnapshot")

VERBS: Mapping[str, tuple[str, ...]] = {
    "volumes.manage": _VOLUMES,
    "snapshots.manage": _SNAPSHOTS,
    # The cloud controller reads machines, hosts and tags, and nothing else.
    "machines.discover": ("Cns.Searchable",),
    "machines.describe": (),
    "machine-types.read": (),
    "addresses.read": (),
    # A machine's disks are part of its configuration: nobody logs in to attach them.
    "volumes.attach": (),
    # Port groups pass foreign traffic or do not; that is the network's own setting.
    "machines.pass-foreign-traffic": (),
    "network-interfaces.pass-foreign-traffic": (),
    # Storage policies encrypt, without a key of anybody's here.
    "encryption.use": (),
    # vCenter has no registry of images.
    "images.pull": (),
    "images.pull-through": (),
}
"""Beyond `READ`. What is not here does not exist on vSphere, and who asks for it is refused by `resolve`."""


def privileges(permissions: Iterable[Permission]) -> tuple[str, ...]:
    """All that these permissions need, sorted; nothing where nothing beyond reading is needed."""
    found = {privilege for item in permissions for privilege in VERBS.get(item.verb, ())}
    return tuple(sorted({*found, *READ})) if found else ()
