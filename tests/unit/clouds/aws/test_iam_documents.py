"""Verbs become small, canonical, tightly scoped documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kops_pulumi.clouds.aws import iam
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Permission

SCOPES = {"store": "s3://orchard-state/orchard.example.com/nodes/node", "backups": "s3://orchard-backups/etcd/main"}
WHERE = iam.Scope("orchard.example.com", "eu-west-1", "nodes.orchard.example.com", "orchard-nth", {"example.com": "Z1"})
PERMISSIONS = st.sets(
    st.sampled_from([Permission(verb, SCOPES.get(verb.partition(".")[0], "example.com")) for verb in sorted(iam.VERBS)])
)
LISTING = ("Describe", "List", "Get", "BatchGet", "BatchCheck")
UNSCOPED_CHANGES = {
    "ec2:AssignPrivateIpAddresses": "the VPC CNI's interfaces have no cluster tag when they are made",
    "ec2:AttachNetworkInterface": "as above",
    "ec2:CreateNetworkInterface": "as above",
    "ec2:DeleteNetworkInterface": "as above",
    "ec2:DetachNetworkInterface": "as above",
    "ec2:ModifyNetworkInterfaceAttribute": "as above; calico does it on the machine's first interface, also untagged",
    "ec2:UnassignPrivateIpAddresses": "as above",
    "ecr:BatchImportUpstreamImage": "pull-through repositories come into being by the first pull",
    "ecr:CreateRepository": "as above",
    "ecr:ReplicateImage": "as above",
    "ecr:TagResource": "as above",
    "elasticloadbalancing:SetRulePriorities": "accepts no condition on tags of rules",
    "shield:CreateProtection": "shield knows no tags of the protected thing",
    "shield:DeleteProtection": "as above",
    "waf-regional:AssociateWebACL": "web ACLs are the user's own, made outside",
    "waf-regional:DisassociateWebACL": "as above",
    "wafv2:AssociateWebACL": "as above",
    "wafv2:DisassociateWebACL": "as above",
}
"""Changing actions that may act on anything, and why they cannot be scoped."""


def statements(permissions: set[Permission]) -> list[dict[str, Any]]:
    text = iam.policy(permissions, WHERE)
    return json.loads(text)["Statement"] if text else []


def many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@given(PERMISSIONS)
def test_documents_are_canonical_whatever_the_order(permissions: set[Permission]) -> None:
    text = iam.policy(permissions, WHERE)
    assert text == iam.policy(sorted(permissions, reverse=True), WHERE)
    if text is not None:
        assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


@given(PERMISSIONS)
def test_every_template_is_filled(permissions: set[Permission]) -> None:
    text = iam.policy(permissions, WHERE) or ""
    assert not any(field in text for field in ("{cluster}", "{region}", "{partition}", "{bucket}", "{key}", "{zone}"))


@given(PERMISSIONS)
def test_no_statement_repeats_another(permissions: set[Permission]) -> None:
    seen = [
        (action, resource, json.dumps(statement.get("Condition", {}), sort_keys=True))
        for statement in statements(permissions)
        for action in many(statement["Action"])
        for resource in many(statement["Resource"])
    ]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("verb", sorted(iam.VERBS))
def test_only_listing_actions_are_unscoped(verb: str) -> None:
    found = statements({Permission(verb, SCOPES.get(verb.partition(".")[0], "example.com"))})
    assert found
    for statement in found:
        if "*" in many(statement["Resource"]) and "Condition" not in statement:
            changing = {a for a in many(statement["Action"]) if not a.partition(":")[2].startswith(LISTING)}
            assert changing <= set(UNSCOPED_CHANGES)


@pytest.mark.parametrize("verb", sorted(iam.VERBS))
def test_no_verb_hands_out_whole_services_or_foreign_roles(verb: str) -> None:
    found = statements({Permission(verb, SCOPES.get(verb.partition(".")[0], "example.com"))})
    actions = {action for statement in found for action in many(statement["Action"])}
    assert not [action for action in actions if action == "*" or action.endswith(":*")]
    for statement in found:
        if "iam:PassRole" in many(statement["Action"]):
            assert statement["Resource"] == "arn:aws:iam::*:role/nodes.orchard.example.com"


@pytest.mark.parametrize(
    ("region", "partition", "service"),
    [
        ("eu-west-1", "aws", "ec2.eu-west-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "ec2.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "ec2.us-gov-west-1.amazonaws.com"),
    ],
)
def test_documents_fit_the_partition_of_the_region(region: str, partition: str, service: str) -> None:
    where = iam.Scope("orchard.example.com", region, "nodes", "queue")
    text = iam.policy({Permission("store.read", SCOPES["store"]), Permission("encryption.use")}, where) or ""
    assert f"arn:{partition}:s3:::orchard-state/orchard.example.com/nodes/node/*" in text
    assert service in text


def test_a_store_is_read_below_its_prefix_only() -> None:
    [statement] = statements({Permission("store.read", SCOPES["store"])})
    assert statement == {
        "Action": "s3:GetObject",
        "Effect": "Allow",
        "Resource": "arn:aws:s3:::orchard-state/orchard.example.com/nodes/node/*",
    }


def test_backups_are_written_and_neither_read_nor_deleted() -> None:
    [statement] = statements({Permission("backups.write", SCOPES["backups"])})
    assert statement["Action"] == "s3:PutObject"
    assert statement["Resource"] == "arn:aws:s3:::orchard-backups/etcd/main/*"


def test_listing_is_limited_to_a_prefix() -> None:
    [listing] = statements({Permission("store.list", SCOPES["backups"])})
    assert listing["Resource"] == "arn:aws:s3:::orchard-backups"
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "etcd/main/*"}}


def test_zone_names_become_zone_ids() -> None:
    assert iam.zones({Permission("dns.upsert", "example.com"), Permission("images.pull")}) == ("example.com",)
    assert "hostedzone/Z1" in (iam.policy({Permission("dns.upsert", "example.com")}, WHERE) or "")


def test_no_permission_is_no_document() -> None:
    assert iam.policy(set(), WHERE) is None


def test_an_account_is_trusted_by_its_exact_name_and_audience() -> None:
    arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com"
    text = iam.account_trust(arn, "https://oidc.example.com", "kube-system", "autoscaler", ["amazonaws.com"])
    [statement] = json.loads(text)["Statement"]
    assert statement["Principal"] == {"Federated": arn}
    assert statement["Condition"] == {
        "StringEquals": {
            "oidc.example.com:aud": "amazonaws.com",
            "oidc.example.com:sub": "system:serviceaccount:kube-system:autoscaler",
        }
    }


def test_a_star_in_a_namespace_is_matched_like_kops_matches_it() -> None:
    text = iam.account_trust("arn", "https://oidc.example.com", "team-*", "web", ["amazonaws.com"])
    assert json.loads(text)["Statement"][0]["Condition"]["StringLike"] == {
        "oidc.example.com:sub": "system:serviceaccount:team-*:web"
    }


def test_documents_that_aws_would_refuse_are_refused_with_a_way_out() -> None:
    iam.check_size("masters.orchard.example.com", ["x" * iam.INLINE_LIMIT])
    with pytest.raises(KopsError, match=r"role masters\.orchard") as caught:
        iam.check_size("masters.orchard.example.com", ["x" * iam.INLINE_LIMIT, "y"])
    assert caught.value.hint
    assert "useServiceAccountExternalPermissions" in caught.value.hint


def test_the_widest_control_plane_without_own_accounts_stays_within_the_limit() -> None:
    wide = {
        Permission(verb, SCOPES.get(verb.partition(".")[0], "example.com"))
        for verb in iam.VERBS
        if verb not in ("machines.provision", "dns.challenge")
    }
    text = iam.policy(wide, WHERE) or ""
    iam.check_size("masters", [text])
