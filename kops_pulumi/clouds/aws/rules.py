"""Findings that only AWS can make: the forms of its ids and ARNs, its ranges, and fields that belong to other clouds.

Rules are tables of attribute paths; `values` walks the resolved models along a path and keeps the path as the user
wrote it. Cross-field rules are one function each. This module must not import pulumi.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kops_pulumi.clouds.aws import options
from kops_pulumi.clouds.ownership import foreign
from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.resolve.paths import values

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec

_ARN = r"arn:aws[\w-]*"
_SECURITY_GROUP = (r"sg-[\w-]+", "a security group id (sg-…)")
_KMS = (
    rf"{_ARN}:kms:[\w-]+:\d{{12}}:(key|alias)/.+|alias/.+|[0-9a-f]{{8}}-[0-9a-f-]{{27}}|mrk-[0-9a-f]{{32}}",
    "a KMS key ARN, id or alias",
)
_POLICY = (rf"{_ARN}:iam::(\d{{12}}|aws):policy/.+", "the ARN of an IAM policy")
_PROCESSES = (
    (
        r"Launch|Terminate|AddToLoadBalancer|AlarmNotification|AZRebalance|HealthCheck|InstanceRefresh|ReplaceUnhealthy"
        r"|ScheduledActions"
    ),
    (
        "a scaling process: Launch, Terminate, AddToLoadBalancer, AlarmNotification, AZRebalance, HealthCheck, "
        "InstanceRefresh, ReplaceUnhealthy or ScheduledActions"
    ),
)
_VOLUME_TYPE = (r"standard|gp2|gp3|io1|io2", "an EBS volume type: standard, gp2, gp3, io1 or io2")

_Forms = Mapping[str, tuple[str, str]]

CLUSTER_FORMS: _Forms = {
    "spec.network_id": (r"vpc-[\w-]+", "a VPC id (vpc-…)"),
    "spec.subnets[].id": (r"subnet-[\w-]+", "a subnet id (subnet-…)"),
    "spec.subnets[].zone": (r"[a-z]{2}(-[a-z]+)+-\d+([a-z]|-[a-z0-9-]+)", "an availability zone (us-east-1a)"),
    "spec.subnets[].egress": (
        r"External|(nat|eipalloc|i|tgw)-[\w-]+",
        "External, a NAT gateway (nat-…), an address (eipalloc-…), an instance (i-…) or a transit gateway (tgw-…)",
    ),
    "spec.subnets[].additional_routes[].target": (
        r"(pcx|i|nat|tgw|igw|eigw|eni)-[\w-]+",
        (
            "a peering (pcx-…), instance (i-…), NAT gateway (nat-…), transit gateway (tgw-…), internet gateway "
            "(igw-…, eigw-…) or network interface (eni-…)"
        ),
    ),
    "spec.api.load_balancer.additional_security_groups[]": _SECURITY_GROUP,
    "spec.api.load_balancer.security_group_override": _SECURITY_GROUP,
    "spec.api.load_balancer.ssl_certificate": (rf"{_ARN}:(acm|iam):.*", "the ARN of a certificate in ACM or IAM"),
    "spec.api.load_balancer.class_": (r"Network", "Network: classic load balancers cannot carry the API any more"),
    "spec.api.load_balancer.subnets[].allocation_id": (r"eipalloc-[\w-]+", "an address allocation (eipalloc-…)"),
    "spec.topology.bastion.load_balancer.additional_security_groups[]": _SECURITY_GROUP,
    "spec.iam.permissions_boundary": _POLICY,
    "spec.iam.service_account_external_permissions[].aws.policy_arns[]": _POLICY,
    "spec.external_policies[][]": _POLICY,
    "spec.cloud_config.elb_security_group": _SECURITY_GROUP,
    "spec.etcd_clusters[].etcd_members[].kms_key_id": _KMS,
    "spec.etcd_clusters[].etcd_members[].volume_type": _VOLUME_TYPE,
}

GROUP_FORMS: _Forms = {
    "spec.image": (
        r"ami-[\w-]+|ssm:/?[\w./-]+|[\w.-]+/.+",
        "an AMI id (ami-…), an owner and a name (owner/name) or a parameter (ssm:path)",
    ),
    "spec.machine_type": (
        r"[a-z][a-z0-9-]*\.[a-z0-9-]+",
        "an instance type (t3.medium); several types go into mixedInstancesPolicy",
    ),
    "spec.mixed_instances_policy.instances[]": (r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "an instance type (t3.medium)"),
    "spec.additional_security_groups[]": _SECURITY_GROUP,
    "spec.security_group_override": _SECURITY_GROUP,
    "spec.root_volume_type": _VOLUME_TYPE,
    "spec.root_volume_encryption_key": _KMS,
    "spec.volumes[].device": (r"/dev/(sd|xvd|nvme)[a-z0-9]+", "a device name (/dev/sdf)"),
    "spec.volumes[].type": (rf"{_VOLUME_TYPE[0]}|st1|sc1", f"{_VOLUME_TYPE[1]}, st1 or sc1"),
    "spec.volumes[].key": _KMS,
    "spec.iam.profile": (rf"{_ARN}:iam::\d{{12}}:instance-profile/.+", "the ARN of an instance profile"),
    "spec.external_load_balancers[].target_group_arn": (
        rf"{_ARN}:elasticloadbalancing:.+:targetgroup/.+",
        "the ARN of a target group",
    ),
    "spec.external_load_balancers[].load_balancer_name": (
        r"[A-Za-z0-9-]{1,32}",
        "the name of a load balancer, 32 letters, digits and dashes at most",
    ),
    "spec.suspend_processes[]": _PROCESSES,
    "spec.max_price": (r"\d+(\.\d+)?", "US dollars an hour (0.1)"),
    "spec.mixed_instances_policy.on_demand_allocation_strategy": (
        r"prioritized|lowest-price",
        "prioritized or lowest-price",
    ),
    "spec.mixed_instances_policy.spot_allocation_strategy": (
        r"lowest-price|capacity-optimized|capacity-optimized-prioritized|price-capacity-optimized|diversified",
        "lowest-price, capacity-optimized, capacity-optimized-prioritized, price-capacity-optimized or diversified",
    ),
}

RANGES: Mapping[str, tuple[int, int, str]] = {
    "spec.root_volume_size": (1, 16384, "GiB"),
    "spec.volumes[].size": (1, 16384, "GiB"),
}
"""Lowest, highest, unit (EBS CreateVolume). What holds on every cloud is checked by `spec`."""

IOPS: Mapping[str, tuple[int, int]] = {"gp3": (3000, 80000), "io1": (100, 64000), "io2": (100, 256000)}
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html"""
THROUGHPUT = (125, 2000)
"""MiB/s, gp3 only."""
LIFETIME = (86_400, 31_536_000)
"""Seconds. https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html"""


