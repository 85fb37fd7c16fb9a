"""Every add-on of the registry keeps the contract of `plugins.AddOn` (docs/contracts/addon.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kops_pulumi import addons
from kops_pulumi.clouds.aws import iam
from kops_pulumi.model import PeerKind, Role
from kops_pulumi.plugins import AddOn
from tests.support.specs import full

every_addon = pytest.mark.parametrize("addon", addons.REGISTRY, ids=lambda addon: addon.name)

EVERYTHING: dict[str, Any] = {
    "authentication": {"aws": {}},
    "awsLoadBalancerController": {"enabled": True, "enableWAF": True, "enableWAFv2": True, "enableShield": True},
    "certManager": {"enabled": True, "hostedZoneIDs": ["Z1ORCHARD"]},
    "clusterAutoscaler": {"enabled": True},
    "iam": {"useServiceAccountExternalPermissions": True},
    "karpenter": {"enabled": True},
    "metricsServer": {"enabled": True},
    "nodeProblemDetector": {"enabled": True},
    "nodeTerminationHandler": {"enabled": True},
    "podIdentityWebhook": {"enabled": True},
    "serviceAccountIssuerDiscovery": {"discoveryStore": "s3://orchard-oidc/", "enableAWSOIDCProvider": True},
    "snapshotController": {"enabled": True},
}


def test_the_registry_has_one_file_an_addon_and_no_name_twice() -> None:
    files = {path.stem for path in Path(addons.__file__).parent.glob("*.py")} - {"__init__", "base"}
    assert len(addons.REGISTRY) == len(files)
    names = [addon.name for addon in addons.REGISTRY]
    assert names == sorted(set(names))


@every_addon
def test_some_manifest_enables_it(addon: AddOn) -> None:
    provider = {"externalDns": {"provider": "external-dns"}} if addon.name == "external-dns" else {}
    assert addon.enabled(full(**EVERYTHING, **provider))


@every_addon
def test_a_disabled_addon_says_nothing_about_a_plain_manifest(addon: AddOn) -> None:
    plain = full("openstack")
    assert addon.validate(plain) == []
    assert not addon.enabled(plain) or addon.name == "dns-controller"


@every_addon
def test_findings_name_a_field_and_a_way_out(addon: AddOn) -> None:
    for finding in addon.validate(full("gce", **EVERYTHING)):
        assert finding.dotted.startswith("spec."), finding
        assert finding.hint, finding


@every_addon
def test_rules_have_reasons_and_never_open_to_the_world(addon: AddOn) -> None:
    for rule in addon.rules(full(**EVERYTHING)):
        assert rule.reason
        assert rule.source.kind is not PeerKind.CIDR


@every_addon
def test_grants_are_verbs_that_aws_knows_for_an_account_of_its_own(addon: AddOn) -> None:
    for grant in addon.grants(full(**EVERYTHING)):
        assert grant.permissions
        assert {permission.verb for permission in grant.permissions} <= set(iam.VERBS)
        assert grant.service_account is not None
        assert Role.NODE not in grant.roles


def test_no_two_addons_share_a_service_account() -> None:
    grants = [grant for addon in addons.REGISTRY for grant in addon.grants(full(**EVERYTHING))]
    accounts = [grant.service_account for grant in grants]
    assert len(accounts) == len(set(accounts))
