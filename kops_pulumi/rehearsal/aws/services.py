"""Load balancers, DNS, queues, events, buckets.

Facts: https://registry.terraform.io/providers/hashicorp/aws/latest/docs, resource by resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kops_pulumi.rehearsal.aws.access import json_document, legal_name
from kops_pulumi.rehearsal.aws.facts import (
    ADDRESS,
    BUCKET,
    CERTIFICATE,
    CLASSIC_LOAD_BALANCER,
    EVENT_RULE,
    LISTENER,
    LOAD_BALANCER,
    QUEUE,
    SECURITY_GROUP,
    SUBNET,
    TARGET_GROUP,
    VPC,
    ZONE,
    arn,
    defaults,
    kind,
    named,
    physical_name,
    ref,
)
from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, OnDelete, Rule, Values

_NLB_ZONES: Final = {
    "us-east-1": "Z26RNL4JYFTOTI",
    "us-east-2": "ZLMOA37VPKANP",
    "us-west-1": "Z24FKFUX50B4VW",
    "us-west-2": "Z18D5FSROUN65G",
    "eu-central-1": "Z3F0SRJ5LGBH90",
    "eu-west-1": "Z2IFOLAFXWLO4F",
    "ap-southeast-1": "ZKVM4W9LS7TM",
    "ap-northeast-1": "Z31USIVHYNEOWT",
}
"""Hosted zones of network load balancers: https://docs.aws.amazon.com/general/latest/gr/elb.html."""
_LB_NAME: Final = r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"


def _load_balancer_id(birth: Birth) -> str:
    letter = {"network": "net", "gateway": "gwy"}.get(str(birth.inputs.get("loadBalancerType")), "app")
    return arn(birth, "elasticloadbalancing", f"loadbalancer/{letter}/{physical_name(birth)}/{birth.hex(16)}")


def _load_balancer(birth: Birth, id_: str) -> Values:
    name, region = physical_name(birth), birth.cloud.region
    first = str(next(_subnets(birth.inputs), ""))
    home = birth.target(first, SUBNET)
    internal = "internal-" if birth.inputs.get("internal") and birth.inputs.get("loadBalancerType") != "network" else ""
    return {
        "arn": id_,
        "arnSuffix": id_.partition(":loadbalancer/")[2],
        "name": name,
        "dnsName": f"{internal}{name}-{birth.hex(16)}.elb.{region}.amazonaws.com",
        "zoneId": _NLB_ZONES.get(region, "Z" + birth.hex(13, "zone").upper()),
        "vpcId": home.inputs.get("vpcId", "") if home else "",
        **defaults(birth, internal=False, loadBalancerType="application", ipAddressType="ipv4"),
    }


def _subnets(inputs: Values) -> Iterator[str]:
    yield from inputs.get("subnets", ())
    yield from (mapping.get("subnetId") for mapping in inputs.get("subnetMappings", ()))


def _load_balancer_replaces(old: Values, new: Values) -> Iterator[str]:
    """A network load balancer can gain subnets, not lose them, and gets security groups at birth or never."""
    if new.get("loadBalancerType") != "network":
        return
    if not {str(s) for s in _subnets(old)} <= {str(s) for s in _subnets(new)}:
        yield from ("subnets", "subnetMappings")
    if bool(old.get("securityGroups")) != bool(new.get("securityGroups")):
        yield "securityGroups"


def _one_way_to_subnets(inputs: Values) -> list[Failure]:
    given = [key for key in ("subnets", "subnetMappings") if key in inputs]
    message = f"exactly one of subnets and subnetMappings is needed, got {' and '.join(given) or 'none'}"
    return [] if len(given) == 1 else [("subnets", message)]


def _target_group_id(birth: Birth) -> str:
    return arn(birth, "elasticloadbalancing", f"targetgroup/{physical_name(birth)}/{birth.hex(16)}")


def _listener_id(birth: Birth) -> str:
    parent = str(birth.inputs["loadBalancerArn"]).replace(":loadbalancer/", ":listener/")
    return f"{parent}/{birth.hex(16)}"


def _record_name(birth: Birth) -> str:
    name = str(birth.inputs["name"]).rstrip(".")
    zone = birth.target(birth.inputs.get("zoneId"), ZONE)
    domain = str(zone.outputs.get("name", "")).rstrip(".") if zone else ""
    return name if not domain or name == domain or name.endswith(f".{domain}") else f"{name}.{domain}"


