"""The table behind `iam.py`: what each neutral verb allows on AWS. Data only.

Templates are filled with the cluster's name and tag, region, partition, the verb's scope (`{bucket}/{key}` of a store,
`{zone}` of a hosted zone), the termination queue and the nodes' role. Nothing here is more than what kops grants for the
same purpose, except the rows of `BEYOND_KOPS`, each with its reason; `tests/scenarios` compares both, action by action.
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
_RETAGGING: Mapping[str, Any] = {**TAGGED, "Null": {"aws:RequestTag/KubernetesCluster": "true"}}
"""Other tags of what belongs to the cluster; the cluster's own tag stays as it is."""
_CONTROL_PLANE: Mapping[str, Any] = {
    "StringEquals": {"aws:ResourceTag/KubernetesCluster": "{cluster}", "aws:ResourceTag/k8s.io/role/master": "1"}
}
_NODE_POOL_MADE: Mapping[str, Any] = {**TAGGED, "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"}}
_NODE_POOL_MAKING: Mapping[str, Any] = {**TAGGING, "StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"}}


def _created_by(conditions: Mapping[str, Any], *calls: str) -> Mapping[str, Any]:
    """Tags may be set only while these calls make the thing."""
    return {**conditions, "StringEquals": {**conditions["StringEquals"], "ec2:CreateAction": sorted(calls)}}


def _ec2(*kinds: str) -> tuple[str, ...]:
    return tuple("arn:{partition}:ec2:*:*:" + kind + "/*" for kind in kinds)


def _public(*kinds: str) -> tuple[str, ...]:
    """Things without an account in their ARN: images and snapshots that others share."""
    return tuple("arn:{partition}:ec2:*::" + kind + "/*" for kind in kinds)


_VOLUMES = _ec2("snapshot", "volume")
_SECURITY_GROUPS = _ec2("security-group")
_NODE_THINGS = _ec2("fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume")
_INTERFACES = _ec2("network-interface")

