"""AWS look-ups (invokes): answered from the simulated account, and from small tables for what AWS itself publishes.

Facts of arguments and results: https://www.pulumi.com/registry/packages/aws/api-docs/.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from kops_pulumi.rehearsal.aws.facts import (
    ADDRESS,
    INSTANCE,
    INSTANCE_PROFILE,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    ROLE,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SUBNET,
    VPC,
    ZONE,
)
from kops_pulumi.rehearsal.aws.network import zone_id
from kops_pulumi.rehearsal.kinds import Function, LookupFailed, Question, Values
from kops_pulumi.rehearsal.store import Record
from kops_pulumi.rehearsal.wire import Unknown

_ZONE_LETTERS: Final = {"us-east-1": "abcdef", "us-west-1": "ac", "us-west-2": "abcd", "ap-northeast-1": "acd"}
"""Zones of regions that do not have just a, b and c."""
_REGIONS: Final = (
    "ap-northeast-1",
    "ap-southeast-1",
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-east-2",
    "us-west-2",
)


def _availability_zones(question: Question) -> Values:
    region = question.args.get("region") or question.cloud.region
    names = [f"{region}{letter}" for letter in _ZONE_LETTERS.get(region, "abc")]
    unwanted = set(question.args.get("excludeNames", ()))
    names = [name for name in names if name not in unwanted]
    return {
        "id": region,
        "region": region,
        "names": names,
        "zoneIds": [zone_id(n) for n in names],
        "groupNames": [region],
    }


def _caller(question: Question) -> Values:
    cloud = question.cloud
    arn = f"arn:{cloud.partition}:iam::{cloud.account}:user/rehearsal"
    return {"id": cloud.account, "accountId": cloud.account, "arn": arn, "userId": "AIDAREHEARSALREHEARSAL"}


def _partition(question: Question) -> Values:
    suffix = "amazonaws.com.cn" if question.cloud.partition == "aws-cn" else "amazonaws.com"
    reverse = ".".join(reversed(suffix.split(".")))
    return {
        "id": question.cloud.partition,
        "partition": question.cloud.partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": reverse,
    }


def _region(question: Question) -> Values:
    region = question.args.get("region") or question.cloud.region
    facts = {"id": region, "name": region, "region": region}
    return {**facts, "description": f"Rehearsal ({region})", "endpoint": f"ec2.{region}.amazonaws.com"}


def _regions(_question: Question) -> Values:
    return {"id": "aws", "names": list(_REGIONS)}


def _image(question: Question) -> Values:
    """Every image exists: its id follows from owner and name, so that a look-up always finds the same one."""
    args = question.args
    filters = {item["name"]: item["values"] for item in args.get("filters", ())}
    owner = str(next(iter(args.get("owners", ())), "amazon"))
    name = str((filters.get("name") or [args.get("nameRegex", "image")])[0]).replace("*", "20261101")
    digest = hashlib.sha256(f"{owner}/{name}/{question.cloud.region}".encode()).hexdigest()
    id_ = str((filters.get("image-id") or [f"ami-0{digest[:16]}"])[0])
    machine = str((filters.get("architecture") or ["arm64" if "arm64" in name else "x86_64"])[0])
    return {
        "id": id_,
        "imageId": id_,
        "arn": f"arn:{question.cloud.partition}:ec2:{question.cloud.region}::image/{id_}",
        "name": name,
        "ownerId": owner if owner.isdigit() else "099720109477",
        "architecture": machine,
        "creationDate": "2026-11-01T00:00:00.000Z",
        "rootDeviceName": "/dev/xvda" if owner == "amazon" else "/dev/sda1",
        "rootDeviceType": "ebs",
        "virtualizationType": "hvm",
        "state": "available",
        "tags": {},
        "blockDeviceMappings": [],
    }


def _parameter(question: Question) -> Values:
    """Public parameters name images: `/aws/service/canonical/…`."""
    name = str(question.args["name"])
    digest = hashlib.sha256(f"{name}/{question.cloud.region}".encode()).hexdigest()
    arn = f"arn:{question.cloud.partition}:ssm:{question.cloud.region}::parameter{name}"
    return {"id": name, "name": name, "arn": arn, "type": "String", "value": f"ami-0{digest[:16]}", "version": 1}


def _zone(question: Question) -> Values:
    args = question.args
    wanted = str(args.get("name", "")).rstrip(".")
    zones = [
        zone
        for zone in question.store.objects(ZONE)
        if (
            zone.id == args["zoneId"] if args.get("zoneId") else str(zone.outputs.get("name", "")).rstrip(".") == wanted
        )
        and _has_tags(zone, args.get("tags"))
        and ("privateZone" not in args or args["privateZone"] == bool(zone.inputs.get("vpcs")))
        and ("vpcId" not in args or args["vpcId"] in [vpc.get("vpcId") for vpc in zone.inputs.get("vpcs", ())])
    ]
    if len(zones) != 1:
        raise LookupFailed(f"{len(zones) or 'no matching'} Route 53 hosted zones found for {dict(args)}")
    outputs = zones[0].outputs
    return {
        **outputs,
        "id": zones[0].id,
        "privateZone": bool(zones[0].inputs.get("vpcs")),
        "tags": outputs.get("tags", {}),
    }


def _one(kind: str, id_key: str, noun: str, **more: Callable[[Record], Any]) -> Function:
    """A look-up of exactly one object, by id, filters and tags."""

    def answer(question: Question) -> Values:
        found = [record for record in question.store.objects(kind) if _matches(record, question.args, id_key)]
        if len(found) != 1:
            raise LookupFailed(f"{'no' if not found else len(found)} matching {noun} found for {dict(question.args)}")
        record = found[0]
        computed = {key: get(record) for key, get in more.items()}
        return {"tags": {}, **record.outputs, id_key: record.id, "id": record.id, **computed}

    return answer


def _ipv6_blocks(vpc: Record) -> list[Values]:
    block = vpc.outputs.get("ipv6CidrBlock")
    return [{"ipv6CidrBlock": block, "ipSource": "amazon", "state": "associated"}] if block else []


def _many(kind: str) -> Function:
    def answer(question: Question) -> Values:
        found = [record.id for record in question.store.objects(kind) if _matches(record, question.args, "id")]
        return {"id": question.cloud.region, "ids": found, "tags": question.args.get("tags", {})}

    return answer


_FILTERS: Final = {
    "vpc-id": "vpcId",
    "attachment.vpc-id": "vpcId",
    "availability-zone": "availabilityZone",
    "availabilityZone": "availabilityZone",
    "subnet-id": "subnetId",
    "group-name": "name",
    "cidr": "cidrBlock",
    "public-ip": "publicIp",
}
_OF_ROUTES: Final = {"route.egress-only-internet-gateway-id": "egressOnlyGatewayId"}
"""Filters of route tables by where their (inline) routes lead."""


def _matches(record: Record, args: Values, id_key: str) -> bool:
    outputs = {**record.outputs, "id": record.id, id_key: record.id}
    plain = {key: value for key, value in args.items() if key not in ("filters", "tags") and value not in (None, "")}
    filters = all(_passes(record, outputs, item) for item in args.get("filters", ()))
    return (
        filters
        and _has_tags(record, args.get("tags"))
        and all(outputs.get(key) == value for key, value in plain.items() if not isinstance(value, bool | Unknown))
    )


def _passes(record: Record, outputs: Values, item: Mapping[str, Any]) -> bool:
    name, values = str(item["name"]), [str(value) for value in item["values"]]
    if name.startswith("tag:"):
        actual = record.outputs.get("tags", {}).get(name.removeprefix("tag:"))
    elif name in _OF_ROUTES:
        inline = [str(route.get(_OF_ROUTES[name], "")) for route in outputs.get("routes", ())]
        return any(fnmatch.fnmatchcase(target, value) for target in inline for value in values)
    elif name.endswith("-id") and name not in _FILTERS:
        actual = record.id
    else:
        actual = outputs.get(_FILTERS.get(name, name))
    return actual is not None and any(fnmatch.fnmatchcase(str(actual), value) for value in values)


def _has_tags(record: Record, tags: Mapping[str, str] | None) -> bool:
    return all(record.outputs.get("tags", {}).get(key) == value for key, value in (tags or {}).items())


def _policy_document(question: Question) -> Values:
    """Statements as JSON, in the provider's order of keys."""
    statements = [_statement(statement) for statement in question.args.get("statements", ())]
    document = {"Version": question.args.get("version", "2012-10-17"), "Statement": statements}
    text = json.dumps(document, indent=2)
    return {
        "id": str(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)),
        "json": text,
        "minifiedJson": json.dumps(document),
    }


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    def single(values: list[Any]) -> Any:
        return values[0] if len(values) == 1 else values

    conditions: dict[str, dict[str, Any]] = {}
    for condition in statement.get("conditions", ()):
        conditions.setdefault(condition["test"], {})[condition["variable"]] = single(condition["values"])
    parts = {
        "Sid": statement.get("sid"),
        "Effect": statement.get("effect", "Allow"),
        "Action": single(statement.get("actions", [])) or None,
        "NotAction": single(statement.get("notActions", [])) or None,
        "Resource": single(statement.get("resources", [])) or None,
        "Principal": {p["type"]: single(p["identifiers"]) for p in statement.get("principals", ())} or None,
        "Condition": conditions or None,
    }
    return {key: value for key, value in parts.items() if value is not None}


