"""Every network plug-in of the registry keeps the contract of `plugins.Cni` (docs/contracts/cni.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kops_pulumi import cni
from kops_pulumi.clouds.aws import iam
from kops_pulumi.model import PeerKind, Role
from kops_pulumi.plugins import Cni
from kops_pulumi.spec.networking import Networking
from tests.support.specs import full

every_plugin = pytest.mark.parametrize("plugin", cni.REGISTRY, ids=lambda plugin: plugin.key)


def test_the_registry_has_one_file_a_plugin_and_is_sorted() -> None:
    files = {path.stem for path in Path(cni.__file__).parent.glob("*.py")} - {"__init__", "base"}
    assert [plugin.key for plugin in cni.REGISTRY] == sorted(files)


def test_the_registry_has_every_key_of_the_manifest() -> None:
    assert {plugin.key for plugin in cni.REGISTRY} == set(Networking.model_fields)


@every_plugin
def test_plugin_is_found_by_its_key(plugin: Cni) -> None:
    assert cni.for_spec(full(networking={plugin.key: {}})) is plugin


@every_plugin
def test_traits_do_not_depend_on_the_call(plugin: Cni) -> None:
    resolved = full(networking={plugin.key: {}})
    assert plugin.traits(resolved) == plugin.traits(resolved)


@every_plugin
def test_findings_stay_within_the_networking_of_the_manifest(plugin: Cni) -> None:
    resolved = full("openstack", networking={plugin.key: {}}, nonMasqueradeCIDR="::/0")
    for finding in plugin.validate(resolved):
        assert finding.dotted.startswith((f"spec.networking.{plugin.key}", "spec.kubeProxy")), finding
        assert finding.hint, finding


@every_plugin
def test_rules_have_reasons_and_never_open_to_the_world(plugin: Cni) -> None:
    for rule in plugin.rules(full(networking={plugin.key: {}}, podCIDR="10.8.0.0/14")):
        assert rule.reason
        assert rule.source.kind in (PeerKind.ROLE, PeerKind.CIDR)
        assert rule.source.name not in ("0.0.0.0/0", "::/0")


@every_plugin
def test_permissions_are_verbs_that_aws_knows_and_never_for_bastions(plugin: Cni) -> None:
    granted = plugin.permissions(full(networking={plugin.key: {}}))
    assert Role.BASTION not in granted
    assert {permission.verb for items in granted.values() for permission in items} <= set(iam.VERBS)
