"""Finds a thing on AWS by what its description says: its name, or its tags (no pulumi).

Names that an account can have once are asked for by name; everything else of EC2 carries the cluster's tag and a
`Name`. Types that are written over (objects, policies, targets) need no looking for: writing again is the same.

The reference of each service, by the name of each call; ids are those of the Pulumi provider's import sections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kops_pulumi.clouds.aws.fleet import Calls, translated

_TAGGED: Final[Mapping[str, str]] = {
    "aws:ebs/volume:Volume": "volume",
    "aws:ec2/eip:Eip": "elastic-ip",
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": "egress-only-internet-gateway",
    "aws:ec2/internetGateway:InternetGateway": "internet-gateway",
    "aws:ec2/launchTemplate:LaunchTemplate": "launch-template",
    "aws:ec2/routeTable:RouteTable": "route-table",
    "aws:ec2/securityGroup:SecurityGroup": "security-group",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": "dhcp-options",
}
"""EC2's resource types that carry a Name: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html."""

_REPEATABLE: Final = frozenset(
    {
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:sqs/queuePolicy:QueuePolicy",
    }
)
"""Writing them again is the same: their calls are Put…, Attach… and Associate…."""
_ABSENT: Final = ("NotFound", "NoSuch", "NonExistent", "404")


def connect(cluster: str, region: str, settings: Mapping[str, Any]) -> AwsFinder:
    """For a cluster in a region; `settings` are those of the Pulumi provider."""
    return AwsFinder(cluster, Calls(region, settings))


class AwsFinder:
    """`automation.recovery.Finder` by boto3."""

    def __init__(self, cluster: str, calls: Calls) -> None:
        self._cluster, self._calls = cluster, calls

    def find(self, type_: str, inputs: Mapping[str, Any]) -> Sequence[str] | None:
        """Ids of what there is; empty when nothing was made; None for types that cannot be told apart."""
        if type_ in _REPEATABLE:
            return ()
        kind = _TAGGED.get(type_)
        with translated():
            if kind:
                return self._by_tags(kind, inputs.get("tags") or {})
            by_name = self._named().get(type_)
            return self._present(by_name, inputs) if by_name else None

    def _by_tags(self, kind: str, tags: Mapping[str, str]) -> Sequence[str] | None:
        owner = f"kubernetes.io/cluster/{self._cluster}"
        wanted = {key: tags.get(key) for key in ("Name", owner)}
        if None in wanted.values():
            return None
        found = [self._tagged(kind, key, str(value)) for key, value in wanted.items()]
        return sorted(set.intersection(*found))

    def _tagged(self, kind: str, key: str, value: str) -> set[str]:
        filters = [{"Name": n, "Values": [v]} for n, v in (("resource-type", kind), ("key", key), ("value", value))]
        pages = self._calls.ec2.get_paginator("describe_tags").paginate(Filters=filters)
        return {item["ResourceId"] for page in pages for item in page["Tags"]}

    def _named(self) -> Mapping[str, Callable[[Mapping[str, Any]], Sequence[str]]]:
        """Types whose name can be there once in an account and region: how to ask for one."""
        calls = self._calls
        return {
            "aws:autoscaling/group:Group": lambda i: [
                group["AutoScalingGroupName"]
                for group in calls.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[i["name"]])[
                    "AutoScalingGroups"
                ]
            ],
            "aws:ec2/keyPair:KeyPair": lambda i: [
                pair["KeyName"] for pair in calls.ec2.describe_key_pairs(KeyNames=[i["keyName"]])["KeyPairs"]
            ],
            "aws:iam/instanceProfile:InstanceProfile": lambda i: [
                calls.iam.get_instance_profile(InstanceProfileName=i["name"])["InstanceProfile"]["InstanceProfileName"]
            ],
            "aws:iam/role:Role": lambda i: [calls.iam.get_role(RoleName=i["name"])["Role"]["RoleName"]],
            "aws:lb/loadBalancer:LoadBalancer": lambda i: [
                item["LoadBalancerArn"]
                for item in calls.balancers.describe_load_balancers(Names=[i["name"]])["LoadBalancers"]
            ],
            "aws:lb/targetGroup:TargetGroup": lambda i: [
                item["TargetGroupArn"]
                for item in calls.balancers.describe_target_groups(Names=[i["name"]])["TargetGroups"]
            ],
            "aws:s3/bucket:Bucket": lambda i: [calls.s3.head_bucket(Bucket=i["bucket"]) and i["bucket"]],
            "aws:sqs/queue:Queue": lambda i: [calls.sqs.get_queue_url(QueueName=i["name"])["QueueUrl"]],
        }

    @staticmethod
    def _present(ask: Callable[[Mapping[str, Any]], Sequence[str]], inputs: Mapping[str, Any]) -> Sequence[str] | None:
        from botocore.exceptions import ClientError

        try:
            return ask(inputs)
        except KeyError:
            return None
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            if any(word in code for word in _ABSENT):
                return ()
            raise
