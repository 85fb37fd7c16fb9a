"""Our IAM documents against kops's, action by action: nothing more, nothing wider, but for named deviations."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from kops_pulumi.clouds.aws import iam
from kops_pulumi.model import ClusterPlan, Identity, IdentityKind
from tests.scenarios import kops_iam
from tests.scenarios.deviations import IAM, IamDeviation
from tests.scenarios.names import AWS
from tests.support import recorded, terraform

pytestmark = pytest.mark.scenarios
every_scenario = pytest.mark.parametrize("name", AWS)


def planned(shared: Path, name: str) -> ClusterPlan:
    return recorded.plan_of(shared / "scenarios" / name / "cluster.yaml")


def extras(shared: Path, name: str) -> set[tuple[str, kops_iam.Allowance]]:
    """What our documents allow and kops's do not, with the role's kind."""
    plan = planned(shared, name)
    theirs = kops_iam.kops_documents(shared / "scenarios" / name, "role_policy")
    found = set()
    for identity in plan.identities:
        document = theirs.get(identity.name)
        allowed = kops_iam.kops_allowances(document, plan) if document else set()
        for item in kops_iam.our_allowances(identity, plan):
            if not any(item.covered_by(other) for other in allowed):
                found.add((kops_iam.kind_of(identity.name), item))
    return found


def excused(kind: str, item: kops_iam.Allowance, deviation: IamDeviation) -> bool:
    return (
        item.action == deviation.action and kind in deviation.roles and fnmatchcase(item.resource, deviation.resource)
    )


@every_scenario
def test_permissions_are_kopss_or_narrower_but_for_named_deviations(shared: Path, name: str) -> None:
    unnamed = [(kind, item) for kind, item in extras(shared, name) if not any(excused(kind, item, d) for d in IAM)]
    assert unnamed == []


def test_every_named_deviation_occurs(shared: Path) -> None:
    found = set().union(*(extras(shared, name) for name in AWS))
    assert [d.name for d in IAM if not any(excused(kind, item, d) for kind, item in found)] == []


@every_scenario
def test_roles_have_kopss_names(shared: Path, name: str) -> None:
    theirs = kops_iam.kops_documents(shared / "scenarios" / name, "role")
    assert {identity.name for identity in planned(shared, name).identities} == set(theirs)


@every_scenario
def test_trust_is_kopss_and_names_the_audience_besides(shared: Path, name: str) -> None:
    plan = planned(shared, name)
    theirs = kops_iam.kops_documents(shared / "scenarios" / name, "role")
    for identity in plan.identities:
        [ours] = json.loads(trust(identity, plan))["Statement"]
        [kops] = json.loads(theirs[identity.name].replace("arn:aws-test:", "arn:aws:"))["Statement"]
        audience = ours.get("Condition", {}).get("StringEquals", {}).pop(f"{host(plan)}:aud", None)
        if identity.kind is IdentityKind.SERVICE_ACCOUNT:
            assert audience
            ours["Condition"] = {operator: keys for operator, keys in ours["Condition"].items() if keys}
        assert ours == kops


@every_scenario
def test_managed_policies_are_kopss(shared: Path, name: str) -> None:
    resources = terraform.read(shared / "scenarios" / name / "kubernetes.tf")
    bodies = resources.get("aws_iam_role_policy_attachment", {}).values()
    theirs = {(re.sub(r"^\$\{aws_iam_role\.|\.name\}$", "", body["role"]), body["policy_arn"]) for body in bodies}
    identities = planned(shared, name).identities
    assert {(i.name.replace(".", "-"), arn) for i in identities for arn in i.managed_policies} == theirs


@every_scenario
def test_inline_policies_fit_a_role(shared: Path, name: str) -> None:
    plan = planned(shared, name)
    for identity in plan.identities:
        iam.check_size(identity.name, kops_iam.our_documents(identity, plan))


@every_scenario
def test_workers_touch_nothing_but_their_own_bundles_and_what_joiners_need(shared: Path, name: str) -> None:
    plan = planned(shared, name)
    for identity in plan.identities:
        if kops_iam.kind_of(identity.name) == "nodes":
            places = {i.resource for i in kops_iam.our_allowances(identity, plan) if i.action.startswith("s3:")}
            assert places == {
                "arn:aws:s3:::bucket",  # listing of join/addresses/
                "arn:aws:s3:::store/join/*",
                "arn:aws:s3:::store/nodes/node/*",
            }


def host(plan: ClusterPlan) -> str:
    return plan.issuer.url.removeprefix("https://") if plan.issuer else ""


def trust(identity: Identity, plan: ClusterPlan) -> str:
    if identity.kind is IdentityKind.MACHINE:
        return iam.machine_trust()
    assert plan.issuer is not None
    arn = f"arn:aws:iam::123456789012:oidc-provider/{host(plan)}"
    audiences = (iam.AUDIENCE, *plan.issuer.audiences)
    return iam.account_trust(arn, plan.issuer.url, identity.namespace or "", identity.service_account or "", audiences)
