"""The machines of a cluster on vSphere: folder, resource pool, tags, etcd disks, and the machines in turn.

Which machines there are, and which waits for which, is the plan's (`plan/machines.py`); what one is made of stands in
`machines.py`. Each is brought what it would elsewhere read in a store (`plan.store.delivered`), as keys of its own, the
secret ones secret. Folder and pool are ours unless the manifest names existing ones; those are only looked up. etcd
disks outlive machines and are protected from deletion (`handles.protect`); control planes keep to different hosts.

https://www.pulumi.com/registry/packages/vsphere/api-docs/ (folder, resourcepool, tagcategory, tag, virtualdisk,
computeclustervmantiaffinityrule).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pulumi
import pulumi_vsphere as vsphere

from kops_pulumi.clouds.vsphere import guestinfo, machines
from kops_pulumi.clouds.vsphere.lookups import Lookups
from kops_pulumi.components import contents, late
from kops_pulumi.components.handles import Handles, InstanceHandles
from kops_pulumi.components.machines import Turns
from kops_pulumi.model import ClusterPlan, EtcdCluster, EtcdMember, Group, Role, StoreKind, StoreObject
from kops_pulumi.plan import machines as planned
from kops_pulumi.plan import store
from kops_pulumi.plan.names import Names, logical

if TYPE_CHECKING:
    from kops_pulumi.clouds.vsphere.lookups import Template
    from kops_pulumi.clouds.vsphere.options import VsphereCluster, VsphereGroup
    from kops_pulumi.model import PlannedMachine

_NOBODY_KNOWS = "-"


class Instances(pulumi.ComponentResource):
    """Everything that runs machines."""

    handles: InstanceHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:vsphere:Instances", name, None, opts)
        self._name, self._plan, self._names = name, plan, Names.of(plan)
        self._options: VsphereCluster = plan.options
        self._keep, self._site = handles.protect, Lookups(plan.options, self)
        self._all = planned.all_of(plan)
        self._disks = {f"{c.name}/{m.name}": self._disk(c, m) for c in plan.etcd for m in c.members}
        units = {key: machines.volume(machines.UNITS[key.partition("/")[0]]) for key in self._disks}
        volume_ids = {key: self._disks[key].id.apply(lambda _, unit=units[key]: unit) for key in self._disks}  # type: ignore[misc]
        fixed = {item.key: pulumi.Output.from_input(self._address(item)) for item in self._all}
        self._known = replace(handles, instances=InstanceHandles({}, volume_ids, fixed))
        self._folder, self._pool = self._make_folder(), self._make_pool()
        self._tags = self._make_tags()
        made = self._machines()
        self._apart({key: vm for key, vm in made.items() if self._role(key) is Role.CONTROL_PLANE})
        ids = {group.name: self._ids(group, made) for group in plan.groups if group.managed}
        self.handles = InstanceHandles(ids, volume_ids, fixed)
        self.register_outputs({"groupIds": ids, "volumeIds": volume_ids})

    def _child(self, *after: pulumi.Resource, protect: bool | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after), protect=protect)

    def _address(self, machine: PlannedMachine) -> str:
        """The planned address of a machine; `-` when the site's DHCP chooses it."""
        options: VsphereGroup = self._group(machine.group).options
        known = machine.ordinal <= len(options.addresses)
        return options.addresses[machine.ordinal - 1] if known else _NOBODY_KNOWS

    def _group(self, name: str) -> Group:
        return next(group for group in self._plan.groups if group.name == name)

    def _role(self, key: str) -> Role:
        return self._group(key.partition("/")[0]).role

    def _make_folder(self) -> pulumi.Input[str]:
        """The path of the machines' folder."""
        if self._options.folder is not None:
            return self._options.folder
        made = vsphere.Folder(
            logical(self._name, "folder"),
            path=self._names.fit("folder", self._plan.name),
            type="vm",
            datacenter_id=self._site.datacenter,
            opts=self._child(),
        )
        return made.path

    def _make_pool(self) -> pulumi.Output[str]:
        if self._options.resource_pool is not None:
            return self._site.pool(self._options.resource_pool)
        made = vsphere.ResourcePool(
            logical(self._name, "pool"),
            name=self._names.fit("folder", self._plan.name),
            parent_resource_pool_id=self._site.root_pool,
            opts=self._child(),
        )
        return made.id

    def _make_tags(self) -> Mapping[str, tuple[pulumi.Output[str], ...]]:
        """By group: a tag of the group, the user's cloudLabels as tags of ours, and existing ones."""
        category = vsphere.TagCategory(
            logical(self._name, "category"),
            name=self._names.fit("folder", f"kops {self._plan.name}"),
            cardinality="MULTIPLE",
            associable_types=["VirtualMachine"],
            opts=self._child(),
        )
        texts = {group.name: self._labels(group) for group in self._plan.groups}
        made = {
            text: vsphere.Tag(
                logical(self._name, "tag", text),
                name=self._names.fit("tag", text),
                category_id=category.id,
                opts=self._child(),
            ).id
            for text in sorted({text for own in texts.values() for text in own})
        }
        existing = tuple(self._site.tag(*tag) for tag in self._options.tags)
        return {name: (*(made[text] for text in own), *existing) for name, own in texts.items()}

    def _labels(self, group: Group) -> tuple[str, ...]:
        return (f"group={group.name}", *(f"{key}={value}" for key, value in sorted(group.tags.items())))

    def _disk(self, cluster: EtcdCluster, member: EtcdMember) -> vsphere.VirtualDisk:
        options: VsphereGroup = self._group(member.group).options
        path = f"{self._options.disk_folder}/{self._names.fit('volume', member.volume_name)}.vmdk"
        return vsphere.VirtualDisk(
            logical(self._name, cluster.name, member.name),
            vmdk_path=path,
            datastore=self._store_of_etcd(options),
            datacenter=self._options.datacenter,
            size=member.volume.size,
            type=member.volume.type,
            create_directories=True,
            opts=self._child(protect=self._keep),
        )

    def _store_of_etcd(self, options: VsphereGroup) -> str:
        own = options.datastore if options.datastore != self._options.datastore else None
        return own or self._options.etcd_datastore

    def _machines(self) -> dict[str, vsphere.VirtualMachine]:
        turns, made = Turns(self), dict[str, vsphere.VirtualMachine]()
        known = self._known
        ready = [part.ready for part in (known.network, known.firewall, known.identity) if part]
        templates = {group.image: self._site.template(group.image) for group in self._plan.groups if group.managed}
        parts = {group.name: self._parts(group, templates[group.image]) for group in self._plan.groups if group.managed}
        for item in self._all:
            disks = {key.partition("/")[0]: self._disks[key] for key in item.volumes}
            own = replace(parts[item.group], disks={etcd: disk.vmdk_path for etcd, disk in disks.items()})
            opts = turns.options(item, [*(resource for each in ready for resource in each), *disks.values()])
            name = logical(self._name, item.group, str(item.ordinal))
            made[item.key] = machines.make(name, item, self._group(item.group), own, opts)
            turns.done(item, made[item.key])
        return made

    def _parts(self, group: Group, template: Template) -> machines.Parts:
        options: VsphereGroup = group.options
        site, serves = self._site, group.role is Role.CONTROL_PLANE
        datastore = self._store_of_etcd(options) if serves else options.datastore
        networks = self._known.network.subnet_ids if self._known.network else {}
        return machines.Parts(
            template=template,
            network=networks[options.network],
            folder=self._folder,
            pool=site.pool(options.resource_pool) if options.resource_pool else self._pool,
            datastore=site.datastore(datastore) if datastore else None,
            datastore_cluster=None if datastore else site.datastore_cluster(self._options.datastore_cluster or ""),
            policy=site.policy(options.storage_policy) if options.storage_policy else None,
            tags=self._tags[group.name],
            user_data=late.text(group.user_data.text, self._known) if group.user_data else None,
            objects=self._objects(group),
            disks={},
        )

    def _objects(self, group: Group) -> dict[str, pulumi.Output[str]]:
        """Every object a machine of the group is brought, in as many parts as it needs."""
        found: dict[str, pulumi.Output[str]] = {}
        for item in store.delivered(self._plan, group):
            known = self._content(item)
            if known is None:
                found |= self._later(item)
            else:
                parts = guestinfo.parts(item.path, known)
                found |= {key: pulumi.Output.from_input(value) for key, value in parts.items()}
        return found

    def _content(self, item: StoreObject) -> bytes | None:
        """What is in an object, where that is known before anything is made."""
        what, _, text = item.content.partition(":")
        match what:
            case "machines":
                return self._table().encode()
            case "text":
                return text.encode()
        return store.bundle(self._plan, item)

    def _later(self, item: StoreObject) -> dict[str, pulumi.Output[str]]:
        """Keys, certificates, tokens: how long they will be is not known, but that each fits into one part."""
        (key,) = guestinfo.parts(item.path, b"")
        text = contents.text(item, self._known)
        value = text.apply(lambda found: guestinfo.parts(item.path, found.encode())[key])
        return {key: pulumi.Output.secret(value) if item.kind is StoreKind.SECRET else value}

    def _table(self) -> str:
        """`plan.store.MACHINES`: role, group, name and address of every machine."""
        lines = (f"{self._role(item.key).value} {item.group} {item.name} {self._address(item)}\n" for item in self._all)
        return "".join(lines)

    def _apart(self, control_planes: Mapping[str, vsphere.VirtualMachine]) -> None:
        """No two control planes on one host, unless there are fewer hosts than that."""
        if len(control_planes) > 1 and self._options.anti_affinity:
            vsphere.ComputeClusterVmAntiAffinityRule(
                logical(self._name, "apart"),
                name=self._names.fit("folder", f"control planes of {self._plan.name}"),
                compute_cluster_id=self._site.cluster,
                virtual_machine_ids=[machine.id for _, machine in sorted(control_planes.items())],
                opts=self._child(),
            )

    def _ids(self, group: Group, made: Mapping[str, vsphere.VirtualMachine]) -> pulumi.Output[str]:
        """The machines of a group, as one text."""
        own = [made[item.key].id for item in self._all if item.group == group.name]
        return pulumi.Output.all(*own).apply(",".join) if own else pulumi.Output.from_input("")
