"""What exists in vCenter before the cluster, found by name; each is asked for once.

https://www.pulumi.com/registry/packages/vsphere/api-docs/ (getdatacenter, getcomputecluster, getnetwork, getdatastore,
getdatastorecluster, getresourcepool, getpolicy, getvirtualmachine, getcontentlibrary, getcontentlibraryitem,
getdistributedvirtualswitch, gettagcategory, gettag).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pulumi
import pulumi_vsphere as vsphere

if TYPE_CHECKING:
    from kops_pulumi.clouds.vsphere.options import VsphereCluster

_GUEST_OF_LIBRARY = "other5xLinux64Guest"
"""https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/vim.vm.GuestOsDescriptor.GuestOsIdentifier.html"""
_FIRMWARE_OF_LIBRARY = "efi"


@dataclass(frozen=True, slots=True)
class Template:
    """What machines are cloned from."""

    uuid: pulumi.Output[str]
    guest_id: pulumi.Output[str]
    firmware: pulumi.Output[str]


class Lookups:
    """Questions to vCenter, on behalf of one component."""

    def __init__(self, options: VsphereCluster, parent: pulumi.Resource) -> None:
        self._options = options
        self._ask = pulumi.InvokeOutputOptions(parent=parent)

    @cached_property
    def datacenter(self) -> pulumi.Output[str]:
        """The datacenter's id."""
        return vsphere.get_datacenter_output(name=self._options.datacenter, opts=self._ask).id

    @cached_property
    def _cluster(self) -> pulumi.Output[vsphere.GetComputeClusterResult]:
        name = self._options.compute_cluster
        return vsphere.get_compute_cluster_output(name=name, datacenter_id=self.datacenter, opts=self._ask)

    @property
    def cluster(self) -> pulumi.Output[str]:
        """The compute cluster's id."""
        return self._cluster.id

    @property
    def root_pool(self) -> pulumi.Output[str]:
        """The compute cluster's own resource pool."""
        return self._cluster.resource_pool_id

    def network(self, name: str) -> pulumi.Output[str]:
        """A port group's id, of the manifest's distributed switch where it names one."""
        switch = self._options.distributed_switch
        found = (
            vsphere.get_distributed_virtual_switch_output(name=switch, datacenter_id=self.datacenter, opts=self._ask).id
            if switch
            else None
        )
        return vsphere.get_network_output(
            name=name, datacenter_id=self.datacenter, distributed_virtual_switch_uuid=found, opts=self._ask
        ).id

    def datastore(self, name: str) -> pulumi.Output[str]:
        """A datastore's id."""
        return vsphere.get_datastore_output(name=name, datacenter_id=self.datacenter, opts=self._ask).id

    def datastore_cluster(self, name: str) -> pulumi.Output[str]:
        """A datastore cluster's id."""
        return vsphere.get_datastore_cluster_output(name=name, datacenter_id=self.datacenter, opts=self._ask).id

    def pool(self, name: str) -> pulumi.Output[str]:
        """An existing resource pool's id, by name or path."""
        return vsphere.get_resource_pool_output(name=name, datacenter_id=self.datacenter, opts=self._ask).id

    def policy(self, name: str) -> pulumi.Output[str]:
        """A storage policy's id."""
        return vsphere.get_policy_output(name=name, opts=self._ask).id

    def tag(self, category: str, name: str) -> pulumi.Output[str]:
        """An existing tag's id."""
        found = vsphere.get_tag_category_output(name=category, opts=self._ask).id
        return vsphere.get_tag_output(name=name, category_id=found, opts=self._ask).id

    def template(self, name: str) -> Template:
        """A template of the inventory, or an item of the manifest's content library."""
        options = self._options
        if options.content_library is None:
            found = vsphere.get_virtual_machine_output(name=name, datacenter_id=self.datacenter, opts=self._ask)
            return Template(found.id, found.guest_id, found.firmware.apply(lambda kind: kind or "bios"))
        library = vsphere.get_content_library_output(name=options.content_library, opts=self._ask).id
        item = vsphere.get_content_library_item_output(
            name=name, library_id=library, type=options.library_item_type, opts=self._ask
        )
        guest = pulumi.Output.from_input(options.guest_id or _GUEST_OF_LIBRARY)
        return Template(item.id, guest, pulumi.Output.from_input(options.firmware or _FIRMWARE_OF_LIBRARY))
