"""`delete cluster` up to the engine, which a stand-in plays."""

from __future__ import annotations

import json
import sys

import pytest

from kops_pulumi.automation.report import Action, ChangeReport, Kind, ResourceChange
from kops_pulumi.automation.stack import ClusterStack, StateResource
from kops_pulumi.model.leftovers import Leftover

VOLUME = StateResource("aws:ebs/volume:Volume", "a-volume", "urn:v", Kind.RESOURCE, protected=True, external=False)
CLUSTER = StateResource("kops:index:Cluster", "a", "urn:c", Kind.COMPONENT, protected=False, external=False)
ZONE = StateResource("aws:route53/zone:Zone", "shared", "urn:z", Kind.RESOURCE, protected=False, external=True)


LOAD_BALANCER = Leftover("load balancer", "arn:lb", "service")
PERSISTENT = Leftover("volume", "vol-1", "data", holds_data=True)


class Found:
    """Left-overs, and which were removed."""

    def __init__(self) -> None:
        self.items: list[Leftover] = []
        self.removed: list[Leftover] = []

    def find(self, known):
        return [item for item in self.items if item not in self.removed and item.id not in known]

    def remove(self, leftover):
        self.removed.append(leftover)


@pytest.fixture
def leftovers(monkeypatch):
    found = Found()
    monkeypatch.setattr("kops_pulumi.cli.delete_cluster._finder", lambda _plan, _stack: found)
    return found


@pytest.fixture
def destroyed(monkeypatch, leftovers, tmp_path):
    """The names of the stacks that were destroyed; every stack has the three resources above."""
    names: list[str] = []

    def destroy(self, *, watch):
        names.append(self.settings.stack)
        gone = ResourceChange(Action.DELETE, VOLUME.type, VOLUME.name, "", Kind.RESOURCE, VOLUME.urn)
        return ChangeReport(self.settings.stack, "destroy", (gone,), 0)

    monkeypatch.setattr(ClusterStack, "resources", lambda _self: (CLUSTER, VOLUME, ZONE))
    monkeypatch.setattr(ClusterStack, "destroy", destroy)
    monkeypatch.setattr(ClusterStack, "ids", lambda _self: {"vol-0": "urn:v"})
    monkeypatch.setattr(ClusterStack, "destroy_machines", lambda _self, watch: names.append("machines"))
    monkeypatch.setattr(ClusterStack, "forget", lambda _self: names.append("forgotten"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
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
        "leftovers": [],
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


def test_left_overs_are_listed_and_stay_in_a_script(cli, stored, destroyed, leftovers):
    leftovers.items = [LOAD_BALANCER, PERSISTENT]
    shown = cli("delete", "cluster", "new.example.com").out
    assert (
        "Controllers in the cluster made these, which no stack knows:\n"
        "KIND           NAME     ID      DATA\n"
        "load balancer  service  arn:lb  no\n"
        "volume         data     vol-1   yes\n"
    ) in shown
    result = cli("delete", "cluster", "new.example.com", "--yes")
    assert (result.code, leftovers.removed, destroyed) == (0, [], ["new.example.com"])
    assert "2 left-overs stay, and may block the network's removal; --leftovers remove takes them too" in result.err


def test_left_overs_go_after_the_machines_and_before_the_rest(cli, stored, destroyed, leftovers):
    leftovers.items = [LOAD_BALANCER, PERSISTENT]
    assert cli("delete", "cluster", "new.example.com", "--yes", "--leftovers", "remove").code == 0
    assert leftovers.removed == [LOAD_BALANCER, PERSISTENT]
    assert destroyed == ["machines", "new.example.com"]


def test_at_a_terminal_data_is_asked_about_on_its_own(cli, stored, destroyed, leftovers, monkeypatch):
    leftovers.items = [LOAD_BALANCER, PERSISTENT]
    _terminal(monkeypatch, "new.example.com")
    monkeypatch.setattr("click.confirm", lambda question, err: question.startswith("Remove"))
    assert cli("delete", "cluster", "new.example.com", "--yes").code == 0
    assert leftovers.removed == [LOAD_BALANCER]


def test_unregister_forgets_and_deletes_nothing(cli, stored, destroyed):
    result = cli("delete", "cluster", "new.example.com", "--yes", "--unregister")
    assert (result.code, destroyed) == (0, ["forgotten"])
    assert "everything it has in the cloud is still there" in result.err


def test_the_clusters_context_goes_from_the_kubeconfig_and_others_stay(cli, stored, destroyed, tmp_path):
    from kops_pulumi import kubeconfig

    path = tmp_path / "kubeconfig"
    ours = kubeconfig.Access("new.example.com", "https://api", "CA", "certificate", "key")
    other = kubeconfig.Access("other", "https://api", "CA", "certificate", "key")
    both = kubeconfig.merged(kubeconfig.text(other), ours, where="a")
    path.write_text(both)
    assert "removed new.example.com from" in cli("delete", "cluster", "new.example.com", "--yes").err
    left = kubeconfig.parse(path.read_text(), where="a")
    assert [entry["name"] for key in ("clusters", "contexts", "users") for entry in left[key]] == [
        "other",
        "other",
        "other-admin",
    ]
    assert left["current-context"] == ""
