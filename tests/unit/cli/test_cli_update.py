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
        self.state: list[dict[str, str]] = []


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
    monkeypatch.setattr(ClusterStack, "export", lambda _self: {"resources": here.state})
    monkeypatch.setattr(ClusterStack, "pending", lambda _self: here.unfinished)
    creating = {"type": "creating", "resource": {"urn": "urn:vpc", "type": "aws:ec2/vpc:Vpc"}}
    monkeypatch.setattr(ClusterStack, "pending_items", lambda _self: [creating])
    monkeypatch.setattr(ClusterStack, "ids", lambda _self: {})
    monkeypatch.setattr("kops_pulumi.cli.engine._finder", lambda _stack, _plan: None)
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


def test_terraform_is_written_without_asking_the_engine(cli, stored, engine, tmp_path):
    result = cli("update", "cluster", NAME, "--target", "terraform", "--skip", "addons")
    assert (result.code, engine.calls) == (0, [])
    assert (tmp_path / "out" / "terraform" / "kubernetes.tf.json").is_file()
    assert "terraform -chdir=out/terraform init" in result.err
    again = cli("update", "cluster", NAME, "--target", "terraform", "--skip", "addons", "-o", "json")
    assert json.loads(again.out)["written"] == []


def test_terraform_refuses_what_only_the_engine_can(cli, stored, engine, tmp_path):
    result = cli("update", "cluster", NAME, "--target", "terraform", "--refresh", "--instance-group", "x")
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "error: --refresh, --instance-group needs --target direct\n"
        "  Terraform plans and refreshes by itself: `terraform plan`\n"
    )
    assert not (tmp_path / "out").exists()


def test_groups_that_are_left_out_are_named(cli, stored, engine):
    result = cli("update", "cluster", NAME, "--instance-group-roles", "node")
    assert (result.code, engine.calls) == (0, ["preview"])
    assert "left as they are: instance groups control-plane-eu-west-1a" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--instance-group", "nope"), "there is no instance group nope"),
        (("--instance-group-roles", "king"), "there is no role king"),
        (("--instance-group-roles", "bastion"), "no instance group has that role"),
    ],
)
def test_unknown_groups_and_roles_are_refused(cli, stored, engine, arguments, message):
    result = cli("update", "cluster", NAME, *arguments)
    assert result.code != 0
    assert result.err.startswith(f"error: {message}\n  ")
    assert engine.calls == []


def test_prune_says_that_nothing_was_deferred(cli, stored, engine):
    assert "nothing was deferred" in cli("update", "cluster", NAME, "--prune").err


def test_a_saved_plan_is_made_or_refused(cli, stored, engine, tmp_path):
    assert cli("update", "cluster", NAME, "--save-plan", "plan.json").code == 0
    assert cli("update", "cluster", NAME, "--yes", "--plan", "plan.json").code == 0
    assert engine.calls == ["preview", "preview", "up"]
    engine.state = [{"urn": "another"}]
    engine.changes = ()
    result = cli("update", "cluster", NAME, "--yes", "--plan", "plan.json")
    assert result.code == 1
    assert "error: plan.json no longer fits: the cluster has been updated; the cloud or this tool would" in result.err
    assert result.err.endswith("\n  look at the preview, and save a new plan with --save-plan\n")
    assert engine.calls[3:] == ["preview"]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"schemaVersion": 1}'])
def test_what_is_no_plan_is_refused(cli, stored, engine, tmp_path, content):
    if content is not None:
        (tmp_path / "plan.json").write_text(content)
    result = cli("update", "cluster", NAME, "--yes", "--plan", "plan.json")
    assert (result.code, "up" in engine.calls) == (1, False)
    assert "--save-plan" in result.err