FUNCTIONS: Final[Mapping[str, Function]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getRegions:getRegions": _regions,
    "aws:ec2/getAmi:getAmi": _image,
    "aws:ssm/getParameter:getParameter": _parameter,
    "aws:route53/getZone:getZone": _zone,
    "aws:route53/getZones:getZones": _many(ZONE),
    "aws:ec2/getVpc:getVpc": _one(VPC, "id", "VPC", ipv6CidrBlockAssociations=_ipv6_blocks),
    "aws:ec2/getSubnet:getSubnet": _one(SUBNET, "id", "subnet"),
    "aws:ec2/getSubnets:getSubnets": _many(SUBNET),
    "aws:ec2/getSecurityGroup:getSecurityGroup": _one(SECURITY_GROUP, "id", "security group"),
    "aws:ec2/getSecurityGroups:getSecurityGroups": _many(SECURITY_GROUP),
    "aws:ec2/getRouteTable:getRouteTable": _one(ROUTE_TABLE, "routeTableId", "route table"),
    "aws:ec2/getRouteTables:getRouteTables": _many(ROUTE_TABLE),
    "aws:ec2/getInternetGateway:getInternetGateway": _one(INTERNET_GATEWAY, "internetGatewayId", "internet gateway"),
    "aws:ec2/getNatGateway:getNatGateway": _one(NAT_GATEWAY, "id", "NAT gateway"),
    "aws:ec2/getElasticIp:getElasticIp": _one(ADDRESS, "id", "Elastic IP"),
    "aws:ec2/getInstance:getInstance": _one(
        INSTANCE, "instanceId", "instance", networkInterfaceId=lambda r: r.outputs.get("primaryNetworkInterfaceId")
    ),
    "aws:iam/getInstanceProfile:getInstanceProfile": _one(INSTANCE_PROFILE, "name", "instance profile"),
    "aws:iam/getRole:getRole": _one(ROLE, "name", "role"),
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
}
