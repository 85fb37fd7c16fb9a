"""Machines: security groups, launch templates, autoscaling groups, volumes, keys.

Facts: https://registry.terraform.io/providers/hashicorp/aws/latest/docs, resource by resource.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Final

from kops_pulumi.rehearsal.aws.facts import (
    AUTOSCALING_GROUP,
    CLASSIC_LOAD_BALANCER,
    INSTANCE,
    INSTANCE_PROFILE,
    KEY_PAIR,
    KMS_KEY,
    LAUNCH_TEMPLATE,
    PREFIX_LIST,
    SECURITY_GROUP,
    SUBNET,
    TARGET_GROUP,
    VOLUME,
    VPC,
    arn,
    defaults,
    ec2_arn,
    kind,
    named,
    physical_name,
    prefixed,
    ref,
)
from kops_pulumi.rehearsal.aws.machines import HERD
from kops_pulumi.rehearsal.fleet import settle
from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, OnDelete, Values

_USER_DATA_LIMIT: Final = 16 * 1024
"""Bytes before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html."""


def _security_group(birth: Birth, id_: str) -> Values:
    return {
        **ec2_arn("security-group")(birth, id_),
        **defaults(birth, description="Managed by Pulumi"),
        "name": physical_name(birth),
    }


def _legal_group_name(inputs: Values) -> list[Failure]:
    name = inputs.get("name")
    return [("name", "names must not start with 'sg-'")] if isinstance(name, str) and name.startswith("sg-") else []


def _launch_template(birth: Birth, id_: str) -> Values:
    return {
        "arn": arn(birth, "ec2", f"launch-template/{id_}"),
        "latestVersion": 1,
        "defaultVersion": 1,
        "name": physical_name(birth),
    }


def _next_version(old: Values, inputs: Values) -> Values:
    latest = int(old.get("latestVersion", 1)) + 1
    return {
        "latestVersion": latest,
        "defaultVersion": latest if inputs.get("updateDefaultVersion") else old.get("defaultVersion", 1),
    }


def _user_data(inputs: Values) -> list[Failure]:
    text = inputs.get("userData")
    if not isinstance(text, str):
        return []
    try:
        size = len(base64.b64decode(text, validate=True))
    except binascii.Error:
        return [("userData", "is not base64 (launch templates want it encoded)")]
    return [("userData", f"is {size} bytes long, the limit is {_USER_DATA_LIMIT}")] if size > _USER_DATA_LIMIT else []


def _group(birth: Birth, _id: str) -> Values:
    name = physical_name(birth)
    return {
        "arn": arn(birth, "autoscaling", f"autoScalingGroup:{birth.hex(8)}-{birth.hex(4)}:autoScalingGroupName/{name}"),
        "name": name,
        **defaults(
            birth,
            desiredCapacity=birth.inputs.get("minSize", 0),
            defaultCooldown=300,
            healthCheckType="EC2",
            healthCheckGracePeriod=300,
            metricsGranularity="1Minute",
        ),
        "serviceLinkedRoleArn": arn(birth, "iam", "role/aws-service-role/autoscaling", regional=False),
    }


def _group_size(inputs: Values) -> list[Failure]:
    sizes = inputs.get("minSize"), inputs.get("maxSize")
    low, high = (size if isinstance(size, int) else None for size in sizes)
    return (
        [("minSize", f"{low} is more than maxSize {high}")]
        if low is not None and high is not None and low > high
        else []
    )


def _volume(birth: Birth, id_: str) -> Values:
    return {
        "arn": arn(birth, "ec2", f"volume/{id_}"),
        "createTime": "2026-11-01T00:00:00Z",
        **defaults(birth, type="gp2", encrypted=False, multiAttachEnabled=False),
    }


def _key_pair(birth: Birth, _id: str) -> Values:
    name = physical_name(birth, "keyName", "keyNamePrefix")
    parts = str(birth.inputs.get("publicKey", "")).split()
    return {
        "arn": arn(birth, "ec2", f"key-pair/{name}"),
        "keyName": name,
        "keyPairId": f"key-0{birth.hex(16)}",
        "keyType": "ed25519" if parts[:1] == ["ssh-ed25519"] else "rsa",
        "fingerprint": _fingerprint(parts[1]) if len(parts) > 1 else birth.hex(20),
    }


def _fingerprint(encoded: str) -> str:
    """As EC2 shows imported keys: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-keys.html."""
    try:
        blob = base64.b64decode(encoded)
    except binascii.Error:
        blob = encoded.encode()
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def _public_key(inputs: Values) -> list[Failure]:
    key = inputs.get("publicKey")
    if not isinstance(key, str) or key.startswith(("ssh-rsa ", "ssh-ed25519 ")):
        return []
    return [("publicKey", "EC2 takes ssh-rsa and ssh-ed25519 public keys only")]


_TEMPLATE_PATH: Final = "mixedInstancesPolicy.launchTemplate"
_GROUP_REFS: Final = (
    ref("launchTemplate.id", LAUNCH_TEMPLATE),
    ref("launchTemplate.name", LAUNCH_TEMPLATE),
    ref(f"{_TEMPLATE_PATH}.launchTemplateSpecification.launchTemplateId", LAUNCH_TEMPLATE),
    ref(f"{_TEMPLATE_PATH}.launchTemplateSpecification.launchTemplateName", LAUNCH_TEMPLATE),
    ref("vpcZoneIdentifiers[]", SUBNET),
    ref("targetGroupArns[]", TARGET_GROUP),
    ref("loadBalancers[]", CLASSIC_LOAD_BALANCER),
)
_TEMPLATE_REFS: Final = (
    ref("vpcSecurityGroupIds[]", SECURITY_GROUP),
    ref("networkInterfaces[].securityGroups[]", SECURITY_GROUP),
    ref("networkInterfaces[].subnetId", SUBNET),
    ref("iamInstanceProfile.name", INSTANCE_PROFILE, on_delete=OnDelete.IGNORE),
    ref("iamInstanceProfile.arn", INSTANCE_PROFILE, on_delete=OnDelete.IGNORE),
    ref("keyName", KEY_PAIR, on_delete=OnDelete.IGNORE),
)
_RULE: Final = (
    "type protocol fromPort toPort cidrBlocks ipv6CidrBlocks prefixListIds securityGroupId self sourceSecurityGroupId"
)
_MODERN_RULE: Final = Kind(
    identify=prefixed("sgr"),
    compute=lambda birth, id_: {"arn": arn(birth, "ec2", f"security-group-rule/{id_}"), "securityGroupRuleId": id_},
    refs=(
        ref("securityGroupId", SECURITY_GROUP, on_delete=OnDelete.CASCADE),
        ref("referencedSecurityGroupId", SECURITY_GROUP),
        ref("prefixListId", PREFIX_LIST),
    ),
    unique=(
        "securityGroupId",
        "ipProtocol",
        "fromPort",
        "toPort",
        "cidrIpv4",
        "cidrIpv6",
        "prefixListId",
        "referencedSecurityGroupId",
    ),
)

COMPUTE: Final[Mapping[str, Kind]] = {
    SECURITY_GROUP: kind(
        Kind(
            identify=prefixed("sg"),
            compute=_security_group,
            refs=(
                ref("vpcId", VPC),
                ref("ingress[].securityGroups[]", SECURITY_GROUP),
                ref("egress[].securityGroups[]", SECURITY_GROUP),
            ),
            unique=("vpcId", "name"),
            autoname="name",
            handles=("arn",),
            rules=(_legal_group_name,),
        ),
        "name namePrefix description vpcId",
    ),
    "aws:ec2/securityGroupRule:SecurityGroupRule": kind(
        Kind(
            identify=lambda birth: f"sgrule-{birth.number(10)}",
            compute=lambda birth, _: {"securityGroupRuleId": f"sgr-0{birth.hex(16)}"},
            refs=(
                ref("securityGroupId", SECURITY_GROUP, on_delete=OnDelete.CASCADE),
                ref("sourceSecurityGroupId", SECURITY_GROUP),
                ref("prefixListIds[]", PREFIX_LIST),
            ),
            unique=tuple(_RULE.split()),
        ),
        _RULE,
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": kind(_MODERN_RULE, "securityGroupId"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": kind(_MODERN_RULE, "securityGroupId"),
    LAUNCH_TEMPLATE: kind(
        Kind(
            identify=prefixed("lt"),
            compute=_launch_template,
            revise=_next_version,
            revised=("latestVersion",),
            refs=_TEMPLATE_REFS,
            unique=("name",),
            autoname="name",
            rules=(_user_data,),
        ),
        "name namePrefix",
    ),
    AUTOSCALING_GROUP: kind(
        Kind(
            identify=named(),
            compute=_group,
            refs=_GROUP_REFS,
            unique=("name",),
            autoname="name",
            rules=(_group_size,),
            settle=settle(HERD),
        ),
        "name namePrefix",
    ),
    "aws:autoscaling/lifecycleHook:LifecycleHook": kind(
        Kind(
            identify=lambda birth: f"{birth.inputs['autoscalingGroupName']}/{physical_name(birth)}",
            refs=(ref("autoscalingGroupName", AUTOSCALING_GROUP, on_delete=OnDelete.CASCADE),),
            unique=("autoscalingGroupName", "name"),
            autoname="name",
            handles=(),
        ),
        "name autoscalingGroupName",
    ),
    "aws:autoscaling/attachment:Attachment": kind(
        Kind(
            refs=(
                ref("autoscalingGroupName", AUTOSCALING_GROUP, on_delete=OnDelete.CASCADE),
                ref("lbTargetGroupArn", TARGET_GROUP),
                ref("elb", CLASSIC_LOAD_BALANCER),
            ),
            unique=("autoscalingGroupName", "lbTargetGroupArn", "elb"),
        ),
        "autoscalingGroupName lbTargetGroupArn elb",
    ),
    VOLUME: kind(
        Kind(identify=prefixed("vol"), compute=_volume, refs=(ref("kmsKeyId", KMS_KEY, external="arn:.*|alias/.*"),)),
        "availabilityZone encrypted kmsKeyId snapshotId outpostArn multiAttachEnabled",
    ),
    KEY_PAIR: kind(
        Kind(
            identify=named("keyName", "keyNamePrefix"),
            compute=_key_pair,
            unique=("keyName",),
            autoname="keyName",
            name_prefix="keyNamePrefix",
            handles=("arn", "keyName"),
            rules=(_public_key,),
        ),
        "keyName keyNamePrefix publicKey",
    ),
    INSTANCE: kind(
        Kind(
            identify=prefixed("i"),
            compute=lambda birth, id_: {
                "arn": arn(birth, "ec2", f"instance/{id_}"),
                "instanceState": "running",
                "primaryNetworkInterfaceId": f"eni-0{birth.hex(16, 'eni')}",
            },
            refs=(
                ref("subnetId", SUBNET),
                ref("vpcSecurityGroupIds[]", SECURITY_GROUP),
                ref("keyName", KEY_PAIR, on_delete=OnDelete.IGNORE),
                ref("iamInstanceProfile", INSTANCE_PROFILE, on_delete=OnDelete.IGNORE),
            ),
        ),
        "ami availabilityZone subnetId keyName privateIp placementGroup tenancy secondaryPrivateIps hibernation",
    ),
    KMS_KEY: kind(Kind(identify=lambda birth: birth.hex(32), compute=lambda b, i: {"arn": arn(b, "kms", f"key/{i}")})),
}
