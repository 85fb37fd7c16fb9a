"""Our own manifests and the plans they give; `pytest --update-golden` rewrites them, reviewers read the diff."""

from __future__ import annotations

from pathlib import Path

import pytest

from kops_pulumi import pipeline

CASES = sorted(path.parent for path in (Path(__file__).parent / "plan").glob("*/manifest.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plan_is_the_reviewed_one(case: Path, update_golden: bool) -> None:
    golden = case / "plan.json"
    plan = pipeline.load([case / "manifest.yaml"]).plan.to_json()
    if update_golden:
        golden.write_text(plan, encoding="utf-8")
    assert plan == golden.read_text(encoding="utf-8")


def test_there_are_cases() -> None:
    assert len(CASES) >= 5
