"""Shared vocabulary of the AWS tables: type tokens, ids, ARNs, and `kind`, which adds what every AWS object has."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from kops_pulumi.rehearsal.kinds import Birth, Compute, Identify, Kind, OnDelete, Ref, Revise, Values

VPC: Final = "aws:ec2/vpc:Vpc"
SUBNET: Final = "aws:ec2/subnet:Subnet"
ROUTE_TABLE: Final = "aws:ec2/routeTable:RouteTable"
INTERNET_GATEWAY: Final = "aws:ec2/internetGateway:InternetGateway"
EGRESS_ONLY_GATEWAY: Final = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
NAT_GATEWAY: Final = "aws:ec2/natGateway:NatGateway"
ADDRESS: Final = "aws:ec2/eip:Eip"
DHCP_OPTIONS: Final = "aws:ec2/vpcDhcpOptions:VpcDhcpOptions"
NETWORK_INTERFACE: Final = "aws:ec2/networkInterface:NetworkInterface"
TRANSIT_GATEWAY: Final = "aws:ec2transitgateway/transitGateway:TransitGateway"
PEERING: Final = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
INSTANCE: Final = "aws:ec2/instance:Instance"
SECURITY_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
PREFIX_LIST: Final = "aws:ec2/managedPrefixList:ManagedPrefixList"
LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
AUTOSCALING_GROUP: Final = "aws:autoscaling/group:Group"
VOLUME: Final = "aws:ebs/volume:Volume"
KEY_PAIR: Final = "aws:ec2/keyPair:KeyPair"
LOAD_BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
CLASSIC_LOAD_BALANCER: Final = "aws:elb/loadBalancer:LoadBalancer"
TARGET_GROUP: Final = "aws:lb/targetGroup:TargetGroup"
LISTENER: Final = "aws:lb/listener:Listener"
ROLE: Final = "aws:iam/role:Role"
INSTANCE_PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"
POLICY: Final = "aws:iam/policy:Policy"
OIDC_PROVIDER: Final = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ZONE: Final = "aws:route53/zone:Zone"
QUEUE: Final = "aws:sqs/queue:Queue"
EVENT_RULE: Final = "aws:cloudwatch/eventRule:EventRule"
BUCKET: Final = "aws:s3/bucket:Bucket"
CERTIFICATE: Final = "aws:acm/certificate:Certificate"
KMS_KEY: Final = "aws:kms/key:Key"


def ref(path: str, *kinds: str, on_delete: OnDelete = OnDelete.BLOCK, external: str | None = None) -> Ref:
    """A reference to one of these kinds."""
    return Ref(path, kinds, on_delete, external)


def prefixed(prefix: str, digits: int = 17) -> Identify:
    """Ids like `vpc-0a1b…`: 17 hexadecimal digits, the first of which is 0 so far."""
    return lambda birth: f"{prefix}-0{birth.hex(digits - 1)}"


def named(key: str = "name", prefix: str = "namePrefix") -> Identify:
    """Objects whose id is their name; a prefix is completed."""
    return lambda birth: physical_name(birth, key, prefix)


def physical_name(birth: Birth, key: str = "name", prefix: str = "namePrefix") -> str:
    """The given name, or the given prefix with digits."""
    return str(birth.inputs.get(key) or f"{birth.inputs.get(prefix, 'terraform-')}{birth.number(26)}")


def arn(birth: Birth, service: str, resource: str, *, regional: bool = True) -> str:
    """`arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0…`."""
    cloud = birth.cloud
    return f"arn:{cloud.partition}:{service}:{region_of(birth) if regional else ''}:{cloud.account}:{resource}"


def region_of(birth: Birth) -> str:
    """The object's own region, else the provider's."""
    return str(birth.inputs.get("region") or birth.cloud.region)


def ec2_arn(noun: str, **more: Any) -> Compute:
    """Outputs of an EC2 object: its ARN, its owner, and constants."""
    return lambda birth, id_: {"arn": arn(birth, "ec2", f"{noun}/{id_}"), "ownerId": birth.cloud.account, **more}


def defaults(birth: Birth, **values: Any) -> dict[str, Any]:
    """Values that AWS fills in for absent inputs."""
    return {key: birth.inputs.get(key, value) for key, value in values.items()}


def kind(base: Kind, replaces: str = "", **fields: Any) -> Kind:
    """A `Kind` with what every AWS object has: a region that cannot change, and `tagsAll` that follows `tags`."""
    whole = dataclasses.replace(base, **fields)
    return dataclasses.replace(
        whole,
        replaces=whole.replaces | frozenset({*replaces.split(), "region"}),
        compute=_with_common(whole.compute),
        revise=_with_tags(whole.revise),
    )


def _with_common(compute: Compute) -> Callable[[Birth, str], Values]:
    def outputs(birth: Birth, id_: str) -> Values:
        common = {"region": region_of(birth), "tagsAll": birth.inputs.get("tags", {})}
        return {**common, **compute(birth, id_)}

    return outputs


def _with_tags(revise: Revise) -> Revise:
    return lambda old, inputs: {"tagsAll": inputs.get("tags", {}), **revise(old, inputs)}
