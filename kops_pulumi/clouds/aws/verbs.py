"""The table behind `iam.py`: what each neutral verb allows on AWS. Data only.

Templates are filled with the cluster's name and tag, region, partition, the verb's scope (`{bucket}/{key}` of a
store, `{zone}` of a hosted zone), the termination queue and the nodes' role. Nothing here is more than what kops
grants for the same purpose, except the rows of `BEYOND_KOPS`, each with its reason; `tests/scenarios` compares both,
action by action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Allow:
    """Actions on resources, under conditions; all of them templates."""

    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    conditions: Mapping[str, Any] = field(default_factory=dict)


TAGGED: Mapping[str, Any] = {"StringEquals": {"aws:ResourceTag/KubernetesCluster": "{cluster}"}}
"""What exists and belongs to the cluster."""
TAGGING: Mapping[str, Any] = {"StringEquals": {"aws:RequestTag/KubernetesCluster": "{cluster}"}}
"""What is being made for the cluster."""
RETAGGING: Mapping[str, Any] = {**TAGGED, "Null": {"aws:RequestTag/KubernetesCluster": "true"}}
"""Other tags of what belongs to the cluster; the cluster's own tag stays as it is."""
_CONTROL_PLANE: Mapping[str, Any] = {
    "StringEquals": {"aws:ResourceTag/KubernetesCluster": "{cluster}", "aws:ResourceTag/k8s.io/role/master": "1"}
}
_NODE_POOL_MADE: Mapping[str, Any] = {**TAGGED, "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"}}
_NODE_POOL_MAKING: Mapping[str, Any] = {**TAGGING, "StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"}}


def created_by(conditions: Mapping[str, Any], *calls: str) -> Mapping[str, Any]:
    """Tags may be set only while these calls make the thing."""
    return {**conditions, "StringEquals": {**conditions["StringEquals"], "ec2:CreateAction": sorted(calls)}}


def ec2(*kinds: str) -> tuple[str, ...]:
    """ARNs of all things of these kinds, in any region and account."""
    return tuple("arn:{partition}:ec2:*:*:" + kind + "/*" for kind in kinds)


def _public(*kinds: str) -> tuple[str, ...]:
    """Things without an account in their ARN: images and snapshots that others share."""
    return tuple("arn:{partition}:ec2:*::" + kind + "/*" for kind in kinds)


_VOLUMES = ec2("snapshot", "volume")
_NODE_THINGS = ec2("fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume")
_INTERFACES = ec2("network-interface")

