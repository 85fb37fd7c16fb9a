"""Identities and permissions: IAM, service accounts, issuer discovery, policies (https://kops.sigs.k8s.io/iam_roles/)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.resolve.validate.subject import Subject, duplicates, warning

IAM = ("spec", "iam")
DISCOVERY = ("spec", "serviceAccountIssuerDiscovery")
EFFECTS = {"Allow", "Deny"}


def iam(subject: Subject) -> Iterator[Finding]:
    """Strict permissions only; roles of service accounts need an issuer that the cloud trusts."""
    spec = subject.spec
    found, discovery = spec.iam, spec.service_account_issuer_discovery
    if found.legacy:
        yield Finding((*IAM, "legacy"), "legacy permissions ended: machines get only what they need", "remove it")
    trusted = bool(discovery and discovery.enable_aws_oidc_provider)
    if found.use_service_account_external_permissions and not trusted:
        hint = "set serviceAccountIssuerDiscovery with discoveryStore and enableAWSOIDCProvider: true"
        message = "roles for service accounts need an issuer that the cloud trusts"
        yield Finding((*IAM, "useServiceAccountExternalPermissions"), message, hint)
    permissions = found.service_account_external_permissions or []
    if permissions and not trusted:
        hint = "set serviceAccountIssuerDiscovery with discoveryStore and enableAWSOIDCProvider: true"
        message = "roles for service accounts need an issuer that the cloud trusts"
        yield Finding((*IAM, "serviceAccountExternalPermissions"), message, hint)
    for index, (namespace, name) in duplicates((entry.namespace, entry.name) for entry in permissions):
        path = (*IAM, "serviceAccountExternalPermissions", index)
        yield Finding(path, f"{namespace}/{name} is there twice", "write all its policies into one entry")
    for index, entry in enumerate(permissions):
        yield from _permission((*IAM, "serviceAccountExternalPermissions", index), entry)


def _permission(path: KeyPath, entry: Any) -> Iterator[Finding]:
    who = f"{entry.namespace}/{entry.name}"
    policies = entry.aws.policy_arns if entry.aws else None
    inline = entry.aws.inline_policy if entry.aws else None
    if not policies and not inline:
        yield Finding(path, f"{who} gets no permissions", "set aws.policyARNs or aws.inlinePolicy")
    if policies and inline:
        yield Finding((*path, "aws"), f"{who} has both policyARNs and inlinePolicy", "keep one of them")
    if inline:
        yield from statements((*path, "aws", "inlinePolicy"), inline)


def statements(path: KeyPath, text: str) -> Iterator[Finding]:
    """A JSON array of IAM statements: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Finding(path, f"the policy is not JSON: {error}", "a JSON array of statements")
        return
    if not isinstance(found, list) or not all(isinstance(statement, dict) for statement in found):
        yield Finding(
            path, "the policy is not a list of statements", '[{"Effect": "Allow", "Action": […], "Resource": […]}]'
        )
        return
    for number, statement in enumerate(found, 1):
        if statement.get("Effect") not in EFFECTS:
            yield Finding(path, f"statement {number} has no Effect", "Allow or Deny")
        if not {"Action", "NotAction"} & set(statement):
            yield Finding(path, f"statement {number} has no Action", "list the actions")
        if not {"Resource", "NotResource"} & set(statement):
            yield Finding(path, f"statement {number} has no Resource", "list the resources")


def policies(subject: Subject) -> Iterator[Finding]:
    """The user's own statements for machine roles."""
    for role in sorted(subject.spec.additional_policies or {}):
        yield from statements(("spec", "additionalPolicies", role), (subject.spec.additional_policies or {})[role])


def discovery(subject: Subject) -> Iterator[Finding]:
    """One place where the issuer's documents are published."""
    found = subject.spec.service_account_issuer_discovery
    if found is None:
        return
    if found.discovery_store and found.discovery_service:
        yield Finding(DISCOVERY, "discoveryStore and discoveryService exclude each other", "keep one of them")
    if not found.discovery_store and not found.discovery_service:
        yield Finding(DISCOVERY, "the issuer is published nowhere", "set discoveryStore to a bucket's path")
    store = found.discovery_store or ""
    if store and "://" not in store:
        yield Finding((*DISCOVERY, "discoveryStore"), f"{store!r} is not a store", "like s3://bucket/cluster")
    bucket = store.partition("://")[2].partition("/")[0]
    if store.startswith("s3://") and "." in bucket:
        message = f"bucket {bucket!r} has dots, so its certificate does not match"
        yield Finding((*DISCOVERY, "discoveryStore"), message, "use a bucket without dots")


def authorization(subject: Subject) -> Iterator[Finding]:
    """One way to decide, and a safe one."""
    found = subject.spec.authorization
    path: KeyPath = ("spec", "authorization")
    if found.rbac is not None and found.always_allow is not None:
        yield Finding(path, "rbac and alwaysAllow exclude each other", "keep rbac")
    elif found.always_allow is not None:
        yield warning((*path, "alwaysAllow"), "everybody who reaches the API may do everything", "set rbac: {}")
    mode = subject.spec.kube_api_server.authorization_mode or ""
    if found.rbac is not None and "RBAC" not in mode.split(","):
        path = ("spec", "kubeAPIServer", "authorizationMode")
        yield Finding(path, f"authorizationMode {mode} lacks RBAC, but authorization asks for it", "add RBAC")
    aws = subject.spec.authentication.aws if subject.spec.authentication else None
    if aws and aws.identity_mappings and "CRD" not in (aws.backend_mode or "").split(","):
        path = ("spec", "authentication", "aws", "identityMappings")
        yield Finding(path, "identity mappings need the backend CRD", "set backendMode: CRD")
