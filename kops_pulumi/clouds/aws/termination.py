"""The queue on which EC2 announces machines that are about to go, for the node termination handler.

Only the rules made here may send to the queue, and messages live for five minutes, after which a machine is gone
anyway.

https://www.pulumi.com/registry/packages/aws/api-docs/sqs/queue/, ../cloudwatch/eventrule/, ../cloudwatch/eventtarget/;
patterns: https://docs.aws.amazon.com/autoscaling/ec2/userguide/automating-ec2-auto-scaling-with-eventbridge.html and
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_aws import cloudwatch, sqs

from kops_pulumi.clouds.aws import tags
from kops_pulumi.plan.names import Names, logical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kops_pulumi.model import ClusterPlan, TerminationQueue

RETENTION_SECONDS = 300

EVENTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "group-lifecycle": (
        "ASGLifecycle",
        {"source": ["aws.autoscaling"], "detail-type": ["EC2 Instance-terminate Lifecycle Action"]},
    ),
    "scheduled-change": (
        "InstanceScheduledChange",
        {
            "source": ["aws.health"],
            "detail-type": ["AWS Health Event"],
            "detail": {"service": ["EC2"], "eventTypeCategory": ["scheduledChange"]},
        },
    ),
    "state-change": (
        "InstanceStateChange",
        {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]},
    ),
    "spot-interruption": (
        "SpotInterruption",
        {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]},
    ),
    "rebalance": (
        "RebalanceRecommendation",
        {"source": ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"]},
    ),
}
"""Neutral event (`TerminationQueue.events`) → end of the rule's name, and what the rule matches."""


def announce(name: str, plan: ClusterPlan, queue: TerminationQueue, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The queue and a rule for each kind of event; returns the queue's URL."""
    made = sqs.Queue(
        logical(name, "termination"),
        name=queue.name,
        message_retention_seconds=RETENTION_SECONDS,
        sqs_managed_sse_enabled=True,
        tags=tags.owned(plan, queue.name),
        opts=opts,
    )
    rules = [_rule(name, plan, event, made, opts) for event in sorted(queue.events)]
    sqs.QueuePolicy(
        logical(name, "termination"),
        queue_url=made.id,
        policy=pulumi.Output.all(made.arn, *(rule.arn for rule in rules)).apply(lambda arns: policy(*arns)),
        opts=opts,
    )
    return made.url


def policy(queue: str, *rules: str) -> str:
    """Who may send to the queue: these rules of EventBridge, nobody else."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": sorted(rules)}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)


def _rule(
    name: str, plan: ClusterPlan, event: str, queue: sqs.Queue, opts: pulumi.ResourceOptions
) -> cloudwatch.EventRule:
    suffix, pattern = EVENTS[event]
    physical = Names.of(plan).fit("event-rule", f"{plan.name}-{suffix}")
    rule = cloudwatch.EventRule(
        logical(name, event),
        name=physical,
        event_pattern=json.dumps(pattern, sort_keys=True),
        tags=tags.owned(plan, physical),
        opts=opts,
    )
    cloudwatch.EventTarget(logical(name, event), rule=rule.name, arn=queue.arn, opts=opts)
    return rule