_STORE: Mapping[str, tuple[Allow, ...]] = {
    "store.read": (Allow(("s3:GetObject",), ("arn:{partition}:s3:::{bucket}/{key}/*",)),),
    "store.list": (
        Allow(
            ("s3:ListBucket",),
            ("arn:{partition}:s3:::{bucket}",),
            {"StringLike": {"s3:prefix": "{key}/*"}},
        ),
    ),
    "store.write": (Allow(("s3:PutObject",), ("arn:{partition}:s3:::{bucket}/{key}/*",)),),
    "store.write-object": (Allow(("s3:PutObject",), ("arn:{partition}:s3:::{bucket}/{key}",)),),
    # Put only: who holds the control plane can neither read old snapshots nor destroy them.
    "backups.write": (Allow(("s3:PutObject",), ("arn:{partition}:s3:::{bucket}/{key}/*",)),),
    "encryption.use": (
        Allow(("kms:CreateGrant",), conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        Allow(
            ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
            conditions={"StringLike": {"kms:ViaService": ["ec2.{region}.{domain}", "s3.*.{domain}"]}},
        ),
    ),
}

_MACHINES: Mapping[str, tuple[Allow, ...]] = {
    "machines.discover": (Allow(("ec2:DescribeInstances",)),),
    "machines.pass-foreign-traffic": (Allow(("ec2:ModifyInstanceAttribute",), conditions=TAGGED),),
    "machine-types.read": (Allow(("ec2:DescribeInstanceTypes",)),),
    "addresses.assign-ipv6": (Allow(("ec2:AssignIpv6Addresses",), _INTERFACES),),
    "addresses.read": (Allow(("ec2:DescribeNetworkInterfaces",)),),
    "images.pull": (
        Allow(
            (
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:DescribeRepositories",
                "ecr:GetAuthorizationToken",
                "ecr:GetDownloadUrlForLayer",
                "ecr:GetRepositoryPolicy",
                "ecr:ListImages",
            )
        ),
    ),
    "images.pull-through": (
        Allow(("ecr:BatchImportUpstreamImage", "ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource")),
    ),
    "groups.complete-launch": (
        Allow(("autoscaling:DescribeLifecycleHooks",)),
        Allow(("autoscaling:CompleteLifecycleAction",), conditions=TAGGED),
    ),
    "groups.drain": (
        Allow(("autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeTags", "ec2:DescribeInstances")),
        Allow(("autoscaling:CompleteLifecycleAction",), conditions=TAGGED),
        Allow(("sqs:DeleteMessage", "sqs:ReceiveMessage"), ("arn:{partition}:sqs:{region}:*:{queue}",)),
    ),
    "groups.scale": (
        Allow(
            (
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "ec2:DescribeImages",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            )
        ),
        Allow(("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"), conditions=TAGGED),
    ),
    "machines.provision": (
        Allow(
            ("ec2:CreateFleet", "ec2:RunInstances"),
            (*ec2("capacity-reservation", "security-group", "subnet"), *_public("image", "snapshot")),
        ),
        Allow(("ec2:CreateFleet", "ec2:RunInstances"), ec2("launch-template"), _NODE_POOL_MADE),
        Allow(("ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"), _NODE_THINGS, _NODE_POOL_MAKING),
        Allow(
            ("ec2:CreateTags",),
            _NODE_THINGS,
            created_by(_NODE_POOL_MAKING, "CreateFleet", "CreateLaunchTemplate", "RunInstances"),
        ),
        Allow(
            ("ec2:CreateTags", "ec2:DeleteTags"),
            _NODE_THINGS,
            {**RETAGGING, "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"}},
        ),
        Allow(
            ("ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"),
            ec2("instance", "launch-template"),
            _NODE_POOL_MADE,
        ),
        Allow(
            ("iam:PassRole",),
            ("arn:{partition}:iam::*:role/{node_role}",),
            {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
        Allow(
            (
                "ec2:DescribeCapacityReservations",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstanceTypeOfferings",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeLaunchTemplates",
                "ec2:DescribePlacementGroups",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSpotPriceHistory",
                "ec2:DescribeSubnets",
                "iam:GetInstanceProfile",
                "iam:ListInstanceProfiles",
                "pricing:GetProducts",
                "ssm:GetParameter",
            )
        ),
    ),
}

_DISKS: Mapping[str, tuple[Allow, ...]] = {
    "volumes.attach": (
        Allow(("ec2:DescribeVolumes",)),
        Allow(("ec2:AttachVolume",), ec2("instance", "volume"), _CONTROL_PLANE),
    ),
    "volumes.manage": (
        Allow(
            (
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeTags",
                "ec2:DescribeVolumeStatus",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
            )
        ),
        Allow(("ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:ModifyVolume"), conditions=TAGGED),
        Allow(("ec2:CopyVolumes", "ec2:CreateVolume"), conditions=TAGGING),
        Allow(("ec2:CreateTags",), _VOLUMES, created_by(TAGGING, "CopyVolumes", "CreateVolume")),
        Allow(("ec2:CreateTags", "ec2:DeleteTags"), _VOLUMES, RETAGGING),
    ),
    "snapshots.manage": (
        Allow(("ec2:DescribeSnapshots",)),
        # A snapshot's source volume carries no request tag: the call needs both statements (kops: the same two).
        Allow(("ec2:CreateSnapshot",), ec2("volume"), TAGGED),
        Allow(("ec2:CreateSnapshot",), (*ec2("snapshot"), *_public("snapshot")), TAGGING),
        Allow(("ec2:DeleteSnapshot", "ec2:EnableFastSnapshotRestores"), conditions=TAGGED),
        Allow(("ec2:CreateVolume",), ec2("snapshot"), TAGGED),
        Allow(("ec2:CreateTags",), _VOLUMES, created_by(TAGGING, "CreateSnapshot")),
    ),
}

_NETWORK: Mapping[str, tuple[Allow, ...]] = {
    "network-interfaces.manage": (
        Allow(
            (
                "ec2:AssignPrivateIpAddresses",
                "ec2:AttachNetworkInterface",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeTags",
                "ec2:DetachNetworkInterface",
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:UnassignPrivateIpAddresses",
            )
        ),
        Allow(("ec2:CreateTags",), _INTERFACES),
    ),
    "network-interfaces.allocate": (
        Allow(
            (
                "ec2:AssignPrivateIpAddresses",
                "ec2:AttachNetworkInterface",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:UnassignPrivateIpAddresses",
            )
        ),
        Allow(("ec2:CreateTags",), _INTERFACES),
    ),
    "network-interfaces.pass-foreign-traffic": (
        Allow(("ec2:DescribeInstances", "ec2:ModifyNetworkInterfaceAttribute")),
    ),
    "routes.manage": (
        Allow(("ec2:DescribeRouteTables",)),
        Allow(("ec2:CreateRoute", "ec2:DeleteRoute"), conditions=TAGGED),
    ),
    "dns.upsert": (
        Allow(
            ("route53:ChangeResourceRecordSets", "route53:GetHostedZone", "route53:ListResourceRecordSets"),
            ("arn:{partition}:route53:::hostedzone/{zone}",),
        ),
        Allow(("route53:GetChange",), ("arn:{partition}:route53:::change/*",)),
        Allow(("route53:ListHostedZones", "route53:ListTagsForResource")),
    ),
    "dns.challenge": (
        Allow(
            ("route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"),
            ("arn:{partition}:route53:::hostedzone/{zone}",),
        ),
        Allow(("route53:GetChange",), ("arn:{partition}:route53:::change/*",)),
        Allow(("route53:ListHostedZonesByName",)),
    ),
}

VERBS: Mapping[str, tuple[Allow, ...]] = {**_STORE, **_MACHINES, **_DISKS, **_NETWORK}
"""Every neutral verb that AWS knows, but those of `verbs_balancers.py`."""
