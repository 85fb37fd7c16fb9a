"""The README's tour and the tutorial, from first command to last, by Pulumi's real engine in a rehearsal; by line."""

from __future__ import annotations

import pytest

from kops_pulumi.automation import engine as engines
from tests.support import pages


@pytest.mark.parametrize("name", ["README.md", "docs/tutorial.md"])
def test_the_tour_prints_what_the_page_shows(name, tmp_path, monkeypatch, update_golden):
    if engines.look().engine is None:
        pytest.skip("no engine (`make setup` installs one)")
    page = pages.ROOT / name
    for variable in ("KOPS_CLUSTER_NAME", "KOPS_STATE_STORE", "KOPS_PULUMI_DEBUG", "KOPS_PULUMI_WORLD"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    pages.furnish(tmp_path, page)
    for command in (command for command in pages.commands(page) if command.shown or not command.ours):
        actual = pages.run(command)
        if update_golden:
            pages.refreshed(page, command, actual)
            continue
        wrong = pages.disagreement(command.shown, actual)
        assert wrong is None, f"{name}, session at line {command.line}: {command.text}\n  {wrong}"
