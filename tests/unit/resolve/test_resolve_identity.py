"""Permissions, service accounts, issuer discovery, authorization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Said = Callable[..., list[str]]
TRUSTED = {"discoveryStore": "s3://example-discovery/prod", "enableAWSOIDCProvider": True}
POLICY = "arn:aws:iam::123456789012:policy/read"
STATEMENT = '[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]'


def _account(**aws: Any) -> dict[str, Any]:
    return {"name": "reader", "namespace": "apps", "aws": aws}


def _with_accounts(*accounts: dict[str, Any]) -> dict[str, Any]:
    return {"spec.serviceAccountIssuerDiscovery": TRUSTED, "spec.iam.serviceAccountExternalPermissions": list(accounts)}


ACCOUNTS = "spec.iam.serviceAccountExternalPermissions"


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"spec.iam.legacy": True}, "spec.iam.legacy", "legacy permissions ended"),
        (
            {"spec.iam.useServiceAccountExternalPermissions": True},
            "spec.iam.useServiceAccountExternalPermissions",
            "need an issuer that the cloud trusts (set serviceAccountIssuerDiscovery",
        ),
        ({ACCOUNTS: [_account(policyARNs=[POLICY])]}, ACCOUNTS, "need an issuer that the cloud trusts"),
        (_with_accounts(_account()), f"{ACCOUNTS}[0]", "apps/reader gets no permissions"),
        (
            _with_accounts(_account(policyARNs=[POLICY], inlinePolicy=STATEMENT)),
            f"{ACCOUNTS}[0].aws",
            "apps/reader has both policyARNs and inlinePolicy",
        ),
        (_with_accounts(*[_account(policyARNs=[POLICY])] * 2), f"{ACCOUNTS}[1]", "apps/reader is there twice"),
        (_with_accounts(_account(inlinePolicy="{")), f"{ACCOUNTS}[0].aws.inlinePolicy", "the policy is not JSON"),
        (_with_accounts(_account(inlinePolicy="{}")), f"{ACCOUNTS}[0].aws.inlinePolicy", "is not a list of statements"),
        (
            {"spec.additionalPolicies": {"node": '[{"Action": "s3:*"}]'}},
            "spec.additionalPolicies.node",
            "has no Effect",
        ),
        (
            {"spec.additionalPolicies": {"node": '[{"Effect": "Allow"}]'}},
            "spec.additionalPolicies.node",
            "has no Action",
        ),
        (
            {"spec.serviceAccountIssuerDiscovery": {}},
            "spec.serviceAccountIssuerDiscovery",
            "the issuer is published nowhere",
        ),
        (
            {"spec.serviceAccountIssuerDiscovery": {"discoveryStore": "s3://a.b/c"}},
            "spec.serviceAccountIssuerDiscovery.discoveryStore",
            "bucket 'a.b' has dots",
        ),
        (
            {"spec.serviceAccountIssuerDiscovery": {**TRUSTED, "discoveryService": {"url": "https://d.example.com"}}},
            "spec.serviceAccountIssuerDiscovery",
            "discoveryStore and discoveryService exclude each other",
        ),
        ({"spec.authorization": {"rbac": {}, "alwaysAllow": {}}}, "spec.authorization", "exclude each other"),
        (
            {"spec.authorization": {"alwaysAllow": {}}},
            "spec.authorization.alwaysAllow",
            "warning: everybody who reaches",
        ),
        (
            {"spec.kubeAPIServer.authorizationMode": "Node", "spec.authorization": {"rbac": {}}},
            "spec.kubeAPIServer.authorizationMode",
            "authorizationMode Node lacks RBAC",
        ),
        (
            {"spec.authentication": {"aws": {"identityMappings": [{"arn": POLICY}]}}},
            "spec.authentication.aws.identityMappings",
            "identity mappings need the backend CRD",
        ),
    ],
)
def test_a_conflict_is_named_where_it_stands(said: Said, changes: dict[str, Any], where: str, words: str) -> None:
    found = said(changes)
    assert [text for text in found if text.startswith(f"{where}: ") and words in text], found


def test_a_trusted_issuer_and_whole_statements_leave_nothing_to_say(said: Said) -> None:
    changes = _with_accounts(_account(inlinePolicy=STATEMENT))
    assert said({**changes, "spec.iam.useServiceAccountExternalPermissions": True}) == []