def _record(birth: Birth, _id: str) -> Values:
    return {"fqdn": _record_name(birth)}


def _zone(birth: Birth, id_: str) -> Values:
    servers = [
        f"ns-{int(birth.hex(2, str(n)), 16)}.awsdns-{n:02}.{tld}"
        for n, tld in enumerate(("com", "net", "org", "co.uk"))
    ]
    return {
        "arn": f"arn:{birth.cloud.partition}:route53:::hostedzone/{id_}",
        "zoneId": id_,
        "nameServers": servers,
        "primaryNameServer": servers[0],
        **defaults(birth, comment="Managed by Pulumi"),
    }


def _queue_url(birth: Birth) -> str:
    return f"https://sqs.{birth.cloud.region}.amazonaws.com/{birth.cloud.account}/{physical_name(birth)}"


def _queue(birth: Birth, id_: str) -> Values:
    name = physical_name(birth)
    return {
        "arn": arn(birth, "sqs", name),
        "url": id_,
        "name": name,
        **defaults(birth, messageRetentionSeconds=345600, visibilityTimeoutSeconds=30, maxMessageSize=262144),
    }


def _bucket(birth: Birth, id_: str) -> Values:
    return {
        "arn": f"arn:{birth.cloud.partition}:s3:::{id_}",
        "bucket": id_,
        "bucketDomainName": f"{id_}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{id_}.s3.{birth.cloud.region}.amazonaws.com",
        "hostedZoneId": "Z3AQBSTGFYJSTF",
    }


_OBJECT: Final = Kind(
    identify=lambda birth: f"{birth.inputs['bucket']}/{birth.inputs['key']}",
    compute=lambda birth, _: {
        "etag": birth.hex(32),
        "arn": f"arn:aws:s3:::{birth.inputs['bucket']}/{birth.inputs['key']}",
    },
    unique=("bucket", "key"),
    refs=(ref("bucket", BUCKET),),
    handles=(),
)


def _part_of_bucket(*rules: Rule) -> Kind:
    """A setting of a bucket: one of its kind a bucket, known by the bucket's name, gone with it."""
    return Kind(
        identify=lambda birth: str(birth.inputs["bucket"]),
        unique=("bucket",),
        refs=(ref("bucket", BUCKET, on_delete=OnDelete.CASCADE),),
        handles=(),
        rules=rules,
    )


_PARTS_OF_BUCKETS: Final[Mapping[str, tuple[Rule, ...]]] = {
    "BucketLifecycleConfiguration": (),
    "BucketPolicy": (json_document("policy"),),
    "BucketPublicAccessBlock": (),
    "BucketServerSideEncryptionConfiguration": (),
    "BucketVersioning": (),
}

