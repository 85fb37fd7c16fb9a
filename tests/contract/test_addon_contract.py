"""Every add-on of the registry keeps the contract of `plugins.AddOn` (docs/contracts/addon.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kops_pulumi import addons, clouds
from kops_pulumi.addons.base import BuiltIn
from kops_pulumi.clouds.aws import iam
from kops_pulumi.components import late
from kops_pulumi.model import PeerKind, Role, plain
from kops_pulumi.plugins import AddOn
from kops_pulumi.resolve.full import FullSpec
from tests.support.specs import full, group

every_addon = pytest.mark.parametrize("addon", addons.REGISTRY, ids=lambda addon: addon.name)

OWN_ONLY = {"cert-manager", "karpenter"}
"""They ask for an identity of their own, and get none of the machines'."""
SHARED = {"__init__", "base", "controllers", "csi", "karpenter_pools", "objects", "pods"}
"""What several add-ons are made of."""

EVERYTHING: dict[str, Any] = {
    "authentication": {"aws": {}},
    "awsLoadBalancerController": {"enabled": True, "enableWAF": True, "enableWAFv2": True, "enableShield": True},
    "certManager": {"enabled": True, "hostedZoneIDs": ["Z1ORCHARD"]},
    "clusterAutoscaler": {"enabled": True},
    "iam": {"useServiceAccountExternalPermissions": True},
    "containerd": {"nvidiaGPU": {"enabled": True, "dcgmExporter": {"enabled": True}}},
    "karpenter": {"enabled": True},
    "kubeDNS": {"serverIP": "100.64.0.10", "nodeLocalDNS": {"enabled": True}},
    "metricsServer": {"enabled": True},
    "nodeProblemDetector": {"enabled": True},
    "nodeTerminationHandler": {"enabled": True},
    "podIdentityWebhook": {"enabled": True},
    "serviceAccountIssuerDiscovery": {"discoveryStore": "s3://orchard-oidc/", "enableAWSOIDCProvider": True},
    "snapshotController": {"enabled": True, "installDefaultClass": True},
}
GROUPS = (
    group("cp-a", "ControlPlane"),
    group("workers", "Node", zones=["a", "b"]),
    group("burst", "Node", manager="Karpenter", machineType="m7i.large", taints=["team=web:NoSchedule"]),
)


def everything(cloud: str = "aws", **spec: Any) -> FullSpec:
    """A cluster with all that a cloud can have; what writes DNS names is dns-controller unless `spec` says."""
    return full(cloud, GROUPS, **{**EVERYTHING, **spec})


def everywhere(addon: AddOn) -> list[FullSpec]:
    """A cluster with the add-on on every cloud that it exists on."""
    provider = {"externalDns": {"provider": "external-dns"}} if addon.name == "external-dns" else {}
    found = [everything(cloud, **provider) for cloud in clouds.REGISTRY]
    return [spec for spec in found if addon.enabled(spec)]


def test_the_registry_has_one_file_an_addon_and_no_name_twice() -> None:
    files = {path.stem for path in Path(addons.__file__).parent.glob("*.py")} - SHARED
    assert len(addons.REGISTRY) == len(files)
    names = [addon.name for addon in addons.REGISTRY]
    assert names == sorted(set(names))


@every_addon
def test_some_manifest_on_every_cloud_it_names_enables_it(addon: AddOn) -> None:
    found = {spec.cloud for spec in everywhere(addon)}
    assert found == (getattr(addon, "clouds", None) or set(clouds.REGISTRY))


@every_addon
def test_it_says_what_it_does_and_which_field_turns_it_on(addon: AddOn) -> None:
    assert isinstance(addon, BuiltIn)
    assert addon.summary
    assert not addon.where or addon.where.startswith("spec.")


@every_addon
def test_an_addon_says_nothing_about_a_plain_manifest(addon: AddOn) -> None:
    assert [addon.validate(full(cloud)) for cloud in clouds.REGISTRY] == [[]] * len(clouds.REGISTRY)


@every_addon
def test_a_cloud_without_it_never_runs_it(addon: AddOn) -> None:
    assert isinstance(addon, BuiltIn)
    elsewhere = set(clouds.REGISTRY) - (addon.clouds or set(clouds.REGISTRY))
    assert not any(addon.enabled(everything(cloud)) for cloud in elsewhere)


@every_addon
def test_findings_name_a_field_and_a_way_out(addon: AddOn) -> None:
    for finding in addon.validate(everything("gce")):
        assert finding.dotted.startswith("spec."), finding
        assert finding.hint, finding


@every_addon
def test_rules_have_reasons_and_never_open_to_the_world(addon: AddOn) -> None:
    for spec in everywhere(addon):
        for rule in addon.rules(spec):
            assert rule.reason
            assert rule.source.kind is not PeerKind.CIDR


@every_addon
def test_grants_are_verbs_that_aws_knows_for_an_account_of_its_own(addon: AddOn) -> None:
    for spec in everywhere(addon):
        for grant in addon.grants(spec):
            assert grant.permissions
            assert {permission.verb for permission in grant.permissions} <= set(iam.VERBS)
            assert grant.service_account is not None
            assert Role.NODE not in grant.roles


@every_addon
def test_who_acts_in_the_cloud_is_an_account_that_the_delivery_makes(addon: AddOn) -> None:
    """Else the role would be nobody's: the cloud trusts one namespace and one name."""
    for spec in (item for item in everywhere(addon) if clouds.get(item.cloud).capabilities.service_account_identity):
        for grant in addon.grants(spec):
            assert grant.service_account is not None
            deliveries = addon.deliveries(spec)
            name = grant.service_account.name
            assert any(name in json.dumps(plain(item)) for item in deliveries) or not deliveries, name


@every_addon
def test_an_account_of_its_own_gets_a_token_and_nobody_else_the_machines_network(addon: AddOn) -> None:
    """Without roles for accounts, whoever acts in the cloud must sit on a control plane's own network."""
    for spec in everywhere(addon):
        if not (clouds.get(spec.cloud).capabilities.service_account_identity and addon.grants(spec)):
            continue
        account = addon.grants(spec)[0].service_account
        assert account is not None
        deliveries = [item for item in addon.deliveries(spec) if item.images]
        role = f"role.{account.namespace}/{account.name}"
        assert any(role in late.wanted([item]) for item in deliveries), role
        shared = everything("aws", iam={"useServiceAccountExternalPermissions": False})
        if addon.enabled(shared) and addon.name not in OWN_ONLY:
            texts = [json.dumps(plain(item)) for item in addon.deliveries(shared)]
            assert any('"hostNetwork": true' in text for text in texts)
            assert not any("AWS_ROLE_ARN" in text for text in texts)


def test_no_two_addons_share_a_service_account() -> None:
    for cloud in clouds.REGISTRY:
        spec = everything(cloud)
        accounts = [grant.service_account for addon in addons.enabled(spec) for grant in addon.grants(spec)]
        assert len(accounts) == len(set(accounts))
