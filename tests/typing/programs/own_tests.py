"""A user's unit tests: what would a program register? No engine, no cloud, no credentials."""

import functools

from kops_pulumi import Cluster
from kops_pulumi.testing import Answers, Recording, Registered, record


@functools.cache
def clusters() -> Recording:
    return record(lambda: Cluster("small", "examples/aws/minimal.yaml"), answers=Answers(), config={"aws:profile": "x"})


def test_machines_ask_for_tokens() -> None:
    templates: list[Registered] = clusters().of("aws:ec2/launchTemplate:LaunchTemplate")
    assert templates
    for template in templates:
        assert template.inputs["metadataOptions"]["httpTokens"] == "required"


def test_etcd_volumes_are_protected() -> None:
    volumes = [resource for resource in clusters() if resource.type == "aws:ebs/volume:Volume"]
    assert volumes
    assert all(volume.protect for volume in volumes)