SERVICES: Final[Mapping[str, Kind]] = {
    LOAD_BALANCER: kind(
        Kind(
            identify=_load_balancer_id,
            compute=_load_balancer,
            unique=("name",),
            autoname="name",
            refs=(
                ref("subnets[]", SUBNET),
                ref("subnetMappings[].subnetId", SUBNET),
                ref("subnetMappings[].allocationId", ADDRESS),
                ref("securityGroups[]", SECURITY_GROUP),
            ),
            rules=(legal_name(32, _LB_NAME), _one_way_to_subnets),
            also_replaces=_load_balancer_replaces,
        ),
        "name namePrefix internal loadBalancerType customerOwnedIpv4Pool",
    ),
    CLASSIC_LOAD_BALANCER: kind(
        Kind(
            identify=named(),
            unique=("name",),
            autoname="name",
            refs=(ref("subnets[]", SUBNET), ref("securityGroups[]", SECURITY_GROUP)),
        ),
        "name namePrefix internal",
    ),
    TARGET_GROUP: kind(
        Kind(
            identify=_target_group_id,
            compute=lambda birth, id_: {
                "arn": id_,
                "arnSuffix": id_.rpartition(":")[2],
                "name": physical_name(birth),
                **defaults(birth, targetType="instance", ipAddressType="ipv4"),
            },
            unique=("name",),
            autoname="name",
            refs=(ref("vpcId", VPC),),
            rules=(legal_name(32, _LB_NAME),),
        ),
        "name namePrefix port protocol protocolVersion vpcId targetType ipAddressType",
    ),
    LISTENER: kind(
        Kind(
            identify=_listener_id,
            compute=lambda _birth, id_: {"arn": id_},
            unique=("loadBalancerArn", "port"),
            refs=(
                ref("loadBalancerArn", LOAD_BALANCER, on_delete=OnDelete.CASCADE),
                ref("defaultActions[].targetGroupArn", TARGET_GROUP),
                ref("certificateArn", CERTIFICATE, external=r"arn:aws[\w-]*:(acm|iam):.*"),
            ),
        ),
        "loadBalancerArn",
    ),
    "aws:route53/record:Record": kind(
        Kind(
            identify=lambda birth: f"{birth.inputs['zoneId']}_{_record_name(birth)}_{birth.inputs['type']}",
            compute=_record,
            unique=("zoneId", "name", "type", "setIdentifier"),
            refs=(ref("zoneId", ZONE),),
            handles=(),
        ),
        "zoneId name type setIdentifier",
    ),
    ZONE: kind(
        Kind(
            identify=lambda birth: "Z" + birth.hex(20).upper(),
            compute=_zone,
            refs=(ref("vpcs[].vpcId", VPC, on_delete=OnDelete.IGNORE),),
        ),
        "name delegationSetId",
    ),
    "aws:route53/zoneAssociation:ZoneAssociation": kind(
        Kind(
            identify=lambda birth: f"{birth.inputs['zoneId']}:{birth.inputs['vpcId']}",
            unique=("zoneId", "vpcId"),
            refs=(ref("zoneId", ZONE), ref("vpcId", VPC)),
        ),
        "zoneId vpcId vpcRegion",
    ),
    QUEUE: kind(
        Kind(
            identify=_queue_url,
            compute=_queue,
            unique=("name",),
            autoname="name",
            handles=("arn", "name", "url"),
            rules=(legal_name(80, r"[\w-]+(\.fifo)?"), json_document("policy")),
        ),
        "name namePrefix fifoQueue",
    ),
    "aws:sqs/queuePolicy:QueuePolicy": kind(
        Kind(
            identify=lambda birth: str(birth.inputs["queueUrl"]),
            unique=("queueUrl",),
            refs=(ref("queueUrl", QUEUE, on_delete=OnDelete.CASCADE),),
            handles=(),
            rules=(json_document("policy"),),
        ),
        "queueUrl",
    ),
    EVENT_RULE: kind(
        Kind(
            identify=named(),
            compute=lambda birth, _: {
                "arn": arn(birth, "events", f"rule/{physical_name(birth)}"),
                "name": physical_name(birth),
                **defaults(birth, eventBusName="default"),
            },
            unique=("eventBusName", "name"),
            autoname="name",
            rules=(legal_name(64, r"[\w.-]+"),),
        ),
        "name namePrefix eventBusName",
    ),
    "aws:cloudwatch/eventTarget:EventTarget": kind(
        Kind(
            identify=lambda birth: f"{birth.inputs['rule']}-{birth.inputs.get('targetId') or birth.hex(20)}",
            compute=lambda birth, _: defaults(birth, targetId=f"terraform-{birth.number(26)}", eventBusName="default"),
            unique=("eventBusName", "rule", "targetId"),
            refs=(
                ref("rule", EVENT_RULE),
                ref("arn", QUEUE, on_delete=OnDelete.IGNORE, external="arn:aws.*(?<!:sqs):.*"),
            ),
            handles=(),
        ),
        "rule eventBusName targetId",
    ),
    BUCKET: kind(
        Kind(
            identify=named("bucket", "bucketPrefix"),
            compute=_bucket,
            unique=("bucket",),
            autoname="bucket",
            name_prefix="bucketPrefix",
            handles=("arn", "bucket"),
            rules=(legal_name(63, r"[a-z0-9][a-z0-9.-]+[a-z0-9]", "bucket"),),
        ),
        "bucket bucketPrefix objectLockEnabled",
    ),
    **{
        f"aws:s3/{name[0].lower()}{name[1:]}:{name}": kind(_part_of_bucket(*rules), "bucket")
        for name, rules in _PARTS_OF_BUCKETS.items()
    },
    "aws:s3/bucketObjectv2:BucketObjectv2": kind(_OBJECT, "bucket key"),
    "aws:s3/bucketObject:BucketObject": kind(_OBJECT, "bucket key"),
}
