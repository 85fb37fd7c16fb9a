"""Auto Scaling groups on AWS: how many machines of an instance group there are, and where.

Creating a group does not wait for its machines (`wait_for_capacity_timeout="0"`): a cluster is validated by its own
API, not by EC2. The desired size is left to EC2 and the cluster autoscaler, so it is neither set nor compared.
Lifecycle hooks are resources of their own.

https://www.pulumi.com/registry/packages/aws/api-docs/autoscaling/group/ and ../lifecyclehook/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import autoscaling, ec2

from kops_pulumi.clouds.aws import tags
from kops_pulumi.model import ClusterPlan, Group
from kops_pulumi.plan.names import logical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kops_pulumi.clouds.aws.options import AwsGroup, Bounds, LifecycleHook, MixedInstances

_METRICS = (
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupMaxSize",
    "GroupMinSize",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
)
"""kops adds those of the warm pool for groups with one; pulumi-aws has no words for them and fails on reading them."""


def group(
    name: str,
    plan: ClusterPlan,
    group: Group,
    template: ec2.LaunchTemplate,
    *,
    subnets: Iterable[pulumi.Output[str]],
    target_groups: Iterable[pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> autoscaling.Group:
    """A group's Auto Scaling group."""
    options: AwsGroup = group.options
    return autoscaling.Group(
        name,
        name=group.physical_name,
        min_size=group.min_size,
        max_size=group.max_size,
        vpc_zone_identifiers=list(subnets),
        launch_template=None if options.mixed else _launch(template),
        mixed_instances_policy=_mixed(options.mixed, options, template) if options.mixed else None,
        target_group_arns=[*target_groups, *options.target_groups] or None,
        load_balancers=list(options.classic_balancers) or None,
        warm_pool=_warm_pool(options),
        suspended_processes=list(options.suspended_processes) or None,
        max_instance_lifetime=options.max_lifetime or 0,
        capacity_rebalance=True if options.capacity_rebalance else None,
        protect_from_scale_in=options.scale_in_protection,
        enabled_metrics=[autoscaling.Metric(name) for name in _METRICS],
        metrics_granularity="1Minute",
        wait_for_capacity_timeout="0",
        tags=[
            autoscaling.GroupTagArgs(key=key, value=value, propagate_at_launch=True)
            for key, value in tags.group(plan, group).items()
        ],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["desiredCapacity"])),
    )


def hook(name: str, made: autoscaling.Group, hook: LifecycleHook, opts: pulumi.ResourceOptions) -> None:
    """One pause in the life of a group's machines."""
    autoscaling.LifecycleHook(
        logical(name, hook.name),
        name=hook.name,
        autoscaling_group_name=made.name,
        lifecycle_transition="autoscaling:EC2_INSTANCE_LAUNCHING"
        if hook.launching
        else "autoscaling:EC2_INSTANCE_TERMINATING",
        heartbeat_timeout=hook.timeout,
        default_result="ABANDON" if hook.abandon else "CONTINUE",
        opts=opts,
    )


def _launch(template: ec2.LaunchTemplate) -> autoscaling.GroupLaunchTemplateArgs:
    return autoscaling.GroupLaunchTemplateArgs(id=template.id, version=template.latest_version.apply(str))


def _warm_pool(options: AwsGroup) -> autoscaling.GroupWarmPoolArgs | None:
    if options.warm_pool is None:
        return None
    return autoscaling.GroupWarmPoolArgs(
        min_size=options.warm_pool.min_size, max_group_prepared_capacity=options.warm_pool.max_size
    )


def _mixed(
    mixed: MixedInstances, options: AwsGroup, template: ec2.LaunchTemplate
) -> autoscaling.GroupMixedInstancesPolicyArgs:
    return autoscaling.GroupMixedInstancesPolicyArgs(
        launch_template=autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs(
            launch_template_specification=autoscaling.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs(
                launch_template_id=template.id, version=template.latest_version.apply(str)
            ),
            overrides=_overrides(mixed),
        ),
        instances_distribution=autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs(
            on_demand_base_capacity=mixed.on_demand_base,
            on_demand_percentage_above_base_capacity=mixed.on_demand_above_base,
            on_demand_allocation_strategy=mixed.on_demand_strategy,
            spot_allocation_strategy=mixed.spot_strategy,
            spot_instance_pools=mixed.spot_pools,
            spot_max_price=options.spot_max_price,
        ),
    )


def _overrides(mixed: MixedInstances) -> list[autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs]:
    """Types in the user's order of preference, or what any type must have."""
    override = autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs
    needs = autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsArgs
    if mixed.cpu is None and mixed.memory is None:
        return [override(instance_type=kind) for kind in mixed.instance_types]
    cpu = autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsVcpuCountArgs
    memory = autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsMemoryMibArgs
    return [
        override(
            instance_requirements=needs(
                vcpu_count=cpu(min=_low(mixed.cpu), max=_high(mixed.cpu)),
                memory_mib=memory(min=_low(mixed.memory), max=_high(mixed.memory)),
                burstable_performance="included",
                excluded_instance_types=list(mixed.excluded_types) or None,
            )
        )
    ]


def _low(bounds: Bounds | None) -> int:
    """EC2 wants both minima; zero means none."""
    return bounds.min or 0 if bounds else 0


def _high(bounds: Bounds | None) -> int | None:
    return bounds.max if bounds else None
