"""What AWS would answer to a recorded program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kops_pulumi.testing.answers import Answers, LookUp, Table, fingerprint

_PREFIXES: Mapping[str, str] = {
    "aws:ebs/volume:Volume": "vol",
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": "eigw",
    "aws:ec2/eip:Eip": "eipalloc",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/route:Route": "r-rtb",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "rtbassoc",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": "dopt",
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": "vpc-cidr-assoc",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr",
}
"""Beginnings of ids; other resources are known by their names."""

_ARN_IS_ID = frozenset(
    {"aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup", "aws:lb/listener:Listener"}
)
_SERVICES: Mapping[str, str] = {
    "aws:cloudwatch/eventRule:EventRule": "events",
    "aws:iam/instanceProfile:InstanceProfile": "iam",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "iam",
    "aws:iam/role:Role": "iam",
    "aws:lb/loadBalancer:LoadBalancer": "elasticloadbalancing",
    "aws:lb/listener:Listener": "elasticloadbalancing",
    "aws:lb/targetGroup:TargetGroup": "elasticloadbalancing",
    "aws:sqs/queue:Queue": "sqs",
}
_COMPUTED: Mapping[str, Callable[[str, str, Answers], Mapping[str, Any]]] = {
    "aws:ec2/vpc:Vpc": lambda *_: {"ipv6CidrBlock": "2001:db8:0:100::/56"},
    "aws:ec2/launchTemplate:LaunchTemplate": lambda *_: {"latestVersion": 1},
    "aws:ec2/eip:Eip": lambda *_: {"publicIp": "192.0.2.1"},
    "aws:lb/loadBalancer:LoadBalancer": lambda id_, seed, answers: {
        "dnsName": f"{id_}-{seed[:16]}.elb.{answers.region}.amazonaws.com",
        "zoneId": "ZTESTELB",
    },
    "aws:sqs/queue:Queue": lambda id_, _, answers: {
        "url": f"https://sqs.{answers.region}.amazonaws.com/{answers.account}/{id_}"
    },
}
"""Computed outputs by type, from the id, the fingerprint and the answers."""

_LOOKUPS: Mapping[str, LookUp] = {
    "aws:ec2/getAmi:getAmi": lambda seed, *_: {"id": f"ami-{seed[:17]}", "rootDeviceName": "/dev/sda1"},
    "aws:ec2/getElasticIp:getElasticIp": lambda seed, *_: {"id": f"eipalloc-{seed[:17]}"},
    "aws:ec2/getInstance:getInstance": lambda seed, *_: {"networkInterfaceId": f"eni-{seed[:17]}"},
    "aws:ec2/getInternetGateway:getInternetGateway": lambda seed, *_: {"internetGatewayId": f"igw-{seed[:17]}"},
    "aws:ec2/getRouteTable:getRouteTable": lambda *_: {
        "routes": [{"ipv6CidrBlock": "::/0", "egressOnlyGatewayId": "eigw-0123456789abcdef0"}]
    },
    "aws:ec2/getRouteTables:getRouteTables": lambda seed, *_: {"ids": [f"rtb-{seed[:17]}"]},
    "aws:ec2/getVpc:getVpc": lambda *_: {"ipv6CidrBlockAssociations": [{"ipv6CidrBlock": "2001:db8:0:200::/56"}]},
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _, __, answers: {"accountId": answers.account},
    "aws:index/getPartition:getPartition": lambda *_: {"partition": "aws", "dnsSuffix": "amazonaws.com"},
    "aws:route53/getZone:getZone": lambda seed, *_: {"zoneId": f"Z{seed[:13].upper()}"},
    "aws:route53/getZones:getZones": lambda *_: {"ids": []},
    "aws:ssm/getParameter:getParameter": lambda seed, *_: {"value": f"ami-{seed[:17]}"},
}


def _resource(answers: Answers, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    seed = fingerprint(type_, name)
    prefix = _PREFIXES.get(type_)
    physical = str(inputs.get("name") or inputs.get("keyName") or name)
    id_ = f"{prefix}-{seed[:17]}" if prefix else physical
    arn = f"arn:aws:{_SERVICES.get(type_, 'test')}:{answers.region}:{answers.account}:{physical}"
    computed = _COMPUTED.get(type_)
    more = computed(id_, seed, answers) if computed else {}
    return (arn if type_ in _ARN_IS_ID else id_), {"arn": arn, **more}


TABLE = Table(_resource, _LOOKUPS)
