"""The simulated cloud behind the real engine, on small programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from kops_pulumi.rehearsal import Fault, FaultKind, Operation
from tests.support.deployment import Deployment

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
Stacks = Callable[..., Deployment]


def provider() -> pulumi.ResourceOptions:
    """An AWS provider in a region."""
    import pulumi_aws

    return pulumi.ResourceOptions(provider=pulumi_aws.Provider("aws", region="eu-west-1"))


def network(*, cidr: str = "10.0.0.0/16", zones: str = "ab", tags: dict[str, str] | None = None) -> Callable[[], None]:
    """A program: a VPC with one subnet a zone."""

    def program() -> None:
        from pulumi_aws import ec2

        opts = provider()
        vpc = ec2.Vpc("vpc", cidr_block=cidr, tags=tags, opts=opts)
        base = cidr.split(".")
        for index, zone in enumerate(zones):
            block = f"{base[0]}.{base[1]}.{index}.0/24"
            ec2.Subnet(
                f"subnet-{zone}", vpc_id=vpc.id, cidr_block=block, availability_zone=f"eu-west-1{zone}", opts=opts
            )
        pulumi.export("vpc", vpc.id)

    return program


def role(name: str = "operator") -> Callable[[], None]:
    """A program: one IAM role with a fixed name."""

    def program() -> None:
        from pulumi_aws import iam

        iam.Role("role", name=name, assume_role_policy=TRUST, opts=provider())

    return program


def custom(type_: str, **properties: Any) -> Callable[[], None]:
    """A program: one resource of any type with any properties, past the SDK's own checks."""

    def program() -> None:
        pulumi.CustomResource(type_, "thing", properties, provider())

    return program


def test_a_stack_lives_from_preview_to_destroy(deployment: Stacks) -> None:
    stack = deployment(network())

    assert stack.preview().counts == {"create": 3}
    assert stack.world.store.objects() == []
    assert stack.up().counts == {"create": 3}
    assert [record.type for record in stack.world.store.objects()] == [VPC, SUBNET, SUBNET]
    assert stack.outputs()["vpc"].startswith("vpc-0")
    assert stack.up().counts == {"same": 3}
    assert stack.refresh().counts == {"refresh": 3}
    assert stack.destroy().counts == {"delete": 3}
    assert stack.world.store.objects() == []


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"cidrBlok": "10.0.0.0/16"}, "there is no property 'cidrBlok'; did you mean 'cidrBlock'?"),
        ({"cidrBlock": ["10.0.0.0/16"]}, "expected a string, got a list"),
        ({"cidrBlock": "10.0.0.0/33"}, "'10.0.0.0/33' is not a network address range"),
    ],
)
def test_wrong_inputs_are_refused_in_the_preview(
    deployment: Stacks, properties: dict[str, Any], complaint: str
) -> None:
    assert complaint in deployment(custom(VPC, **properties)).preview().errors


def test_an_unknown_type_is_refused(deployment: Stacks) -> None:
    assert "has no resource type 'aws:ec2/vcp:Vcp'" in deployment(custom("aws:ec2/vcp:Vcp")).preview().errors


def test_a_fixed_property_replaces_and_a_tag_updates_in_place(deployment: Stacks) -> None:
    stack = deployment(network(zones="a"))
    stack.up()

    stack.program = network(zones="a", tags={"team": "a"})
    assert stack.up().changes == {"vpc": "update"}

    stack.program = network(cidr="10.9.0.0/16", zones="a")
    changed = stack.up()
    assert changed.errors == ""
    assert {step.name for step in changed.steps if step.operation == "replace"} == {"vpc", "subnet-a"}
    assert len(stack.world.store.objects(VPC)) == 1


def test_drift_shows_on_refresh_and_is_repaired(deployment: Stacks) -> None:
    stack = deployment(network())
    stack.up()
    store = stack.world.store
    vpc, lost = store.objects(VPC)[0], store.objects(SUBNET)[0]
    store.mutate(vpc.type, vpc.id, {"tags": {"who": "somebody"}})
    store.vanish(lost.type, lost.id)

    assert stack.refresh().errors == ""
    assert stack.up().changes == {"vpc": "update", lost.name: "create"}
    assert store.objects(VPC)[0].outputs.get("tags", {}) == {}


def test_what_failed_is_made_by_the_next_run(deployment: Stacks) -> None:
    stack = deployment(network())
    stack.world.store.inject(Fault(FaultKind.ERROR, Operation.CREATE, type=SUBNET, name="subnet-b"))

    assert "injected failure of create" in stack.up().errors
    second = stack.up()
    assert (second.errors, second.changes) == ("", {"subnet-b": "create"})


