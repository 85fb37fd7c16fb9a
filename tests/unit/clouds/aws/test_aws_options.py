"""The pure side of AWS: regions, defaults, and options read from manifests."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kops_pulumi import clouds
from kops_pulumi.clouds.aws import options
from kops_pulumi.clouds.aws.options import AwsGroup, Bounds, LifecycleHook, WarmPool
from kops_pulumi.model import Role
from tests.support.specs import full, group

AWS = clouds.get("aws")


def of_group(cluster: dict[str, object] | None = None, **spec: object) -> AwsGroup:
    workers = group("workers", "Node", **spec)
    return options.group_options(full(groups=(workers,), **(cluster or {})), workers)


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("eu-west-1a", "eu-west-1"),
        ("us-gov-west-1b", "us-gov-west-1"),
        ("us-west-2-lax-1a", "us-west-2"),
        ("us-east-1-wl1-bos-wlz-1", "us-east-1"),
        ("nowhere", ""),
    ],
)
def test_the_region_is_in_the_zones_name(zone: str, region: str) -> None:
    subnets = [{"name": "a", "type": "Public", "zone": zone, "cidr": "10.4.0.0/19"}]
    assert AWS.region(full(subnets=subnets).cluster) == region


def test_defaults_are_dated_and_their_image_is_exact() -> None:
    row = AWS.defaults("2030-01-01")
    assert row == AWS.defaults("2026-11-01")
    assert AWS.defaults("2020-01-01") == row, "days before the first row get the first row"
    assert row.image.rpartition("-")[2].isdigit()
    assert set(row.machine_types) == set(row.root_volume_sizes) == set(Role)


@pytest.mark.parametrize(
    ("store", "region", "url"),
    [
        ("s3://tokens", "eu-west-1", "https://tokens.s3.eu-west-1.amazonaws.com"),
        ("s3://tokens/prod/a/", "eu-west-1", "https://tokens.s3.eu-west-1.amazonaws.com/prod/a"),
        ("s3://tokens", "cn-north-1", "https://tokens.s3.cn-north-1.amazonaws.com.cn"),
        ("s3://tokens", "us-gov-west-1", "https://tokens.s3.us-gov-west-1.amazonaws.com"),
        ("memfs://tokens.example.com/prod", "eu-west-1", "https://tokens.example.com/prod"),
    ],
)
def test_a_discovery_store_has_a_public_url(store: str, region: str, url: str) -> None:
    assert AWS.issuer_url(store, region) == url


def test_a_plain_group_is_secure_and_announced_on_the_queue() -> None:
    plain = of_group()
    assert plain.require_session_tokens
    assert plain.hop_limit == 1
    assert plain.hooks == (LifecycleHook("workers-NTHLifecycleHook", launching=False, timeout=300, abandon=False),)
    assert plain.mixed is None
    assert plain.warm_pool is None


@pytest.mark.parametrize(
    ("cluster", "queue"),
    [
        ({}, True),
        ({"nodeTerminationHandler": {"enabled": True}}, True),
        ({"nodeTerminationHandler": {"enabled": False}}, False),
        ({"nodeTerminationHandler": {"enableSQSTerminationDraining": False}}, False),
        ({"karpenter": {"enabled": True}}, False),
    ],
)
def test_the_queue_mode_decides_hooks_and_tag(cluster: dict[str, object], queue: bool) -> None:
    assert bool(of_group(cluster).hooks) is queue
    assert (options.cluster_options(full(**cluster)).termination_tag is not None) is queue


def test_a_warm_pool_is_inherited_and_can_be_switched_off() -> None:
    cluster = {"warmPool": {"minSize": 1, "maxSize": 3, "enableLifecycleHook": True}}
    pooled = of_group(cluster)
    assert pooled.warm_pool == WarmPool(1, 3)
    assert LifecycleHook("kops-warmpool", launching=True, timeout=600, abandon=True) in pooled.hooks
    assert of_group(cluster, warmPool={"maxSize": 0}).warm_pool is None


def test_mixed_instances_keep_the_users_order_of_preference() -> None:
    mixed = of_group(mixedInstancesPolicy={"instances": ["m7i.large", "m6i.large"], "onDemandBase": 1}).mixed
    assert mixed is not None
    assert mixed.instance_types == ("m7i.large", "m6i.large")
    assert mixed.on_demand_base == 1


def test_requirements_are_whole_numbers_in_aws_units() -> None:
    needs = {"cpu": {"min": "2", "max": "16"}, "memory": {"min": "4Gi"}}
    mixed = of_group(mixedInstancesPolicy={"instanceRequirements": needs}).mixed
    assert mixed is not None
    assert mixed.cpu == Bounds(2, 16)
    assert mixed.memory == Bounds(4096, None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("48h20m", 174_000),
        ("0", 0),
        (90, 90),
        ("1h30m10s", 5410),
        (timedelta(days=1), 86_400),
        (None, None),
        ("", None),
    ],
)
def test_durations_are_seconds(value: object, seconds: int | None) -> None:
    assert options.seconds(value) == seconds


@pytest.mark.parametrize("value", ["two days", "h", "5d"])
def test_what_is_no_duration_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        options.seconds(value)


def test_what_is_no_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        options.mebibytes("lots")