_STORE: Mapping[str, tuple[Allow, ...]] = {
    "store.read": (Allow(("s3:GetObject",), ("arn:{partition}:s3:::{bucket}/{key}/*",)),),
    "backups.write": (
        Allow(("s3:GetObject", "s3:PutObject"), ("arn:{partition}:s3:::{bucket}/{key}/*",)),
        Allow(
            ("s3:ListBucket",),
            ("arn:{partition}:s3:::{bucket}",),
            {"StringLike": {"s3:prefix": "{key}/*"}},
        ),
    ),
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
            (*_ec2("capacity-reservation", "security-group", "subnet"), *_public("image", "snapshot")),
        ),
        Allow(("ec2:CreateFleet", "ec2:RunInstances"), _ec2("launch-template"), _NODE_POOL_MADE),
        Allow(("ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"), _NODE_THINGS, _NODE_POOL_MAKING),
        Allow(
            ("ec2:CreateTags",),
            _NODE_THINGS,
            _created_by(_NODE_POOL_MAKING, "CreateFleet", "CreateLaunchTemplate", "RunInstances"),
        ),
        Allow(
            ("ec2:CreateTags", "ec2:DeleteTags"),
            _NODE_THINGS,
            {**_RETAGGING, "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"}},
        ),
        Allow(
            ("ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"),
            _ec2("instance", "launch-template"),
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
        Allow(("ec2:AttachVolume",), _ec2("instance", "volume"), _CONTROL_PLANE),
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
        Allow(("ec2:CreateTags",), _VOLUMES, _created_by(TAGGING, "CopyVolumes", "CreateVolume")),
        Allow(("ec2:CreateTags", "ec2:DeleteTags"), _VOLUMES, _RETAGGING),
    ),
    "snapshots.manage": (
        Allow(("ec2:DescribeSnapshots",)),
        # A snapshot's source volume carries no request tag: the call needs both statements (kops: the same two).
        Allow(("ec2:CreateSnapshot",), _ec2("volume"), TAGGED),
        Allow(("ec2:CreateSnapshot",), (*_ec2("snapshot"), *_public("snapshot")), TAGGING),
        Allow(("ec2:DeleteSnapshot", "ec2:EnableFastSnapshotRestores"), conditions=TAGGED),
        Allow(("ec2:CreateVolume",), _ec2("snapshot"), TAGGED),
        Allow(("ec2:CreateTags",), _VOLUMES, _created_by(TAGGING, "CreateSnapshot")),
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

_SECURITY_GROUP_STATEMENTS: tuple[Allow, ...] = (
    Allow(("ec2:DescribeSecurityGroups",)),
    Allow(
        ("ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress"),
        conditions=TAGGED,
    ),
    Allow(("ec2:CreateSecurityGroup",), conditions=TAGGING),
    Allow(("ec2:CreateSecurityGroup",), _ec2("vpc")),
    Allow(("ec2:CreateTags",), _SECURITY_GROUPS, _created_by(TAGGING, "CreateSecurityGroup")),
    Allow(("ec2:CreateTags", "ec2:DeleteTags"), _SECURITY_GROUPS, _RETAGGING),
)


def _elb(*names: str) -> tuple[str, ...]:
    return tuple(f"elasticloadbalancing:{name}" for name in names)


_BALANCERS: Mapping[str, tuple[Allow, ...]] = {
    "machines.describe": (
        Allow(
            (
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeTags",
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstanceTopology",
                "ec2:DescribeInstances",
                "ec2:DescribeRegions",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            )
        ),
    ),
    "load-balancers.manage": (
        *_SECURITY_GROUP_STATEMENTS,
        Allow(
            _elb(
                "DescribeListeners",
                "DescribeLoadBalancerAttributes",
                "DescribeLoadBalancerPolicies",
                "DescribeLoadBalancers",
                "DescribeTargetGroupAttributes",
                "DescribeTargetGroups",
                "DescribeTargetHealth",
            )
            + ("kms:DescribeKey",)
        ),
        Allow(
            ("iam:CreateServiceLinkedRole",),
            conditions={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        Allow(
            _elb(
                "AddTags",
                "ApplySecurityGroupsToLoadBalancer",
                "AttachLoadBalancerToSubnets",
                "ConfigureHealthCheck",
                "CreateLoadBalancerListeners",
                "CreateLoadBalancerPolicy",
                "DeleteListener",
                "DeleteLoadBalancer",
                "DeleteLoadBalancerListeners",
                "DeleteTargetGroup",
                "DeregisterInstancesFromLoadBalancer",
                "DeregisterTargets",
                "DetachLoadBalancerFromSubnets",
                "ModifyListener",
                "ModifyLoadBalancerAttributes",
                "ModifyTargetGroup",
                "ModifyTargetGroupAttributes",
                "RegisterInstancesWithLoadBalancer",
                "RegisterTargets",
                "SetLoadBalancerPoliciesForBackendServer",
                "SetLoadBalancerPoliciesOfListener",
            ),
            conditions=TAGGED,
        ),
        Allow(_elb("CreateListener", "CreateLoadBalancer", "CreateTargetGroup"), conditions=TAGGING),
    ),
    "ingress.manage": (
        *_SECURITY_GROUP_STATEMENTS,
        Allow(
            (
                "acm:DescribeCertificate",
                "acm:ListCertificates",
                "cognito-idp:DescribeUserPoolClient",
                "ec2:DescribeAccountAttributes",
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcPeeringConnections",
                "ec2:DescribeVpcs",
                "ec2:GetSecurityGroupsForVpc",
            )
            + _elb(
                "DescribeCapacityReservation",
                "DescribeListenerAttributes",
                "DescribeListenerCertificates",
                "DescribeListeners",
                "DescribeLoadBalancerAttributes",
                "DescribeLoadBalancers",
                "DescribeRules",
                "DescribeTags",
                "DescribeTargetGroupAttributes",
                "DescribeTargetGroups",
                "DescribeTargetHealth",
                "DescribeTrustStores",
                "SetRulePriorities",
            )
        ),
        Allow(
            _elb(
                "AddListenerCertificates",
                "AddTags",
                "DeleteListener",
                "DeleteLoadBalancer",
                "DeleteRule",
                "DeleteTargetGroup",
                "DeregisterTargets",
                "ModifyCapacityReservation",
                "ModifyListener",
                "ModifyListenerAttributes",
                "ModifyLoadBalancerAttributes",
                "ModifyRule",
                "ModifyTargetGroup",
                "ModifyTargetGroupAttributes",
                "RegisterTargets",
                "RemoveListenerCertificates",
                "RemoveTags",
                "SetIpAddressType",
                "SetSecurityGroups",
                "SetSubnets",
            ),
            conditions=TAGGED,
        ),
        Allow(_elb("CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup"), conditions=TAGGING),
    ),
    "ingress.filter": (
        Allow(
            tuple(
                f"{service}:{action}"
                for service in ("waf-regional", "wafv2")
                for action in ("AssociateWebACL", "DisassociateWebACL", "GetWebACL", "GetWebACLForResource")
            )
        ),
        Allow(_elb("SetWebACL"), conditions=TAGGED),
    ),
    "ingress.shield": (
        Allow(
            (
                "shield:CreateProtection",
                "shield:DeleteProtection",
                "shield:DescribeProtection",
                "shield:GetSubscriptionState",
            )
        ),
    ),
}

VERBS: Mapping[str, tuple[Allow, ...]] = {**_STORE, **_MACHINES, **_DISKS, **_NETWORK, **_BALANCERS}
"""Every neutral verb that AWS knows."""