def test_throttling_is_retried_until_it_lasts_too_long(deployment: Stacks) -> None:
    stack = deployment(network(zones="a"))
    stack.world.store.inject(Fault(FaultKind.THROTTLE, times=3))
    assert stack.up().errors == ""

    stack.program = network(zones="ab")
    stack.world.store.inject(Fault(FaultKind.THROTTLE, times=100))
    assert "Rate exceeded" in stack.up().errors


def test_a_half_made_object_is_kept_and_finished(deployment: Stacks) -> None:
    stack = deployment(network(zones=""))
    stack.world.store.inject(Fault(FaultKind.PARTIAL, Operation.CREATE, type=VPC))

    assert "did not become ready" in stack.up().errors
    assert len(stack.world.store.objects(VPC)) == 1
    second = stack.up()
    assert (second.errors, second.changes) == ("", {"vpc": "update"})
    assert len(stack.world.store.objects(VPC)) == 1


def test_a_crash_leaves_an_object_that_blocks_its_name(deployment: Stacks) -> None:
    stack = deployment(role())
    stack.world.store.inject(Fault(FaultKind.CRASH, Operation.CREATE))

    assert "crashed before it could answer" in stack.up().errors
    assert "EntityAlreadyExists: Role operator already exists" in stack.up().errors


def test_two_stacks_cannot_hold_one_name(deployment: Stacks) -> None:
    assert deployment(role(), "one").up().errors == ""
    assert "EntityAlreadyExists" in deployment(role(), "two").up().errors
    assert deployment(role("other"), "two").up().errors == ""


def test_a_renamed_role_is_made_before_the_old_one_goes(deployment: Stacks) -> None:
    stack = deployment(role("before"))
    stack.up()
    stack.program = role("after")

    assert stack.up().errors == ""
    assert [record.id for record in stack.world.store.objects()] == ["after"]


def test_an_id_that_does_not_exist_is_refused(deployment: Stacks) -> None:
    outcome = deployment(custom(SUBNET, vpcId="vpc-0none", cidrBlock="10.0.0.0/24")).up()
    assert "InvalidVpc.NotFound: vpcId: Vpc vpc-0none does not exist" in outcome.errors


def test_look_ups_find_what_exists_and_nothing_else(deployment: Stacks) -> None:
    def program() -> None:
        from pulumi_aws import Provider, ec2

        aws = Provider("aws", region="eu-west-1")
        opts = pulumi.InvokeOptions(provider=aws)
        pulumi.export("cidr", ec2.get_vpc_output(id="vpc-12345678", opts=opts).cidr_block)

    stack = deployment(program)
    assert "no matching VPC found" in stack.up().errors

    from kops_pulumi.rehearsal.aws import AWS
    from kops_pulumi.rehearsal.kinds import Adopted, Cloud
    from kops_pulumi.rehearsal.lifecycle import adopt

    adopt(AWS, stack.world.store, Cloud("eu-west-1"), Adopted(VPC, "vpc-12345678", {"cidrBlock": "172.30.0.0/16"}))
    assert stack.up().errors == ""
    assert stack.outputs() == {"cidr": "172.30.0.0/16"}


def test_private_keys_are_never_plain_in_the_state(deployment: Stacks) -> None:
    def program() -> None:
        import pulumi_tls as tls

        key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
        authority = tls.SelfSignedCert(
            "ca",
            private_key_pem=key.private_key_pem,
            allowed_uses=["cert_signing"],
            validity_period_hours=10,
            is_ca_certificate=True,
            subject={"common_name": "ca"},
        )
        pulumi.export("key", key.private_key_pem)
        pulumi.export("certificate", authority.cert_pem)

    stack = deployment(program)
    assert stack.up().errors == ""
    assert "PRIVATE KEY" in stack.outputs()["key"]
    assert "CERTIFICATE" in stack.state()
    assert "PRIVATE KEY" not in stack.state()
    assert stack.up().changes == {}


def test_kubernetes_objects_of_any_kind_live_and_change(deployment: Stacks) -> None:
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: LEVEL}\n"

    def program(level: str) -> Callable[[], None]:
        def declare() -> None:
            import pulumi_kubernetes as k8s

            k8s.yaml.ConfigGroup("group", yaml=[manifest.replace("LEVEL", level)])

        return declare

    stack = deployment(program("info"))
    assert stack.up().errors == ""
    assert [record.id for record in stack.world.store.objects()] == ["settings"]
    stack.program = program("debug")
    assert list(stack.up().changes.values()) == ["update"]
    assert stack.destroy().errors == ""
    assert stack.world.store.objects() == []
