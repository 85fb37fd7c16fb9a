"""README and docs tell the truth: what they show of a command is what it prints (`tests/support/pages.py`).

Sessions run from top to bottom in a directory of the page's own. Commands that need Pulumi's engine are run by
`tests/engine/test_pages_engine.py`; those of docs/cli are help texts, which `test_cli_pages.py` compares. With
`--update-golden` figures that have changed are written into the pages; other differences are for an author to mend.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kops_pulumi import pipeline
from tests.support import pages

ROOT = pages.ROOT
PAGES = sorted(
    path
    for path in (
        ROOT / "README.md",
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("docs/clouds/*.md"),
        *ROOT.glob("examples/*.md"),
    )
    if list(pages.commands(path))
)


@pytest.fixture
def page(request, tmp_path, monkeypatch) -> Path:
    for variable in ("KOPS_CLUSTER_NAME", "KOPS_STATE_STORE", "KOPS_PULUMI_DEBUG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    pages.furnish(tmp_path, request.param)
    return request.param


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)), indirect=True)
def test_what_a_page_shows_of_offline_commands_is_what_they_print(page, update_golden):
    for command in pages.commands(page):
        if command.needs_engine:
            continue
        actual = pages.run(command)
        if update_golden:
            pages.refreshed(page, command, actual)
            continue
        wrong = pages.disagreement(command.shown, actual) if command.shown else None
        assert wrong is None, f"{page.name}, session at line {command.line}: {' '.join(command.words)}\n  {wrong}"


def test_sessions_are_compared_line_by_line():
    assert pages.disagreement(["a", "…", "d"], ["a", "b", "c", "d"]) is None
    assert pages.disagreement(["took 5.0 s"], ["took 17 s"]) is None
    assert pages.disagreement(["a", "c"], ["a", "b", "c"]) == "c"
    assert pages.disagreement(["a"], ["a", "b"]) == "(not shown) b"
    assert pages.disagreement(["…", "z"], ["a", "b"]) == "z"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.stem)
def test_a_whole_manifest_on_a_page_can_be_read(page, tmp_path):
    for name, text in pages.files(page).items():
        assert text.startswith(("apiVersion:", "#", "config:", "spec:")), f"{page.name}: {name}"
        assert pipeline.manifest.loads(text, name).findings == ()


def test_every_page_has_its_place_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    named = [line.rpartition(": ")[2] for line in text.splitlines() if line.endswith(".md")]
    written = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(named) == sorted(written - {"adr/template.md"})


def _linked(page: Path) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)#\s]+)", page.read_text()) if "://" not in link]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "examples/README.md"])
def test_links_outside_of_docs_lead_somewhere(name):
    page = ROOT / name
    assert [link for link in _linked(page) if not (page.parent / link).exists()] == []
