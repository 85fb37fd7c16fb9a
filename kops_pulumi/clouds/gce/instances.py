"""The machines of a cluster on GCE: etcd disks, a template for each group, a manager for each zone, load balancers.

Composes template.py, managers.py and balancing.py. etcd disks outlive machines: they are protected from deletion
(`handles.protect`), and a control plane's group waits for them, so that on the way down the machine lets go of a disk
before the disk goes.

https://www.pulumi.com/registry/packages/gcp/api-docs/compute/disk/
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import compute

from kops_pulumi.clouds.gce import balancing, labels, managers, names, template
from kops_pulumi.components.handles import Handles, InstanceHandles
from kops_pulumi.model import ClusterPlan, EtcdCluster, EtcdMember, Group
from kops_pulumi.plan.names import logical

if TYPE_CHECKING:
    from collections.abc import Mapping


class Instances(pulumi.ComponentResource):
    """Everything that runs machines."""

    handles: InstanceHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:gce:Instances", name, None, opts)
        self._name, self._plan = name, plan
        self._keep = handles.protect
        self._disks = {f"{c.name}/{m.name}": self._disk(c, m) for c in plan.etcd for m in c.members}
        volume_ids = {key: disk.id for key, disk in self._disks.items()}
        self._known = replace(handles, instances=InstanceHandles({}, volume_ids))
        made = {group.name: self._group(group) for group in plan.groups if group.managed}
        balancing.balance(name, plan, self._known, self._behind(made), self)
        ids = {
            group: pulumi.Output.all(*(manager.id for manager in zones.values())).apply(",".join)
            for group, zones in made.items()
        }
        scaled = {
            f"{group}/{zone}": item.instance_group for group, zones in made.items() for zone, item in zones.items()
        }
        self.handles = InstanceHandles(ids, volume_ids, scaling_groups=scaled)
        self.register_outputs({"groupIds": ids, "volumeIds": volume_ids})

    def _child(self, *after: pulumi.Resource, protect: bool | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after), protect=protect)

    def _disk(self, cluster: EtcdCluster, member: EtcdMember) -> compute.Disk:
        volume = member.volume
        iops, throughput = template.performance(volume)
        return compute.Disk(
            logical(self._name, cluster.name, member.name),
            name=names.volume(cluster, member, self._plan.name),
            zone=member.zone,
            size=volume.size,
            type=volume.type,
            provisioned_iops=iops,
            provisioned_throughput=throughput,
            labels=labels.etcd_volume(self._plan, cluster, member),
            opts=self._child(protect=self._keep),
        )

    def _group(self, group: Group) -> Mapping[str, compute.InstanceGroupManager]:
        """A group's managers by zone."""
        known, name = self._known, logical(self._name, group.name)
        key = self._plan.ssh_key
        parts = template.Parts(
            account=known.identity.group_identities[group.name] if known.identity else None,
            subnet=known.network.subnet_ids[group.subnets[0]] if known.network and group.subnets else None,
            ssh_key=key.public_key if key else None,
        )
        made = template.template(name, self._plan, group, parts, known, self._child())
        opts = self._child(*self._before(group))
        return {
            zone: managers.manager(logical(name, zone), self._plan, group, made, zone, opts) for zone in group.zones
        }

    def _behind(
        self, made: Mapping[str, Mapping[str, compute.InstanceGroupManager]]
    ) -> Mapping[str, list[pulumi.Output[str]]]:
        """The instance groups behind each endpoint, in the order of their groups' names."""
        targets: dict[str, list[pulumi.Output[str]]] = {endpoint.name: [] for endpoint in self._plan.endpoints}
        for group in sorted(self._plan.groups, key=lambda item: item.name):
            for endpoint in group.endpoints:
                targets[endpoint] += [manager.instance_group for manager in made.get(group.name, {}).values()]
        return targets

    def _before(self, group: Group) -> list[pulumi.Resource]:
        """What must be there before the group's machines, and goes after them."""
        known = self._known
        parts = [part.ready for part in (known.network, known.firewall, known.identity, known.store) if part]
        members = [f"{c.name}/{m.name}" for c in self._plan.etcd for m in c.members if m.group == group.name]
        return [*(resource for ready in parts for resource in ready), *(self._disks[key] for key in members)]
