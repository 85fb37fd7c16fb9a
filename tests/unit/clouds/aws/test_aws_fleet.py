"""The fleet on AWS, by real boto3 calls against moto."""

from __future__ import annotations

import dataclasses

import pytest

from kops_pulumi import addons, clouds, cni, plan
from kops_pulumi.clouds.aws import fleet as aws
from kops_pulumi.errors import KopsError
from kops_pulumi.model import MachineState
from tests.support.aws_fleet import Account, simulated
from tests.support.specs import full


@pytest.fixture
def account(monkeypatch):
    spec = full()
    made = plan.build(spec, clouds.get("aws"), cni.for_spec(spec), addons.enabled(spec))
    with simulated(monkeypatch):
        yield Account(made)


def groups_of(account):
    by_name = {group.name: group for group in account.plan.groups}
    return by_name["cp-a"], by_name["workers"]


def fleet_of(account):
    return aws.connect(account.plan, {})


def workers(fleet):
    return next(group for group in fleet.groups() if group.name == "workers")


def test_machines_of_the_current_template_are_up_to_date_and_those_of_an_older_one_are_not(account):
    control_plane, nodes = groups_of(account)
    account.make(control_plane, 1)
    account.make(nodes, 3)
    fleet = fleet_of(account)
    before = fleet.groups()
    assert [(g.name, g.desired, len(g.machines), any(m.outdated for m in g.machines)) for g in before] == [
        ("cp-a", 1, 1, False),
        ("workers", 3, 3, False),
    ]
    account.change(nodes)
    assert [sum(m.outdated for m in g.machines) for g in fleet.groups()] == [0, 3]


def test_a_machine_is_told_with_its_nodes_name_its_zone_and_its_addresses(account):
    _, nodes = groups_of(account)
    account.make(nodes, 1)
    (machine,) = workers(fleet_of(account)).machines
    assert machine.id.startswith("i-")
    assert (machine.name, machine.group, machine.state) == (machine.id, "workers", MachineState.RUNNING)
    assert machine.addresses[0].startswith("10.4.0.")
    assert machine.zone.startswith("eu-west-1")
    assert machine.machine_type == "t3.medium"


def test_nodes_that_are_called_after_their_address_are_found_by_it(account):
    _, nodes = groups_of(account)
    account.plan = dataclasses.replace(
        account.plan, options=dataclasses.replace(account.plan.options, ip_based_node_names=True)
    )
    account.make(nodes, 1)
    (machine,) = workers(fleet_of(account)).machines
    assert machine.name.startswith("ip-10-4-0-")


def test_mixed_instances_are_compared_with_the_template_of_their_policy(account):
    _, nodes = groups_of(account)
    account.make(nodes, 2, mixed=True)
    fleet = fleet_of(account)
    assert not any(machine.outdated for machine in workers(fleet).machines)
    account.change(nodes, mixed=True)
    assert all(machine.outdated for machine in workers(fleet).machines)


def test_a_terminated_machine_is_replaced_by_an_up_to_date_one(account):
    _, nodes = groups_of(account)
    account.make(nodes, 2)
    account.change(nodes)
    fleet = fleet_of(account)
    old, other = workers(fleet).machines
    fleet.terminate(old)
    now = {machine.id: machine.outdated for machine in workers(fleet).machines}
    assert old.id not in account.running()
    assert (len(now), now[other.id], sum(now.values())) == (2, True, 1)


def test_a_machine_that_its_group_does_not_have_is_ended_by_ec2(account, monkeypatch):
    from botocore.exceptions import ClientError

    _, nodes = groups_of(account)
    account.make(nodes, 1)
    fleet = fleet_of(account)
    (machine,) = workers(fleet).machines
    messages = iter(["Instance Id not found - No managed instance found for instance ID i-1", "something else"])

    def refuse(**_):
        raise ClientError({"Error": {"Code": "ValidationError", "Message": next(messages)}}, "Terminate")

    monkeypatch.setattr(fleet._calls.autoscaling, "terminate_instance_in_auto_scaling_group", refuse)
    fleet.terminate(machine)
    assert machine.id not in account.running()  # its group has lost sight of it: EC2 ends it
    with pytest.raises(KopsError, match="something else"):
        fleet.terminate(machine)


