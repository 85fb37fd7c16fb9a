"""The machines of a cluster on AWS: key pair, etcd volumes, a launch template and a scaling group for each group.

Composes launch.py, scaling.py, images.py and termination.py. Groups that something else starts (Karpenter) have
nothing here. etcd volumes outlive machines: they are protected from deletion (`handles.protect`), and a control
plane's group waits for them, so that on the way down the machine lets go of a volume before the volume goes.

https://www.pulumi.com/registry/packages/aws/api-docs/ebs/volume/ and ../ec2/keypair/.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ebs, ec2

from kops_pulumi.clouds.aws import images, launch, scaling, tags, termination
from kops_pulumi.components.handles import Handles, InstanceHandles
from kops_pulumi.model import ClusterPlan, EtcdCluster, EtcdMember, Group, Role
from kops_pulumi.plan.names import logical

if TYPE_CHECKING:
    from collections.abc import Mapping


class Instances(pulumi.ComponentResource):
    """Everything that runs machines."""

    handles: InstanceHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:aws:Instances", name, None, opts)
        self._name, self._plan = name, plan
        self._keep = handles.protect
        self._key = self._key_name()
        self._volumes = {f"{c.name}/{m.name}": self._volume(c, m) for c in plan.etcd for m in c.members}
        volume_ids = {key: volume.id for key, volume in self._volumes.items()}
        self._known = replace(handles, instances=InstanceHandles({}, volume_ids))
        queue = plan.termination_queue
        queue_url = termination.announce(name, plan, queue, self._child()) if queue else None
        managed = [group for group in plan.groups if group.managed]
        found = {text: images.find(text, self) for text in sorted({group.image for group in plan.groups})}
        ids = {group.name: self._group(group, found[group.image]) for group in managed}
        others = {group.name: found[group.image] for group in plan.groups if not group.managed}
        self.handles = InstanceHandles(
            ids,
            volume_ids,
            scaling_groups=ids,
            queue_url=queue_url,
            image_ids={group: image.id for group, image in others.items()},
            root_devices={group: image.root_device for group, image in others.items()},
        )
        self.register_outputs({"groupIds": ids, "volumeIds": volume_ids, "queueUrl": queue_url})

    def _child(self, *after: pulumi.Resource, protect: bool | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after), protect=protect)

    def _key_name(self) -> pulumi.Input[str] | None:
        """The user's key pair by name, else one of ours with the user's public key, else none."""
        key, plan = self._plan.ssh_key, self._plan
        if key is None or key.existing_name is not None:
            return key.existing_name if key else None
        pair = ec2.KeyPair(
            logical(self._name, "ssh"),
            key_name=key.physical_name,
            public_key=key.public_key,
            tags=tags.owned(plan, plan.name),
            opts=self._child(),
        )
        return pair.key_name

    def _volume(self, cluster: EtcdCluster, member: EtcdMember) -> ebs.Volume:
        volume = member.volume
        iops, throughput = launch.volume_performance(volume)
        return ebs.Volume(
            logical(self._name, cluster.name, member.name),
            availability_zone=member.zone,
            size=volume.size,
            type=volume.type,
            iops=iops,
            throughput=throughput,
            encrypted=volume.encrypted,
            kms_key_id=volume.kms_key,
            tags=tags.etcd_volume(self._plan, cluster, member),
            opts=self._child(protect=self._keep),
        )

    def _group(self, group: Group, image: images.Image) -> pulumi.Output[str]:
        known, plan = self._known, self._plan
        name = logical(self._name, group.name)
        parts = launch.Parts(
            image=image,
            key_name=self._key,
            profile=known.identity.group_identities[group.name] if known.identity else None,
            security_groups=known.firewall.group_security_groups[group.name] if known.firewall else (),
        )
        template = launch.template(name, plan, group, parts, known, self._child())
        made = scaling.group(
            name,
            plan,
            group,
            template,
            subnets=_pick(known.network.subnet_ids if known.network else {}, group.subnets),
            target_groups=[arn for e in group.endpoints for arn in self._targets(e)],
            opts=self._child(*self._before(group)),
        )
        for hook in group.options.hooks:
            scaling.hook(name, made, hook, self._child())
        return made.id

    def _targets(self, endpoint: str) -> tuple[pulumi.Output[str], ...]:
        return self._known.endpoints.target_groups.get(endpoint, ()) if self._known.endpoints else ()

    def _before(self, group: Group) -> list[pulumi.Resource]:
        """What must be there before the group's machines, and goes after them."""
        known = self._known
        parts = [part.ready for part in (known.network, known.firewall, known.identity, known.store) if part]
        members = [f"{c.name}/{m.name}" for c in self._plan.etcd for m in c.members if m.group == group.name]
        volumes = [self._volumes[key] for key in members] if group.role is Role.CONTROL_PLANE else []
        return [*(resource for ready in parts for resource in ready), *volumes]


def _pick(ids: Mapping[str, pulumi.Output[str]], names: tuple[str, ...]) -> list[pulumi.Output[str]]:
    return [ids[name] for name in names]
