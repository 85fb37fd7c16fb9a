"""Hooks become units and fileAssets become files, as kops does it."""

from __future__ import annotations

import configparser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kops_pulumi.bootstrap import customisation
from kops_pulumi.model import Role
from kops_pulumi.plan.mirrors import Mirrors
from kops_pulumi.spec.nodes import FileAsset, Hook


def units(cluster=(), group=(), role=Role.NODE, mirrors=None):
    made = ([Hook.model_validate(hook) for hook in hooks] for hooks in (cluster, group))
    return {unit.name: unit.text for unit in customisation.units(role, *made, mirrors or Mirrors())}


def written(cluster=(), group=(), role=Role.NODE):
    made = ([FileAsset.model_validate(asset) for asset in assets] for assets in (cluster, group))
    return {file.path: file for file in customisation.written(role, *made)}


def parsed(text):
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(text)
    return unit


def test_a_manifest_is_the_service_of_a_unit():
    hook = {"name": "tune", "before": ["kubelet.service"], "requires": ["a.mount"], "manifest": "ExecStart=/bin/x"}
    unit = parsed(units([hook])["tune.service"])
    assert unit["Unit"]["Before"] == "kubelet.service"
    assert unit["Unit"]["Requires"] == "a.mount"
    assert dict(unit["Service"]) == {"Type": "oneshot", "ExecStart": "/bin/x"}
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_a_type_of_its_own_stays():
    assert (
        parsed(units([{"name": "x", "manifest": "Type=simple\nExecStart=/bin/x"}])["x.service"])["Service"]["Type"]
        == "simple"
    )


def test_a_raw_manifest_is_the_unit():
    text = "[Timer]\nOnBootSec=1\n"
    assert units([{"name": "x.timer", "useRawManifest": True, "manifest": text}]) == {"x.timer": text}


def test_a_container_runs_with_the_machine_at_rootfs():
    hook = {
        "name": "probe",
        "execContainer": {"image": "quay.io/p:1", "command": ["/p", "a b"], "environment": {"K": "v"}},
    }
    unit = parsed(units([hook])["probe.service"])
    start = unit["Service"]["ExecStart"]
    assert unit["Unit"]["Requires"] == unit["Unit"]["After"] == "containerd.service"
    assert "src=/,dst=/rootfs" in start
    assert "--privileged --net-host" in start
    assert start.endswith('--env=K=v quay.io/p:1 probe /p "a b"')


def test_a_containers_image_comes_from_the_mirror():
    hook = {"name": "probe", "execContainer": {"image": "quay.io/p:1"}}
    assert "m.example.net/p:1" in units([hook], mirrors=Mirrors(proxy="m.example.net"))["probe.service"]


def test_hooks_without_a_name_are_numbered_where_they_stand():
    hooks = [{"name": "x", "manifest": "A=1"}, {"manifest": "A=2"}]
    assert set(units(hooks, hooks)) == {"x.service", "kops-hook-1-ig.service", "kops-hook-1.service"}


def test_the_groups_hook_comes_first_and_wins():
    found = units(
        [{"name": "a", "manifest": "A=1"}, {"name": "b", "manifest": "A=2"}], [{"name": "b", "manifest": "A=3"}]
    )
    assert list(found) == ["b.service", "a.service"]
    assert "A=3" in found["b.service"]


def test_a_group_switches_a_hook_of_the_cluster_off():
    assert units([{"name": "a", "manifest": "A=1"}], [{"name": "a", "disabled": True}]) == {}


def test_a_hook_that_does_nothing_makes_no_unit():
    assert units([{"name": "a"}]) == {}


@pytest.mark.parametrize(("roles", "there"), [([], True), (["Node"], True), (["Master", "APIServer"], False)])
def test_roles_choose_machines(roles, there):
    assert bool(units([{"name": "a", "manifest": "A=1", "roles": roles}])) is there
    assert bool(written([{"name": "a", "content": "x", "roles": roles}])) is there


def test_control_planes_are_called_by_either_name():
    for role in ("Master", "ControlPlane"):
        assert units([{"name": "a", "manifest": "A=1", "roles": [role]}], role=Role.CONTROL_PLANE)


def test_files_have_kopss_place_and_mode_by_default():
    (file,) = written([{"name": "a", "content": "x"}]).values()
    assert (file.path, file.mode, file.content) == ("/srv/kubernetes/assets/a", 0o440, b"x")


def test_the_groups_file_wins_its_path():
    found = written(
        [{"name": "a", "path": "/x", "content": "c"}], [{"name": "b", "path": "/x", "content": "g", "mode": "0755"}]
    )
    assert (found["/x"].content, found["/x"].mode) == (b"g", 0o755)


@pytest.mark.parametrize("text", ["YmUga2luZAo", "YmUga2luZAo=", "YmUg\na2luZAo="])
def test_base64_is_taken_with_and_without_padding(text):
    assert (
        written([{"name": "a", "content": text, "isBase64": True}])["/srv/kubernetes/assets/a"].content == b"be kind\n"
    )


def unquoted(line: str) -> list[str]:
    """A command line as systemd splits it (systemd.service(5), systemd.syntax(7)): quotes, escapes, %% and $$."""
    words: list[str] = []
    word, quoted, index = "", False, 0
    while index < len(line):
        letter = line[index]
        if letter == "\\":
            index += 1
            word += {"n": "\n"}.get(line[index], line[index])
        elif letter == '"':
            quoted = not quoted
        elif letter == " " and not quoted:
            words.append(word)
            word = ""
        else:
            assert letter not in "%$" or line[index + 1] == letter, "a variable or specifier would be put in"
            index += letter in "%$"
            word += letter
        index += 1
    return [*words, word]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\x00")), min_size=1, max_size=4))
def test_systemd_runs_exactly_the_words_of_the_manifest(words):
    assert unquoted(customisation._command(words)) == words
