"""`delete cluster` up to the engine, which a stand-in plays."""

from __future__ import annotations

import json
import sys

import pytest

from kops_pulumi.automation.report import Action, ChangeReport, Kind, ResourceChange
from kops_pulumi.automation.stack import ClusterStack, StateResource

VOLUME = StateResource("aws:ebs/volume:Volume", "a-volume", "urn:v", Kind.RESOURCE, protected=True, external=False)
CLUSTER = StateResource("kops:index:Cluster", "a", "urn:c", Kind.COMPONENT, protected=False, external=False)
ZONE = StateResource("aws:route53/zone:Zone", "shared", "urn:z", Kind.RESOURCE, protected=False, external=True)


@pytest.fixture
def destroyed(monkeypatch):
    """The names of the stacks that were destroyed; every stack has the three resources above."""
    names: list[str] = []

    def destroy(self, *, watch):
        names.append(self.settings.stack)
        gone = ResourceChange(Action.DELETE, VOLUME.type, VOLUME.name, "", Kind.RESOURCE, VOLUME.urn)
        return ChangeReport(self.settings.stack, "destroy", (gone,), 0)

    monkeypatch.setattr(ClusterStack, "resources", lambda _self: (CLUSTER, VOLUME, ZONE))
    monkeypatch.setattr(ClusterStack, "destroy", destroy)
    return names


def _terminal(monkeypatch, answer):
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _self: True})())
    monkeypatch.setattr("click.prompt", lambda _text, **_options: answer)


def test_without_yes_it_lists_what_goes_and_what_stays(cli, stored, destroyed):
    result = cli("delete", "cluster", "new.example.com")
    assert result.code == 0
    assert "a-volume" in result.out
    assert "1 resources of new.example.com go, 1 of them protected" in result.out
    assert "stay: aws:route53:Zone shared" in result.out
    assert "--yes" in result.err
    assert destroyed == []


def test_the_list_as_json(cli, stored, destroyed):
    assert json.loads(cli("delete", "cluster", "new.example.com", "-o", "json").out) == {
        "cluster": "new.example.com",
        "delete": [{"type": "aws:ebs/volume:Volume", "name": "a-volume", "protected": True}],
        "keep": [{"what": "aws:route53:Zone", "name": "shared"}],
    }


def test_at_a_terminal_the_name_has_to_be_typed(cli, stored, destroyed, monkeypatch):
    _terminal(monkeypatch, "new.example.org")
    refused = cli("delete", "cluster", "new.example.com", "--yes")
    assert (refused.code, destroyed) == (1, [])
    assert "nothing has been deleted" in refused.err
    _terminal(monkeypatch, "new.example.com")
    assert cli("delete", "cluster", "new.example.com", "--yes").code == 0
    assert destroyed == ["new.example.com"]


def test_scripts_need_only_yes_and_the_manifest_stays_unless_told(cli, stored, destroyed):
    assert cli("delete", "cluster", "new.example.com", "--yes").code == 0
    assert (stored / "new.example.com" / "cluster.yaml").exists()
    assert cli("delete", "cluster", "new.example.com", "--yes", "--remove-manifest").code == 0
    assert not (stored / "new.example.com").exists()
    assert destroyed == ["new.example.com"] * 2


def test_the_name_is_never_guessed(cli, stored, destroyed):
    result = cli("delete", "cluster", "--yes")
    assert (result.code, destroyed) == (64, [])


def test_an_invalid_manifest_does_not_stand_in_the_way(cli, stored, destroyed):
    path = stored / "new.example.com" / "cluster.yaml"
    path.write_text(path.read_text().replace("sshAccess", "sshAcces"))
    assert cli("delete", "cluster", "new.example.com", "--yes").code == 0
    assert cli("delete", "cluster", "-f", path, "--yes").code == 0
    assert destroyed == ["new.example.com"] * 2


def test_what_the_manifest_adopts_is_said_to_stay(cli, destroyed, tmp_path):
    shared = ("--network-id", "vpc-1", "--network-cidr", "10.0.0.0/16", "--subnets", "subnet-1")
    assert cli("create", "cluster", "shared.example.com", "--zones", "eu-west-1a", *shared).code == 0
    assert "stay: network vpc-1, subnet subnet-1, " in cli("delete", "cluster", "shared.example.com").out


def test_a_protected_manifest_is_not_deleted(cli, stored, destroyed):
    path = next(stored.rglob("cluster.yaml"))
    path.write_text(path.read_text().replace("\nspec:\n", "\nspec:\n  protect: true\n", 1))
    result = cli("delete", "cluster", "new.example.com", "--yes")
    assert (result.code, destroyed) == (1, [])
    assert "spec.protect: true" in result.err
