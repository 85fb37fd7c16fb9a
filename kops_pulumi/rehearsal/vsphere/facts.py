"""Shared vocabulary of the vSphere tables: type tokens, and ids that look like vCenter's.

Things of the site (hosts, datastores, port groups) have the types that Pulumi would make them as, though here they are
only ever adopted.
"""

from __future__ import annotations

import uuid
from typing import Final

from kops_pulumi.rehearsal.kinds import Birth, Identify, OnDelete, Ref

DATACENTER: Final = "vsphere:index/datacenter:Datacenter"
COMPUTE_CLUSTER: Final = "vsphere:index/computeCluster:ComputeCluster"
RESOURCE_POOL: Final = "vsphere:index/resourcePool:ResourcePool"
FOLDER: Final = "vsphere:index/folder:Folder"
DATASTORE: Final = "vsphere:index/vmfsDatastore:VmfsDatastore"
DATASTORE_CLUSTER: Final = "vsphere:index/datastoreCluster:DatastoreCluster"
SWITCH: Final = "vsphere:index/distributedVirtualSwitch:DistributedVirtualSwitch"
NETWORK: Final = "vsphere:index/distributedPortGroup:DistributedPortGroup"
LIBRARY: Final = "vsphere:index/contentLibrary:ContentLibrary"
LIBRARY_ITEM: Final = "vsphere:index/contentLibraryItem:ContentLibraryItem"
POLICY: Final = "vsphere:index/vmStoragePolicy:VmStoragePolicy"
CATEGORY: Final = "vsphere:index/tagCategory:TagCategory"
TAG: Final = "vsphere:index/tag:Tag"
ROLE: Final = "vsphere:index/role:Role"
DISK: Final = "vsphere:index/virtualDisk:VirtualDisk"
MACHINE: Final = "vsphere:index/virtualMachine:VirtualMachine"
APART: Final = "vsphere:index/computeClusterVmAntiAffinityRule:ComputeClusterVmAntiAffinityRule"


def ref(path: str, *kinds: str, on_delete: OnDelete = OnDelete.BLOCK) -> Ref:
    """A reference to one of these kinds."""
    return Ref(path, kinds, on_delete)


def managed(prefix: str) -> Identify:
    """Managed object ids: `group-v4711`, `resgroup-12`."""
    return lambda birth: f"{prefix}{birth.number(5)}"


def unique(birth: Birth) -> str:
    """A UUID."""
    return str(uuid.UUID(birth.hex(32)))


def tagging(noun: str) -> Identify:
    """Ids of the tagging service."""
    return lambda birth: f"urn:vmomi:InventoryService{noun}:{unique(birth)}:GLOBAL"
