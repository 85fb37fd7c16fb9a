"""The demo keeps its own promises, and notices when one is broken."""

from __future__ import annotations

import difflib

import pytest

from kops_pulumi import demo
from kops_pulumi.automation.report import Action, ChangeReport, Difference, Kind, PropertyChange, ResourceChange


def _report(*properties: PropertyChange, name: str = f"x-{demo.GROUP}", action: Action = Action.UPDATE) -> ChangeReport:
    change = ResourceChange(action, "aws:autoscaling/group:Group", name, "", Kind.RESOURCE, "urn", properties)
    return ChangeReport("x", "preview", (change,), 1)


RIGHT = PropertyChange("maxSize", Difference.UPDATE, forces_replacement=False, before=3, after=5)
OTHER = PropertyChange("minSize", Difference.UPDATE, forces_replacement=False, before=3, after=5)


def test_the_edit_changes_one_line(tmp_path):
    path = tmp_path / "cluster.yaml"
    before = demo.MANIFEST.read_text()
    path.write_text(before)
    demo._edit(path)
    changed = [line for line in difflib.ndiff(before.splitlines(), path.read_text().splitlines()) if line[0] in "+-"]
    assert changed == [f"-   {demo.BEFORE}", f"+   {demo.AFTER}"]


def test_the_expected_edit_is_recognised_and_nothing_else():
    assert demo._one_group(_report(RIGHT))
    for wrong in (
        _report(RIGHT, OTHER),
        _report(OTHER),
        _report(RIGHT, name="x-nodes-b"),
        _report(RIGHT, action=Action.REPLACE),
        ChangeReport("x", "preview", (), 1),
    ):
        assert not demo._one_group(wrong)


def test_a_broken_promise_ends_the_demo(monkeypatch, capsys):
    step = demo.Step("preview again", lambda _stack: _report(RIGHT), lambda report: report.empty, "no change at all")
    with pytest.raises(demo.BrokenPromiseError, match="should have been no change at all"):
        demo._take(step, None)  # type: ignore[arg-type]
    monkeypatch.setattr(demo, "_life", lambda *_: demo._take(step, None))  # type: ignore[arg-type]
    monkeypatch.setattr(demo.engines, "ensure", lambda **_: None)
    assert demo.main() == 1
    assert "the demo failed" in capsys.readouterr().err
