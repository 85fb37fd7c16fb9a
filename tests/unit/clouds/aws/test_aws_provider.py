"""The provider that a cluster makes for itself: the manifest's region, the stack's other settings."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pytest

from kops_pulumi.clouds.aws import provider
from kops_pulumi.testing import SECRET, Registered, record
from tests.support import features


def made(config: dict[str, str]) -> Registered:
    plan = replace(features.planned(features.base()).plan, region="eu-west-1")

    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Cluster", "cluster")
        provider.make("cluster-aws", plan, parent)

    (found,) = [r for r in record(program, config=config) if r.type == "pulumi:providers:aws"]
    return found


def test_the_region_is_the_manifests() -> None:
    assert made({}).inputs["region"] == "eu-west-1"


def test_another_region_in_the_settings_is_named_and_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    assert made({"aws:region": "us-east-1"}).inputs["region"] == "eu-west-1"
    assert "us-east-1" in caplog.text


def test_settings_of_the_stack_are_taken_over() -> None:
    config = {"aws:profile": "dev", "aws:token": "x", "aws:maxRetries": "3", "aws:skipCredentialsValidation": "true"}
    inputs = made(config | {"aws:defaultTags": '{"tags": {"team": "x"}}'}).inputs
    assert inputs["profile"] == "dev"
    assert inputs["token"] == SECRET
    assert inputs["maxRetries"] == "3"
    assert inputs["skipCredentialsValidation"] == "true"
    assert inputs["defaultTags"] == '{"tags": {"team": "x"}}'
