"""What the installed SDKs say of their types, and how inputs are held to it."""

from __future__ import annotations

from typing import Any

import pytest

from kops_pulumi.rehearsal.checks import check
from kops_pulumi.rehearsal.sdk import ResourceSchema, Sdk
from kops_pulumi.rehearsal.wire import UNKNOWN

AWS = Sdk("aws")
VPC, LAUNCH_TEMPLATE = "aws:ec2/vpc:Vpc", "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"


def schema(token: str) -> ResourceSchema:
    found = AWS.schema(token)
    assert found is not None
    return found


def test_inputs_have_the_engines_names_and_types() -> None:
    inputs = schema(VPC).inputs
    assert (inputs["cidrBlock"].type, inputs["enableDnsSupport"].type) == ("str", "bool")
    assert inputs["tags"].type == ["map", "str"]
    assert schema(GROUP).inputs["minSize"].required
    assert "ipv6AssociationId" in schema(VPC).outputs


def test_reading_types_does_not_import_the_sdk() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from kops_pulumi.rehearsal.sdk import Sdk; assert Sdk('aws').schema('aws:ec2/vpc:Vpc'); "
        "assert not {'pulumi', 'pulumi_aws'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_many_threads_may_ask_at_once() -> None:
    from concurrent.futures import ThreadPoolExecutor

    tokens = [LAUNCH_TEMPLATE, GROUP, VPC, "aws:lb/loadBalancer:LoadBalancer", "aws:ec2/instance:Instance"] * 4
    with ThreadPoolExecutor(8) as pool:
        sdks = [Sdk("aws") for _ in tokens]
        found = list(pool.map(lambda pair: pair[0].schema(pair[1]), zip(sdks, tokens, strict=True)))
    assert found == [AWS.schema(token) for token in tokens]


def test_a_type_that_the_sdk_lacks_has_no_schema() -> None:
    assert AWS.schema("aws:ec2/vcp:Vcp") is None


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match="pulumi_nosuchcloud is not installed"):
        Sdk("nosuchcloud")


def test_documented_replacements_are_known_for_types_outside_the_tables() -> None:
    assert "ipv6CidrBlock" in schema("aws:ec2/subnet:Subnet").forces_new


@pytest.mark.parametrize(
    ("token", "inputs", "failures"),
    [
        (VPC, {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}}, []),
        (VPC, {"cidrBlock": UNKNOWN, "tags": UNKNOWN}, []),
        (VPC, {"cidrBlok": "x"}, [("cidrBlok", "there is no property 'cidrBlok'; did you mean 'cidrBlock'?")]),
        (VPC, {"zzz": 1}, [("zzz", "there is no property 'zzz'")]),
        (VPC, {"cidrBlock": 10}, [("cidrBlock", "expected a string, got the number 10")]),
        (VPC, {"enableDnsSupport": "true"}, [("enableDnsSupport", "expected a boolean, got a string")]),
        (VPC, {"tags": {"a": True}}, [("tags.a", "expected a string, got the boolean true")]),
        (VPC, {"tags": ["a"]}, [("tags", "expected a map, got a list")]),
        (GROUP, {"minSize": 1}, [("maxSize", "required property is missing")]),
        (GROUP, {"minSize": 1.5, "maxSize": 2}, [("minSize", "expected a whole number, got the number 1.5")]),
        (
            GROUP,
            {"minSize": 1, "maxSize": 1, "enabledMetrics": ["GroupMinSise"]},
            [
                (
                    "enabledMetrics[0]",
                    "'GroupMinSise' is not one of the values that the SDK knows; did you mean 'GroupMinSize'?",
                )
            ],
        ),
        (
            LAUNCH_TEMPLATE,
            {"blockDeviceMappings": [{"ebs": {"volumeSize": "64", "iop": 3000}}]},
            [
                ("blockDeviceMappings[0].ebs.volumeSize", "expected a whole number, got a string"),
                ("blockDeviceMappings[0].ebs.iop", "there is no property 'iop'; did you mean 'iops'?"),
            ],
        ),
        (LAUNCH_TEMPLATE, {"metadataOptions": "none"}, [("metadataOptions", "expected an object, got a string")]),
    ],
)
def test_inputs_are_held_to_their_types(token: str, inputs: dict[str, Any], failures: list[tuple[str, str]]) -> None:
    assert check(schema(token), inputs) == failures
