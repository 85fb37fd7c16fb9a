"""Managed instance groups on GCE: how many machines of an instance group there are, one manager for each zone.

Machines are replaced by us, not by their group (updates are opportunistic). A control plane's one machine keeps its
name and its address through all replacements (stateful), and is never replaced before it is gone, since its disks can
be attached to one machine only. etcd's disks are not part of the template: the machine attaches them itself, by id.

https://www.pulumi.com/registry/packages/gcp/api-docs/compute/instancegroupmanager/;
https://cloud.google.com/compute/docs/instance-groups/stateful-migs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import compute

from kops_pulumi.clouds.gce import names
from kops_pulumi.model import ClusterPlan, Group, Role

if TYPE_CHECKING:
    from collections.abc import Mapping


def manager(
    name: str,
    plan: ClusterPlan,
    group: Group,
    template: compute.InstanceTemplate,
    zone: str,
    opts: pulumi.ResourceOptions,
) -> compute.InstanceGroupManager:
    """The manager of a group's machines in one zone; creating it does not wait for its machines."""
    stateful = group.role is Role.CONTROL_PLANE
    own = pulumi.ResourceOptions(ignore_changes=["targetSize"] if autoscaled(plan, group) else None)
    return compute.InstanceGroupManager(
        name,
        name=names.manager(zone, group.name, plan.name),
        base_instance_name=names.safe(group.name),
        zone=zone,
        target_size=sizes(group)[zone],
        versions=[compute.InstanceGroupManagerVersionArgs(instance_template=template.self_link)],
        update_policy=_updates(stateful=stateful),
        stateful_internal_ips=[
            compute.InstanceGroupManagerStatefulInternalIpArgs(
                interface_name="nic0", delete_rule="ON_PERMANENT_INSTANCE_DELETION"
            )
        ]
        if stateful
        else None,
        list_managed_instances_results="PAGINATED",
        wait_for_instances=False,
        opts=pulumi.ResourceOptions.merge(opts, own),
    )


def sizes(group: Group) -> Mapping[str, int]:
    """Machines by zone: as many in each as the smallest size gives, the first zones taking what does not divide."""
    each, rest = divmod(group.min_size, len(group.zones))
    return {zone: each + (position < rest) for position, zone in enumerate(group.zones)}


def autoscaled(plan: ClusterPlan, group: Group) -> bool:
    """Whether the cluster autoscaler sets the group's size, which is its own business then."""
    scales = group.role is Role.NODE and group.autoscale and group.min_size != group.max_size
    return bool(plan.options.autoscaled) and scales


def _updates(*, stateful: bool) -> compute.InstanceGroupManagerUpdatePolicyArgs:
    policy = compute.InstanceGroupManagerUpdatePolicyArgs(type="OPPORTUNISTIC", minimal_action="REPLACE")
    if stateful:
        policy.replacement_method = "RECREATE"
        policy.max_surge_fixed = 0
        policy.max_unavailable_fixed = 1
    return policy
