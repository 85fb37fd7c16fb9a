"""docs/cli tells the truth: every help text in it is the program's own (`pytest --update-golden` rewrites them)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from kops_pulumi.automation.report import json_schema
from kops_pulumi.cli import app
from kops_pulumi.cli.lazy import LazyGroup

PAGES = Path(__file__).resolve().parents[3] / "docs" / "cli"
BLOCK = re.compile(r"```console\n\$ kops-pulumi ?(?P<verb>[^\n]*?) ?--help\n(?P<help>.*?)```", re.DOTALL)


def _leaves(group: LazyGroup, path: str = "") -> list[str]:
    found: list[str] = []
    for name, verb in group.verbs.items():
        command = verb.load()
        found += _leaves(command, f"{path}{name} ") if isinstance(command, LazyGroup) else [f"{path}{name}"]
    return found


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_help_on_the_page_is_the_programs(cli, page, update_golden, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")

    def actual(match):
        verb = match["verb"].strip()
        shown = cli(*verb.split(), "--help").out
        return f"```console\n$ kops-pulumi {f'{verb} ' if verb else ''}--help\n{shown}```"

    text = page.read_text()
    expected = BLOCK.sub(actual, text)
    if update_golden:
        page.write_text(expected)
    assert page.read_text() == expected


def test_every_verb_has_its_help_on_some_page():
    shown = {match["verb"].strip() for page in PAGES.glob("*.md") for match in BLOCK.finditer(page.read_text())}
    assert set(_leaves(app.root)) <= shown


def test_the_change_report_on_the_page_has_the_documented_form():
    (example,) = re.findall(r"```json\n(.*?)```", (PAGES / "change-report.md").read_text(), re.DOTALL)
    jsonschema.validate(json.loads(example), json_schema())
