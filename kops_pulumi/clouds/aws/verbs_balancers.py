"""The part of the table of verbs that is about load balancers and what goes with them. Data only; see `verbs.py`."""

from __future__ import annotations

from collections.abc import Mapping

from kops_pulumi.clouds.aws.verbs import RETAGGING, TAGGED, TAGGING, Allow, created_by, ec2

_SECURITY_GROUPS = ec2("security-group")

_SECURITY_GROUP_STATEMENTS: tuple[Allow, ...] = (
    Allow(("ec2:DescribeSecurityGroups",)),
    Allow(
        ("ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress"),
        conditions=TAGGED,
    ),
    Allow(("ec2:CreateSecurityGroup",), conditions=TAGGING),
    Allow(("ec2:CreateSecurityGroup",), ec2("vpc")),
    Allow(("ec2:CreateTags",), _SECURITY_GROUPS, created_by(TAGGING, "CreateSecurityGroup")),
    Allow(("ec2:CreateTags", "ec2:DeleteTags"), _SECURITY_GROUPS, RETAGGING),
)


def _elb(*names: str) -> tuple[str, ...]:
    return tuple(f"elasticloadbalancing:{name}" for name in names)


VERBS: Mapping[str, tuple[Allow, ...]] = {
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
        ),
        Allow(("kms:DescribeKey",)),
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
        ),
        Allow(
            _elb(
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
"""The neutral verbs of load balancers."""
