"""A cluster's groups in moto, made with boto3 as the components make them: templates, scaling groups, targets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from kops_pulumi.model import ClusterPlan, Group

REGION = "eu-west-1"
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # seconds for images that nobody asks for
}


@contextmanager
def simulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS played by moto, for every boto3 client of this process."""
    from moto import mock_aws
    from moto.autoscaling.models import InstanceState

    monkeypatch.setattr(InstanceState, "launch_template", property(_made_from))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in _ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


def _made_from(state: Any) -> dict[str, Any] | None:
    """The template and the version that a machine was started from, as EC2 tells; moto tells the default version."""
    group, template = state.auto_scaling_group, state.auto_scaling_group.ec2_launch_template
    if template is None:
        return None
    if not hasattr(state, "made_from"):
        state.made_from = group.launch_template_version
    return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": state.made_from}


@dataclass
class Account:
    """An account that a cluster's groups are made in."""

    plan: ClusterPlan
    subnet: str = ""
    templates: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ec2, self.autoscaling, self.balancers = (self._client(n) for n in ("ec2", "autoscaling", "elbv2"))
        vpc = self.ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
        self.subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.4.0.0/24")["Subnet"]["SubnetId"]
        self.vpc = vpc
        self.image = self.ec2.register_image(Name="ubuntu")["ImageId"]

    @staticmethod
    def _client(name: str) -> Any:
        import boto3

        return boto3.client(name, region_name=REGION)

    def target_group(self, name: str = "api") -> str:
        """A target group that groups can join."""
        made = self.balancers.create_target_group(Name=name, Protocol="TCP", Port=443, VpcId=self.vpc)
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def make(self, group: Group, size: int, *, targets: tuple[str, ...] = (), mixed: bool = False) -> None:
        """A scaling group and its launch template, with as many machines."""
        name = group.physical_name
        tags = self._tags(group)
        template = self.ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={
                "ImageId": self.image,
                "InstanceType": "t3.medium",
                "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}],
            },
        )["LaunchTemplate"]["LaunchTemplateId"]
        self.templates[group.name] = template
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=size,
            MaxSize=size * 2,
            DesiredCapacity=size,
            VPCZoneIdentifier=self.subnet,
            TargetGroupARNs=list(targets),
            Tags=[{**tag, "PropagateAtLaunch": True} for tag in tags],
            **self._launch(template, "1", mixed=mixed),
        )

    def change(self, group: Group, *, mixed: bool = False) -> None:
        """Another version of the group's launch template, which the group starts machines from now on."""
        self.autoscaling.describe_auto_scaling_groups()  # moto remembers versions when it is asked
        template = self.templates[group.name]
        data = {"ImageId": self.image, "InstanceType": "t3.large"}
        made = self.ec2.create_launch_template_version(
            LaunchTemplateId=template, LaunchTemplateData=data, SourceVersion="1"
        )
        version = str(made["LaunchTemplateVersion"]["VersionNumber"])
        self.autoscaling.update_auto_scaling_group(
            AutoScalingGroupName=group.physical_name, **self._launch(template, version, mixed=mixed)
        )

    def running(self) -> set[str]:
        """Ids of the machines that run."""
        orders = self.ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
        return {item["InstanceId"] for order in orders["Reservations"] for item in order["Instances"]}

    def _tags(self, group: Group) -> list[dict[str, str]]:
        from kops_pulumi.clouds.aws import tags

        return [{"Key": key, "Value": value} for key, value in tags.group(self.plan, group).items()]

    @staticmethod
    def _launch(template: str, version: str, *, mixed: bool) -> dict[str, Any]:
        found = {"LaunchTemplateId": template, "Version": version}
        if not mixed:
            return {"LaunchTemplate": found}
        return {"MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": found}}}