def test_a_detached_machine_runs_on_while_its_group_starts_another(account):
    _, nodes = groups_of(account)
    account.make(nodes, 2)
    account.change(nodes)
    fleet = fleet_of(account)
    old = workers(fleet).machines[0]
    fleet.detach(old)
    now = workers(fleet)
    (detached,) = [machine for machine in now.machines if machine.detached]
    assert (detached.id, detached.outdated, now.desired, len(now.machines)) == (old.id, True, 2, 3)
    assert sum(not machine.outdated for machine in now.machines) == 1
    fleet.detach(detached)  # done already: nothing happens
    fleet_of(account).terminate(detached)  # another run
    assert old.id not in account.running()
    assert len(workers(fleet).machines) == 2


def test_a_machine_leaves_its_target_groups_before_it_counts_as_deregistered(account):
    _, nodes = groups_of(account)
    target = account.target_group()
    account.make(nodes, 2, targets=(target,))
    fleet = fleet_of(account)
    old, other = workers(fleet).machines
    assert fleet.deregister(old)
    left = account.balancers.describe_target_health(TargetGroupArn=target)["TargetHealthDescriptions"]
    assert [item["Target"]["Id"] for item in left if item["TargetHealth"]["State"] == "healthy"] == [other.id]


def test_a_target_that_still_drains_is_not_deregistered_yet(account, monkeypatch):
    _, nodes = groups_of(account)
    target = account.target_group()
    account.make(nodes, 1, targets=(target,))
    fleet = fleet_of(account)
    (machine,) = workers(fleet).machines
    states = iter(["draining", "draining", "unused"])

    def health(**_):
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": next(states)}}]}

    monkeypatch.setattr(fleet._calls.balancers, "describe_target_health", health)
    assert [fleet.deregister(machine) for _ in range(3)] == [False, False, True]


def test_warm_machines_are_told_apart_and_ended_directly(account, monkeypatch):
    _, nodes = groups_of(account)
    account.make(nodes, 1)
    account.autoscaling.put_warm_pool(AutoScalingGroupName=nodes.physical_name, MinSize=1)
    started = account.ec2.run_instances(ImageId=account.image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    fleet = fleet_of(account)
    warm = {"InstanceId": started, "LifecycleState": "Warmed:Stopped", "AvailabilityZone": "eu-west-1a"}
    monkeypatch.setattr(fleet._calls.autoscaling, "describe_warm_pool", lambda **_: {"Instances": [warm]})
    found = {machine.id: machine for machine in workers(fleet).machines}
    assert (found[started].state, found[started].outdated) == (MachineState.WARM, True)


def test_groups_that_the_cloud_does_not_have_are_empty(account):
    assert [(group.name, group.desired, group.machines) for group in fleet_of(account).groups()] == [
        ("cp-a", 0, ()),
        ("workers", 0, ()),
    ]


def test_listing_takes_a_few_calls_however_many_machines_there_are(account):
    control_plane, nodes = groups_of(account)
    account.make(control_plane, 1)
    account.make(nodes, 60)
    fleet, made = fleet_of(account), []
    for client in (fleet._calls.autoscaling, fleet._calls.ec2):
        client.meta.events.register("before-call", lambda model, **_: made.append(model.name))
    fleet.groups()
    assert made == ["DescribeAutoScalingGroups", "DescribeInstances"]


def test_the_clouds_refusal_is_told_in_its_own_words(account, monkeypatch):
    from botocore.exceptions import ClientError

    fleet = fleet_of(account)

    def refuse(**_):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "DescribeAutoScalingGroups")

    monkeypatch.setattr(fleet._calls.autoscaling, "get_paginator", lambda _: type("P", (), {"paginate": refuse}))
    with pytest.raises(KopsError, match=r"AccessDenied.*not you"):
        fleet.groups()


def test_without_credentials_the_way_to_log_in_is_told(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with pytest.raises(KopsError, match=r"nobody.*\n.*aws:profile"):
        aws.Calls("eu-west-1", {"profile": "nobody"}).autoscaling  # noqa: B018
