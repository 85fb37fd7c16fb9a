"""`update cluster` up to the engine, which a stand-in plays."""

from __future__ import annotations

import json

import pytest

from kops_pulumi.automation.report import Action, ChangeReport, Kind, ResourceChange
from kops_pulumi.automation.stack import ClusterStack

NAME = "new.example.com"
CHANGE = ResourceChange(Action.CREATE, "aws:ec2/vpc:Vpc", "vpc", "Network", Kind.RESOURCE, "urn")


class Engine:
    """What was asked of the engine, in order, and what it answers."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.changes: tuple[ResourceChange, ...] = (CHANGE,)
        self.unfinished: tuple[str, ...] = ()


@pytest.fixture
def engine(monkeypatch):
    here = Engine()

    def operation(name):
        def run(self, *, refresh, watch):
            here.calls.append(f"{name}{' --refresh' if refresh else ''}")
            return ChangeReport(self.settings.stack, "preview" if name == "preview" else "update", here.changes, 3)

        return run

    monkeypatch.setattr(ClusterStack, "preview", operation("preview"))
    monkeypatch.setattr(ClusterStack, "up", operation("up"))
    monkeypatch.setattr(ClusterStack, "pending", lambda _self: here.unfinished)
    monkeypatch.setattr(ClusterStack, "forget_pending", lambda _self: here.calls.append("forget"))
    return here


def test_without_yes_there_is_only_a_preview(cli, stored, engine):
    result = cli("update", "cluster", NAME)
    assert (result.code, engine.calls) == (0, ["preview"])
    assert result.out == "Network\n  + aws:ec2:Vpc                          vpc\n1 to create; 3 unchanged\n"
    assert "--yes" in result.err


def test_with_yes_the_preview_comes_first(cli, stored, engine):
    result = cli("update", "cluster", NAME, "--yes")
    assert (result.code, engine.calls) == (0, ["preview", "up"])
    assert result.out.splitlines()[2] == "1 to create; 3 unchanged"
    assert result.out.splitlines()[3].startswith("1 created; 3 unchanged in ")


def test_with_nothing_to_do_nothing_is_done(cli, stored, engine):
    engine.changes = ()
    result = cli("update", "cluster", NAME, "--yes")
    assert (result.code, engine.calls, result.out) == (0, ["preview"], "no changes; 3 unchanged\n")
    assert "as the manifest says" in result.err


@pytest.mark.parametrize(("arguments", "operation"), [((), "preview"), (("--yes",), "update")])
def test_json_is_one_report_on_stdout(cli, stored, engine, arguments, operation):
    assert json.loads(cli("update", "cluster", NAME, "-o", "json", *arguments).out)["operation"] == operation


def test_markdown_is_the_body_of_a_review_comment(cli, stored, engine):
    assert cli("update", "cluster", NAME, "-o", "markdown").out.startswith(f"### `{NAME}`: 1 to create")


def test_refresh_is_passed_on(cli, stored, engine):
    cli("update", "cluster", NAME, "--refresh", "--yes")
    assert engine.calls == ["preview --refresh", "up --refresh"]


def test_unfinished_operations_warn_a_preview_and_stop_an_update(cli, stored, engine):
    engine.unfinished = ("creating aws:ec2/vpc:Vpc vpc",)
    preview = cli("update", "cluster", NAME, "--forget-pending")
    assert (preview.code, engine.calls) == (0, ["preview"])
    assert "warning: an earlier run was cut off during:\n  creating aws:ec2/vpc:Vpc vpc" in preview.err
    update = cli("update", "cluster", NAME, "--yes")
    assert (update.code, engine.calls) == (5, ["preview"])
    assert "--forget-pending" in update.err


def test_unfinished_operations_are_forgotten_on_the_users_word(cli, stored, engine):
    engine.unfinished = ("creating aws:ec2/vpc:Vpc vpc",)
    assert cli("update", "cluster", NAME, "--yes", "--forget-pending").code == 0
    assert engine.calls == ["forget", "preview", "up"]
