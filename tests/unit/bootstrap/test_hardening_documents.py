"""Documents of the API server: audit, admission, authentication, encryption."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kops_pulumi.bootstrap import kubeadm, paths
from kops_pulumi.bootstrap.hardening import admission, audit, authentication, encryption
from kops_pulumi.errors import ManifestError
from tests.support.nodes import documents, node, planned

KEY = base64.b64encode(bytes(range(32))).decode()
OIDC = {"oidcIssuerURL": "https://login.example.net", "oidcClientID": "mill"}


def config(**settings: Any) -> dict[str, Any]:
    cluster = {"kubeAPIServer": settings.pop("api", {}), **settings}
    (document,) = documents(kubeadm.files(node(cluster=cluster)), paths.AUTHENTICATION)
    return document


def level(resource: str, group: str, verb: str, user: str = "jane") -> str:
    """What the policy does with a request: the first rule that fits."""
    for rule in audit.policy()["rules"]:
        wanted = rule.get("resources")
        fits = wanted is None or any(
            entry["group"] == group and resource in entry.get("resources", [resource]) for entry in wanted
        )
        nobody = ("users" in rule and user not in rule["users"]) or "userGroups" in rule or "nonResourceURLs" in rule
        if fits and not nobody and verb in rule.get("verbs", [verb]):
            return str(rule["level"])
    raise AssertionError("no rule fits")


@pytest.mark.parametrize("resource", ["secrets", "configmaps", "serviceaccounts/token"])
@pytest.mark.parametrize("verb", ["get", "create", "update"])
def test_bodies_that_may_hold_secrets_are_never_logged(resource: str, verb: str) -> None:
    assert level(resource, "", verb) == "Metadata"


def test_changes_of_rights_are_logged_with_their_bodies_and_everything_else_is_named() -> None:
    assert level("clusterrolebindings", "rbac.authorization.k8s.io", "create") == "Request"
    assert level("clusterrolebindings", "rbac.authorization.k8s.io", "list") == "Metadata"
    assert level("deployments", "apps", "update") == "Metadata"
    assert level("events", "", "create") == "None"
    assert level("leases", "coordination.k8s.io", "update", user="system:kube-scheduler") == "None"
    assert level("leases", "coordination.k8s.io", "update") == "Metadata"


def test_pods_keep_to_the_baseline_except_where_the_system_lives() -> None:
    plugins = {plugin["name"]: plugin["configuration"] for plugin in admission.configuration()["plugins"]}
    assert plugins["PodSecurity"]["defaults"] == {
        "enforce": "baseline",
        "enforce-version": "latest",
        "audit": "restricted",
        "audit-version": "latest",
        "warn": "restricted",
        "warn-version": "latest",
    }
    assert plugins["PodSecurity"]["exemptions"]["namespaces"] == ["kube-system"]


def test_anonymous_requests_reach_health_and_public_facts_only() -> None:
    conditions = config()["anonymous"]["conditions"]
    assert {condition["path"] for condition in conditions} == set(authentication.PUBLIC_PATHS)


@pytest.mark.parametrize(("kubernetes", "version"), [("1.33.5", "v1beta1"), ("1.34.2", "v1")])
def test_the_document_has_the_version_that_kubernetes_reads(kubernetes: str, version: str) -> None:
    assert config(kubernetesVersion=kubernetes)["apiVersion"] == f"apiserver.config.k8s.io/{version}"


def test_oidc_flags_become_the_authenticator_that_they_stand_for() -> None:
    api = {
        **OIDC,
        "oidcGroupsClaim": "groups",
        "oidcGroupsPrefix": "oidc:",
        "oidcRequiredClaim": ["org=mill", "mfa=yes"],
    }
    (jwt,) = config(api=api)["jwt"]
    assert jwt == {
        "issuer": {"url": "https://login.example.net", "audiences": ["mill"]},
        "claimValidationRules": [
            {"claim": "org", "requiredValue": "mill"},
            {"claim": "mfa", "requiredValue": "yes"},
        ],
        "claimMappings": {
            "username": {"claim": "sub", "prefix": "https://login.example.net#"},
            "groups": {"claim": "groups", "prefix": "oidc:"},
        },
    }


@pytest.mark.parametrize(
    ("settings", "prefix"),
    [
        ({"oidcUsernameClaim": "email"}, ""),
        ({"oidcUsernameClaim": "email", "oidcUsernamePrefix": "x:"}, "x:"),
        ({"oidcUsernamePrefix": "-"}, ""),
    ],
)
def test_names_are_prefixed_as_the_flags_would(settings: dict[str, str], prefix: str) -> None:
    (jwt,) = config(api={**OIDC, **settings})["jwt"]
    assert jwt["claimMappings"]["username"]["prefix"] == prefix


def test_the_issuers_authority_is_taken_over_as_text() -> None:
    files = [{"name": "ca", "path": "/srv/oidc.pem", "content": "-----BEGIN CERTIFICATE-----\n"}]
    (jwt,) = config(api={**OIDC, "oidcCAFile": "/srv/oidc.pem"}, fileAssets=files)["jwt"]
    assert jwt["issuer"]["certificateAuthority"] == "-----BEGIN CERTIFICATE-----\n"


def test_a_document_of_the_users_own_gets_the_confinement_it_lacks() -> None:
    theirs = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt: []\n"
    files = [{"name": "authn", "path": "/srv/authn.yaml", "content": theirs}]
    document = config(api={"authenticationConfigFile": "/srv/authn.yaml"}, fileAssets=files)
    assert document["jwt"] == []
    assert document["anonymous"]["enabled"] is True
    files[0]["content"] += "anonymous: {enabled: false}\n"
    assert config(api={"authenticationConfigFile": "/srv/authn.yaml"}, fileAssets=files)["anonymous"] == {
        "enabled": False
    }


@pytest.mark.parametrize(
    "settings", [{"authenticationConfigFile": "/srv/x.yaml"}, {**OIDC, "oidcCAFile": "/srv/x.pem"}]
)
def test_a_file_that_nobody_brings_is_an_error_with_its_place(settings: dict[str, str]) -> None:
    with pytest.raises(ManifestError, match="is not in fileAssets") as raised:
        planned({"kubeAPIServer": settings})
    assert all(finding.location for finding in raised.value.findings)


def test_an_api_opened_by_the_manifest_is_open_by_flag() -> None:
    found = node(cluster={"kubeAPIServer": {"anonymousAuth": True}})
    assert paths.AUTHENTICATION not in kubeadm.files(found)
    (cluster,) = (d for d in kubeadm.init_documents(found) if d["kind"] == "ClusterConfiguration")
    assert {"name": "anonymous-auth", "value": "true"} in cluster["apiServer"]["extraArgs"]


def test_secrets_are_written_with_the_first_key_and_older_ones_still_read() -> None:
    (entry,) = encryption.configuration([("new", KEY), ("old", KEY)])["resources"]
    assert entry["resources"] == ["secrets"]
    first, last = entry["providers"]
    assert [key["name"] for key in first["secretbox"]["keys"]] == ["new", "old"]
    assert last == {"identity": {}}


def test_no_key_is_in_a_bundle() -> None:
    assert not [path for path in kubeadm.files(node()) if path == paths.ENCRYPTION]
