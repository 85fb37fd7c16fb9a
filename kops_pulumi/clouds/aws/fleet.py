"""The machines of a cluster on AWS after their creation: Auto Scaling groups, warm pools, target groups (no pulumi).

Listing takes one call per hundred groups, one per warm pool, and one per thousand machines. Machines that were detached
are found again by a tag, so that a roll that was cut off goes on. What machines are replaced, when, and in which order
is not decided here (`automation/rolling`).

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/, …/AWSEC2/latest/APIReference/ and
…/elasticloadbalancing/latest/APIReference/, by the name of each call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, FleetGroup, Group, Machine, MachineState

if TYPE_CHECKING:
    from boto3.session import Session

DETACHED_TAG: Final = "kops.k8s.io/detached-from-asg"
"""On a machine that was taken out of its group: the group's name. kops uses the same."""
GROUP_TAG: Final = "kops.k8s.io/instancegroup"
NODE_POOL_TAG: Final = "karpenter.sh/nodepool"
"""Karpenter's own, on machines that it starts: https://karpenter.sh/docs/concepts/nodeclasses/#spectags."""
ATTEMPTS: Final = 13
"""Of every call, with the SDK's adaptive pauses: accounts with many groups are throttled."""
PAGE: Final = 1000
_GONE: Final = frozenset({"shutting-down", "terminated"})
_STATES: Final = ("pending", "running", "stopping", "stopped")
_NOT_THERE: Final = frozenset(
    {"InvalidInstanceID.NotFound", "InvalidTarget", "TargetGroupNotFound", "AccessPointNotFound", "InvalidInstance"}
)
_DRAINED: Final = frozenset({"unused", "unavailable"})
"""States of a target that gets no traffic: API_DescribeTargetHealth, `TargetHealth`."""
_KEYS: Final = {"accessKey": "aws_access_key_id", "secretKey": "aws_secret_access_key", "token": "aws_session_token"}


def connect(plan: ClusterPlan, settings: Mapping[str, Any]) -> AwsFleet:
    """The fleet of a plan; `settings` are those of the Pulumi provider (`aws:profile` as `profile`, …)."""
    return AwsFleet(plan, Calls(plan.region, settings))


@dataclass(frozen=True)
class Calls:
    """Clients of the services, made when they are first needed."""

    region: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def autoscaling(self) -> Any:
        """Groups and warm pools."""
        return self._client("autoscaling")

    @cached_property
    def ec2(self) -> Any:
        """Machines."""
        return self._client("ec2")

    @cached_property
    def balancers(self) -> Any:
        """Target groups."""
        return self._client("elbv2")

    @cached_property
    def classic(self) -> Any:
        """Classic load balancers of the user's own."""
        return self._client("elb")

    @cached_property
    def iam(self) -> Any:
        """Roles and profiles."""
        return self._client("iam")

    @cached_property
    def sqs(self) -> Any:
        """Queues."""
        return self._client("sqs")

    @cached_property
    def s3(self) -> Any:
        """Buckets."""
        return self._client("s3")

    def _client(self, service: str) -> Any:
        from botocore.config import Config

        endpoints = [item for item in self.settings.get("endpoints") or () if service in item]
        retries = Config(retries={"mode": "adaptive", "max_attempts": ATTEMPTS})
        with translated():
            return self._session.client(
                service, config=retries, endpoint_url=endpoints[0][service] if endpoints else None
            )

    @cached_property
    def _session(self) -> Session:
        import boto3

        keys = {ours: self.settings[theirs] for theirs, ours in _KEYS.items() if self.settings.get(theirs)}
        with translated():
            session = boto3.Session(profile_name=self.settings.get("profile"), region_name=self.region, **keys)
            for role in self.settings.get("assumeRoles") or ():
                session = self._as(session, role)
        return session

    def _as(self, session: Session, role: Mapping[str, Any]) -> Session:
        """The session of a role that the provider takes on too."""
        import boto3

        more = {"ExternalId": role["externalId"]} if role.get("externalId") else {}
        name = role.get("sessionName") or "kops-pulumi"
        answer = session.client("sts").assume_role(RoleArn=role["roleArn"], RoleSessionName=name, **more)
        given = answer["Credentials"]
        return boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=self.region,
        )