def findings(full: FullSpec) -> list[Finding]:
    """All findings that only AWS can make: the cluster's, each group's, then fields of other clouds."""
    cluster, name = full.cluster, full.cluster.metadata.name
    found = [
        *_forms(cluster, CLUSTER_FORMS),
        *_etcd_volumes(cluster),
    ]
    result = [replace(finding, document=f"Cluster/{name}") for finding in found]
    for group in full.groups:
        found = [
            *_forms(group, GROUP_FORMS),
            *_ranges(group),
            *_volumes(group),
            *_machines(group),
            *_spot(full, group),
        ]
        result += [replace(finding, document=f"InstanceGroup/{group.metadata.name}") for finding in found]
    return [*result, *foreign(full, "aws")]


def _forms(model: Any, forms: _Forms) -> Iterator[Finding]:
    for dotted, (pattern, meaning) in forms.items():
        for path, value in values(model, dotted):
            text = str(getattr(value, "value", value))
            if not re.fullmatch(pattern, text):
                yield Finding(path, f"{text!r} is not {meaning}")


def _ranges(group: Any) -> Iterator[Finding]:
    for dotted, (low, high, unit) in RANGES.items():
        for path, value in values(group, dotted):
            if not low <= value <= high:
                yield Finding(path, f"{value} is outside {low} to {high} {unit}")


def _etcd_volumes(cluster: Any) -> Iterator[Finding]:
    for path, member in values(cluster, "spec.etcd_clusters[].etcd_members[]"):
        yield from _performance(
            path, member.volume_type, member.volume_iops, member.volume_throughput, "volumeIops", "volumeThroughput"
        )


def _volumes(group: Any) -> Iterator[Finding]:
    spec = group.spec
    names = ("rootVolumeIops", "rootVolumeThroughput")
    yield from _performance(
        ("spec",), spec.root_volume_type, spec.root_volume_iops, spec.root_volume_throughput, *names
    )
    for path, volume in values(group, "spec.volumes[]"):
        yield from _performance(path, volume.type, volume.iops, volume.throughput, "iops", "throughput")


def _performance(
    path: KeyPath, kind: str | None, iops: int | None, throughput: int | None, *names: str
) -> Iterator[Finding]:
    """Rules of one volume, gp3 unless it says otherwise. Figures that a type does not take are ignored."""
    kind = kind or "gp3"
    limits = IOPS.get(kind)
    if limits and iops and not limits[0] <= iops <= limits[1]:
        yield Finding((*path, names[0]), f"{iops} is outside {limits[0]} to {limits[1]} IOPS of a {kind} volume")
    if kind == "gp3" and throughput and not THROUGHPUT[0] <= throughput <= THROUGHPUT[1]:
        yield Finding((*path, names[1]), f"{throughput} is outside {THROUGHPUT[0]} to {THROUGHPUT[1]} MiB/s")


def _spot(full: FullSpec, group: Any) -> Iterator[Finding]:
    """A warm pool, the group's own or the cluster's, holds no spot machines (EC2 PutWarmPool refuses it)."""
    if group.spec.max_price and options.warm_pool(full, group):
        hint = "remove maxPrice, or set warmPool.maxSize: 0"
        yield Finding(("spec", "warmPool"), "spot machines cannot wait in a warm pool", hint)


def _machines(group: Any) -> Iterator[Finding]:
    """Rules between the fields of one group."""
    spec = group.spec
    types = [spec.machine_type or "", *((spec.mixed_instances_policy and spec.mixed_instances_policy.instances) or ())]
    if spec.cpu_credits and not any(re.match(r"t\d", kind) for kind in types):
        yield Finding(
            ("spec", "cpuCredits"), f"{spec.machine_type} has no CPU credits", "only T instance types have them"
        )
    policy = spec.mixed_instances_policy
    if policy and policy.spot_instance_pools and policy.spot_allocation_strategy not in (None, "lowest-price"):
        hint = "pools go with spotAllocationStrategy lowest-price"
        yield Finding(("spec", "mixedInstancesPolicy", "spotInstancePools"), "contradicts spotAllocationStrategy", hint)
    try:
        lifetime = options.seconds(spec.max_instance_lifetime)
    except ValueError as error:
        yield Finding(("spec", "maxInstanceLifetime"), str(error), "for example 168h")
        return
    if lifetime and not LIFETIME[0] <= lifetime <= LIFETIME[1]:
        yield Finding(
            ("spec", "maxInstanceLifetime"),
            f"{lifetime} s is outside {LIFETIME[0]} to {LIFETIME[1]} s",
            "1 to 365 days, or 0",
        )
