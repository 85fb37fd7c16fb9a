"""Launch templates on AWS: what a machine of an instance group is made of.

Session tokens are required of clients of the metadata service, disks are encrypted, and machines, their disks and their
interfaces carry the group's tags. User data is base64 of the plan's text, gzipped (with no time in it) when the group
asks.

https://www.pulumi.com/registry/packages/aws/api-docs/ec2/launchtemplate/
"""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

from kops_pulumi.clouds.aws import tags
from kops_pulumi.components import late
from kops_pulumi.model import ClusterPlan, Group, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kops_pulumi.clouds.aws.images import Image
    from kops_pulumi.clouds.aws.options import AwsGroup
    from kops_pulumi.components.handles import Handles

_TAKES_IOPS = frozenset({"gp3", "io1", "io2"})
_TAKES_THROUGHPUT = frozenset({"gp3"})
_INSTANCE_STORES: Mapping[str, int] = {
    "c3": 2,
    "m3.medium": 1,
    "m3.large": 1,
    "m3": 2,
    "r3.8xlarge": 2,
    "r3": 1,
    "i2.xlarge": 1,
    "i2.2xlarge": 2,
    "i2.4xlarge": 4,
    "i2.8xlarge": 8,
    "g2.2xlarge": 1,
    "g2.8xlarge": 2,
}
"""Instance-store disks that must be mapped to be seen, by type or family; those on NVMe map themselves.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
"""
_STORE_DEVICES = "cdefghij"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a launch template refers to."""

    image: Image
    key_name: pulumi.Input[str] | None
    profile: pulumi.Input[str] | None
    """Name of our instance profile, or the ARN of the user's."""
    security_groups: tuple[pulumi.Output[str], ...]


def template(
    name: str, plan: ClusterPlan, group: Group, parts: Parts, handles: Handles, opts: pulumi.ResourceOptions
) -> ec2.LaunchTemplate:
    """A group's launch template; changing anything but its name makes a new version of it."""
    options: AwsGroup = group.options
    owned = tags.group(plan, group)
    return ec2.LaunchTemplate(
        name,
        name=group.physical_name,
        image_id=parts.image.id,
        instance_type=group.machine_type,
        key_name=parts.key_name,
        iam_instance_profile=_profile(group, parts),
        block_device_mappings=_disks(group, parts.image),
        network_interfaces=[_interface(plan, group, parts)],
        metadata_options=_metadata(options),
        monitoring=ec2.LaunchTemplateMonitoringArgs(enabled=options.detailed_monitoring),
        instance_market_options=_spot(options),
        credit_specification=_credits(options),
        placement=ec2.LaunchTemplatePlacementArgs(tenancy=options.tenancy) if options.tenancy else None,
        ebs_optimized=None if options.ebs_optimized is None else str(options.ebs_optimized).lower(),
        tag_specifications=[
            ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=owned)
            for kind in ("instance", "volume", "network-interface")
        ],
        user_data=_user_data(group, handles),
        tags=owned,
        opts=opts,
    )


def encode(text: str, *, compress: bool) -> str:
    """User data as EC2 takes it; the same text gives the same bytes.

    >>> encode("#cloud-config", compress=False)
    'I2Nsb3VkLWNvbmZpZw=='
    """
    data = text.encode()
    return base64.b64encode(gzip.compress(data, mtime=0) if compress else data).decode()


def volume_performance(volume: Volume) -> tuple[int | None, int | None]:
    """IOPS and MiB/s, where the disk's type takes them."""
    iops = volume.iops if volume.type in _TAKES_IOPS else None
    return iops, volume.throughput if volume.type in _TAKES_THROUGHPUT else None


def _user_data(group: Group, handles: Handles) -> pulumi.Output[str] | None:
    data = group.user_data
    if data is None:
        return None
    return late.text(data.text, handles).apply(lambda text: encode(text, compress=data.compress))


def _profile(group: Group, parts: Parts) -> ec2.LaunchTemplateIamInstanceProfileArgs | None:
    if parts.profile is None:
        return None
    if group.existing_identity:
        return ec2.LaunchTemplateIamInstanceProfileArgs(arn=parts.profile)
    return ec2.LaunchTemplateIamInstanceProfileArgs(name=parts.profile)


def _disks(group: Group, image: Image) -> list[ec2.LaunchTemplateBlockDeviceMappingArgs]:
    mappings = [_disk(image.root_device, group.root_volume)]
    mappings += [_disk(volume.device or "", volume) for volume in group.volumes]
    family = group.machine_type.partition(".")[0]
    stores = _INSTANCE_STORES.get(group.machine_type, _INSTANCE_STORES.get(family, 0))
    return mappings + [
        ec2.LaunchTemplateBlockDeviceMappingArgs(
            device_name=f"/dev/sd{_STORE_DEVICES[number]}", virtual_name=f"ephemeral{number}"
        )
        for number in range(stores)
    ]


def _disk(device: pulumi.Input[str], volume: Volume) -> ec2.LaunchTemplateBlockDeviceMappingArgs:
    iops, throughput = volume_performance(volume)
    return ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=device,
        ebs=ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_size=volume.size,
            volume_type=volume.type,
            iops=iops,
            throughput=throughput,
            encrypted="true" if volume.encrypted else "false",
            kms_key_id=volume.kms_key,
            delete_on_termination="true" if volume.delete_on_termination else "false",
        ),
    )


def _interface(plan: ClusterPlan, group: Group, parts: Parts) -> ec2.LaunchTemplateNetworkInterfaceArgs:
    subnets = [subnet for subnet in plan.network.subnets if subnet.name in group.subnets]
    ipv6 = any(subnet.ipv6_cidr is not None or subnet.ipv6_index is not None for subnet in subnets)
    return ec2.LaunchTemplateNetworkInterfaceArgs(
        associate_public_ip_address="true" if group.public_ip else "false",
        delete_on_termination="true",
        ipv6_address_count=1 if ipv6 else None,
        security_groups=list(parts.security_groups),
    )


def _metadata(options: AwsGroup) -> ec2.LaunchTemplateMetadataOptionsArgs:
    return ec2.LaunchTemplateMetadataOptionsArgs(
        http_endpoint="enabled",
        http_tokens="required" if options.require_session_tokens else "optional",
        http_put_response_hop_limit=options.hop_limit,
        http_protocol_ipv6="enabled" if options.ipv6_metadata else "disabled",
    )


def _spot(options: AwsGroup) -> ec2.LaunchTemplateInstanceMarketOptionsArgs | None:
    """A group with a price buys on the spot market; a mixed group says so in its scaling group instead."""
    if options.spot_max_price is None or options.mixed:
        return None
    return ec2.LaunchTemplateInstanceMarketOptionsArgs(
        market_type="spot",
        spot_options=ec2.LaunchTemplateInstanceMarketOptionsSpotOptionsArgs(
            max_price=options.spot_max_price, instance_interruption_behavior=options.interruption_behavior
        ),
    )


def _credits(options: AwsGroup) -> ec2.LaunchTemplateCreditSpecificationArgs | None:
    if options.cpu_credits is None:
        return None
    return ec2.LaunchTemplateCreditSpecificationArgs(cpu_credits=options.cpu_credits)
