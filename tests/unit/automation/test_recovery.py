"""Judging what a killed run left: adopted, begun again, or for the user to decide."""

from __future__ import annotations

from kops_pulumi.automation.recovery import Verdict, judge, settled
from kops_pulumi.errors import KopsError


def pending(type_: str, name: str, kind: str = "creating") -> dict:
    urn = f"urn:pulumi:a::p::{type_}::{name}"
    return {"type": kind, "resource": {"urn": urn, "type": type_, "inputs": {"name": name}}}


class Cloud:
    def __init__(self, **found) -> None:
        self.found = found

    def find(self, _type, inputs):
        answer = self.found.get(inputs["name"])
        if isinstance(answer, Exception):
            raise answer
        return answer


ROLE, VPC = "aws:iam/role:Role", "aws:ec2/vpc:Vpc"


def urns(*items: dict) -> list[str]:
    return [item["resource"]["urn"] for item in items]


def test_what_was_made_is_adopted_and_what_was_not_is_begun_again() -> None:
    made, not_made = pending(ROLE, "made"), pending(VPC, "absent")
    verdict = judge([made, not_made], Cloud(made=["made"], absent=[]), {})
    assert verdict == Verdict({urns(made)[0]: "made"}, urns(not_made), [])


def test_changes_deletions_and_keys_are_done_once_more() -> None:
    items = [
        pending(VPC, "a", "updating"),
        pending(VPC, "b", "deleting"),
        pending("tls:index/privateKey:PrivateKey", "c"),
    ]
    assert judge(items, None, {}) == Verdict({}, urns(*items), [])


def test_nothing_is_guessed() -> None:
    several, unknown, silent = pending(VPC, "several"), pending(VPC, "unknown"), pending(VPC, "silent")
    cloud = Cloud(several=["vpc-1", "vpc-2"], unknown=None, silent=KopsError("denied"))
    assert judge([several, unknown, silent], cloud, {}).undecided == urns(several, unknown, silent)
    assert judge([several], cloud, {"vpc-1": "of another"}).adopted == {urns(several)[0]: "vpc-2"}
    assert judge([several], None, {}).undecided == urns(several)


def test_a_settled_state_has_what_was_adopted_and_nothing_pending() -> None:
    item = pending(VPC, "made")
    state = {"resources": [{"urn": "first"}], "pending_operations": [item, pending(VPC, "not")], "manifest": 1}
    assert settled(state, {urns(item)[0]: "vpc-1"}) == {
        "manifest": 1,
        "pending_operations": [],
        "resources": [{"urn": "first"}, {**item["resource"], "id": "vpc-1", "outputs": {}}],
    }