class AwsFleet:
    """The machines of one cluster on AWS (`model.Fleet`)."""

    surges = True
    replaces_itself = True
    reuses_names = False

    def __init__(self, plan: ClusterPlan, calls: Calls) -> None:
        self._plan, self._calls = plan, calls
        self._by_address = bool(plan.options and plan.options.ip_based_node_names)
        self._balanced: dict[str, _Balancers] = {}
        self._leaving: set[str] = set()

    def groups(self) -> Sequence[FleetGroup]:
        """Every group with its machines; a group that the cloud does not have yet is empty."""
        with translated():
            scaling = self._scaling_groups()
            machines = {item["InstanceId"]: item for item in self._machines()}
        return tuple(self._group(group, scaling.get(group.physical_name), machines) for group in self._plan.groups)

    def detach(self, machine: Machine) -> None:
        """DetachInstances, the wanted size as it was: the group starts another. Tagged first, to be found again."""
        if machine.detached:
            return
        group = self._plan_group(machine)
        with translated():
            self._calls.ec2.create_tags(
                Resources=[machine.id], Tags=[{"Key": DETACHED_TAG, "Value": group.physical_name}]
            )
            self._calls.autoscaling.detach_instances(
                InstanceIds=[machine.id],
                AutoScalingGroupName=group.physical_name,
                ShouldDecrementDesiredCapacity=False,
            )

    def deregister(self, machine: Machine) -> bool:
        """Out of the target groups and classic load balancers of its group; True when they have drained it."""
        if machine.group not in self._balanced:
            self.groups()
        balancers = self._balanced.get(machine.group, _Balancers())
        if machine.id not in self._leaving:
            self._leave(machine.id, balancers)
            self._leaving.add(machine.id)
        return all(self._drained(machine.id, target_group) for target_group in balancers.target_groups)

    def terminate(self, machine: Machine) -> None:
        """By its group, which starts another; by EC2 what its group does not have (any more)."""
        by_group = self._plan_group(machine).managed and not machine.detached
        if by_group and self._leaves_group(machine):
            return
        with translated(ignore=_NOT_THERE):
            self._calls.ec2.terminate_instances(InstanceIds=[machine.id])

    def _leaves_group(self, machine: Machine) -> bool:
        """Whether its group has ended it; Auto Scaling has one code for all mistakes, so that the message counts."""
        from botocore.exceptions import ClientError

        with translated():
            try:
                self._calls.autoscaling.terminate_instance_in_auto_scaling_group(
                    InstanceId=machine.id, ShouldDecrementDesiredCapacity=False
                )
            except ClientError as error:
                if "Instance Id not found" not in str(error):
                    raise
                return False
        return True

    # -- listing

    def _scaling_groups(self) -> dict[str, Mapping[str, Any]]:
        """The cluster's groups by name."""
        filters = [{"Name": f"tag:kubernetes.io/cluster/{self._plan.name}", "Values": ["owned"]}]
        pages = self._calls.autoscaling.get_paginator("describe_auto_scaling_groups").paginate(
            Filters=filters, PaginationConfig={"PageSize": 100}
        )
        return {group["AutoScalingGroupName"]: group for page in pages for group in page["AutoScalingGroups"]}

    def _machines(self) -> Iterator[Mapping[str, Any]]:
        """Every machine of the cluster that is not gone."""
        filters = [
            {"Name": f"tag:kubernetes.io/cluster/{self._plan.name}", "Values": ["owned"]},
            {"Name": "instance-state-name", "Values": list(_STATES)},
        ]
        pages = self._calls.ec2.get_paginator("describe_instances").paginate(
            Filters=filters, PaginationConfig={"PageSize": PAGE}
        )
        return (item for page in pages for order in page["Reservations"] for item in order["Instances"])

    def _group(
        self, group: Group, scaling: Mapping[str, Any] | None, machines: Mapping[str, Mapping[str, Any]]
    ) -> FleetGroup:
        if scaling is None:
            found = self._self_started(group, machines) if not group.managed else ()
            desired = sum(machine.state is MachineState.RUNNING for machine in found)
            return FleetGroup(group.name, desired, group.min_size, group.max_size, tuple(found))
        self._balanced[group.name] = _Balancers(
            tuple(scaling.get("TargetGroupARNs") or ()), tuple(scaling.get("LoadBalancerNames") or ())
        )
        wanted = _template(scaling)
        members = [*scaling["Instances"], *self._warm(scaling)]
        seen = (self._member(group, item, wanted, machines.get(item["InstanceId"])) for item in members)
        found = [machine for machine in seen if machine is not None]
        found += self._detached(group, machines, {item["InstanceId"] for item in members})
        return FleetGroup(
            name=group.name,
            desired=scaling["DesiredCapacity"],
            min_size=scaling["MinSize"],
            max_size=scaling["MaxSize"],
            machines=tuple(sorted(found, key=lambda machine: machine.id)),
        )

    def _warm(self, scaling: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        if not scaling.get("WarmPoolConfiguration"):
            return []
        request = {"AutoScalingGroupName": scaling["AutoScalingGroupName"]}
        found: list[Mapping[str, Any]] = []
        while True:
            page = self._calls.autoscaling.describe_warm_pool(**request)
            found += page.get("Instances") or ()
            if not page.get("NextToken"):
                return found
            request["NextToken"] = page["NextToken"]

    def _member(
        self, group: Group, item: Mapping[str, Any], wanted: _Template, machine: Mapping[str, Any] | None
    ) -> Machine | None:
        """A machine as its group has it; None when EC2 has ended it already."""
        if machine is None and not item["LifecycleState"].startswith(("Pending", "Warmed")):
            return None
        return Machine(
            id=item["InstanceId"],
            group=group.name,
            state=_state(item["LifecycleState"]),
            outdated=not wanted.made(item.get("LaunchTemplate")),
            zone=item.get("AvailabilityZone"),
            machine_type=item.get("InstanceType"),
            **self._seen(machine, item["InstanceId"]),
        )

    def _detached(
        self, group: Group, machines: Mapping[str, Mapping[str, Any]], members: set[str]
    ) -> Iterator[Machine]:
        """Machines that an earlier run took out of the group, and that are still there: outdated all of them."""
        for id_, machine in machines.items():
            if id_ not in members and _tag(machine, DETACHED_TAG) == group.physical_name:
                yield self._alone(group, machine, outdated=True, detached=True)

    def _self_started(self, group: Group, machines: Mapping[str, Mapping[str, Any]]) -> Sequence[Machine]:
        """Karpenter's machines of a group. Whether they are up to date is Karpenter's own business (drift)."""
        mine = (item for item in machines.values() if group.name in {_tag(item, NODE_POOL_TAG), _tag(item, GROUP_TAG)})
        return sorted((self._alone(group, item) for item in mine), key=lambda machine: machine.id)

    def _alone(
        self, group: Group, machine: Mapping[str, Any], *, outdated: bool = False, detached: bool = False
    ) -> Machine:
        state = {"pending": MachineState.PENDING, "running": MachineState.RUNNING}
        return Machine(
            id=machine["InstanceId"],
            group=group.name,
            state=state.get(machine["State"]["Name"], MachineState.STOPPING),
            outdated=outdated,
            detached=detached,
            zone=machine.get("Placement", {}).get("AvailabilityZone"),
            machine_type=machine.get("InstanceType"),
            **self._seen(machine, machine["InstanceId"]),
        )

    def _seen(self, machine: Mapping[str, Any] | None, id_: str) -> dict[str, Any]:
        """What EC2 tells of a machine: its node's name and its addresses."""
        private = machine.get("PrivateDnsName") if machine else None
        addresses = [machine.get("PrivateIpAddress"), machine.get("PublicIpAddress")] if machine else []
        return {
            "name": (private or None) if self._by_address else id_,
            "addresses": tuple(address for address in addresses if address),
        }

    # -- balancers

    def _leave(self, id_: str, balancers: _Balancers) -> None:
        with translated(ignore=_NOT_THERE):
            for name in balancers.classic:
                self._calls.classic.deregister_instances_from_load_balancer(
                    LoadBalancerName=name, Instances=[{"InstanceId": id_}]
                )
        for target_group in balancers.target_groups:
            with translated(ignore=_NOT_THERE):
                self._calls.balancers.deregister_targets(TargetGroupArn=target_group, Targets=[{"Id": id_}])

    def _drained(self, id_: str, target_group: str) -> bool:
        found: Sequence[Mapping[str, Any]] = ()
        with translated(ignore=_NOT_THERE):
            answer = self._calls.balancers.describe_target_health(TargetGroupArn=target_group, Targets=[{"Id": id_}])
            found = answer["TargetHealthDescriptions"]
        return all(item["TargetHealth"]["State"] in _DRAINED for item in found)

    def _plan_group(self, machine: Machine) -> Group:
        return next(group for group in self._plan.groups if group.name == machine.group)


@dataclass(frozen=True, slots=True)
class _Balancers:
    target_groups: tuple[str, ...] = ()
    classic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Template:
    """The launch template that a group starts machines from."""

    id: str | None
    version: str | None

    def made(self, template: Mapping[str, Any] | None) -> bool:
        """Whether a machine was started from it; one of another kind (a launch configuration) was not."""
        if not template or self.id is None:
            return False
        return template.get("LaunchTemplateId") == self.id and template.get("Version") == self.version


def _template(scaling: Mapping[str, Any]) -> _Template:
    """The group's own launch template, or that of its mixed instances."""
    mixed = scaling.get("MixedInstancesPolicy") or {}
    found = scaling.get("LaunchTemplate") or mixed.get("LaunchTemplate", {}).get("LaunchTemplateSpecification") or {}
    return _Template(found.get("LaunchTemplateId"), found.get("Version"))


def _state(lifecycle: str) -> MachineState:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html"""
    if lifecycle.startswith("Warmed"):
        return MachineState.WARM
    if lifecycle.startswith("Pending"):
        return MachineState.PENDING
    leaving = lifecycle.startswith(("Terminat", "Detach"))
    return MachineState.STOPPING if leaving else MachineState.RUNNING


def _tag(machine: Mapping[str, Any], key: str) -> str | None:
    return next((tag["Value"] for tag in machine.get("Tags") or () if tag["Key"] == key), None)


@contextmanager
def translated(*, ignore: Iterable[str] = ()) -> Iterator[None]:
    """The SDK's errors as ours, in the cloud's own words; those that mean "it is gone already" may be ignored."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ignore:
            return
        raise KopsError(
            f"AWS refuses: {error}", hint="see which identity is used: aws sts get-caller-identity"
        ) from error
    except BotoCoreError as error:
        hint = "log in as for the AWS command line (AWS_PROFILE, aws sso login), or set aws:profile for the stack"
        raise KopsError(f"AWS cannot be asked: {error}", hint=hint) from error
