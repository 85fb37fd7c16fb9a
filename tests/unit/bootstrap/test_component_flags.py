"""Every field of a component's section is a flag that the program knows, or is listed with where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kops_pulumi.bootstrap.kubeadm import components
from kops_pulumi.bootstrap.kubeadm.flags import Component, args, over, text, value_of
from kops_pulumi.spec.base import SpecModel
from kops_pulumi.spec.controllers import KubeProxy

PROGRAMS = {
    "kube-apiserver": components.API_SERVER,
    "kube-controller-manager": components.CONTROLLER_MANAGER,
    "kube-scheduler": components.SCHEDULER,
}


def known(program: str) -> set[str]:
    """Flags as Kubernetes 1.34.2's own option sets list them (`<program> <flag>` a line)."""
    lines = (Path(__file__).parent / "flags-1.34.txt").read_text(encoding="utf-8").splitlines()
    return {flag for name, flag in (line.split() for line in lines) if name == program}


def dead(model: type[SpecModel]) -> set[str]:
    extras = {name: field.json_schema_extra for name, field in model.model_fields.items()}
    return {name for name, extra in extras.items() if isinstance(extra, dict) and extra.get("deprecated")}


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_every_field_is_a_flag_of_the_program_or_goes_somewhere_else(program: str) -> None:
    component = PROGRAMS[program]
    fields = set(component.model.model_fields) - dead(component.model) - set(component.elsewhere)
    unknown = {name: component.flag(name) for name in fields if component.flag(name) not in known(program)}
    assert unknown == {}
    assert len(fields) > 5


@pytest.mark.parametrize("program", ["kube-controller-manager", "kube-scheduler"])
def test_leader_election_is_flags(program: str) -> None:
    component = components.LEADER_ELECTION
    assert {component.flag(name) for name in component.model.model_fields} <= known(program)


@pytest.mark.parametrize("component", PROGRAMS.values(), ids=list(PROGRAMS))
def test_tables_name_only_fields_that_exist(component: Component) -> None:
    named = {*component.flags, *component.elsewhere, *component.repeated, *component.removed}
    assert named <= set(component.model.model_fields)


def test_every_field_of_kube_proxy_has_its_place() -> None:
    assert set(KubeProxy.model_fields) - dead(KubeProxy) == set(components.KUBE_PROXY)


@pytest.mark.parametrize("section", sorted(components.OUTSIDE))
def test_sections_that_are_no_command_line_say_what_becomes_of_each_field(section: str) -> None:
    model, fields = components.OUTSIDE_MODELS[section], components.OUTSIDE[section]
    assert set(model.model_fields) - dead(model) <= set(fields) <= set(model.model_fields)
    assert all(fields.values())


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (["b", "a"], "b,a"),
        ({"B": "true", "A": True}, "A=true,B=true"),
        ("10m", "10m"),
    ],
)
def test_values_are_written_as_go_reads_them(value: object, written: str) -> None:
    assert text(value) == written


def test_a_later_layer_replaces_all_of_a_flag_and_keeps_repeats_in_order() -> None:
    merged = over(args("issuer", ["old", "older"]), args("v", [1]), args("issuer", ["b", "a"]))
    assert [(arg["name"], arg["value"]) for arg in merged] == [("issuer", "b"), ("issuer", "a"), ("v", "1")]
    assert value_of(merged, "issuer") == "a"
    assert value_of(merged, "gone") is None


@pytest.mark.parametrize(("minor", "flags"), [(36, ["concurrent-service-syncs"]), (37, [])])
def test_a_flag_that_a_minor_refuses_is_left_out_with_a_warning(minor: int, flags: list[str]) -> None:
    settings: Mapping[str, object] = {"concurrentServiceSyncs": 4}
    component = components.CONTROLLER_MANAGER
    assert [arg["name"] for arg in component.args(settings, minor)] == flags
    found = list(component.findings(settings, minor))
    assert [finding.dotted for finding in found] == (
        [] if flags else ["spec.kubeControllerManager.concurrentServiceSyncs"]
    )
