"""Our own manifests and the plans they give; reviewers read the diff.

`pytest --update-golden` rewrites the files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kops_pulumi import pipeline

CASES = sorted(path.parent for path in (Path(__file__).parent / "plan").glob("*/manifest.yaml"))


def compare(golden: Path, text: str, *, update: bool) -> None:
    if update:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plan_is_the_reviewed_one(case: Path, update_golden: bool) -> None:
    data = pipeline.load([case / "manifest.yaml"]).plan.to_data()
    for group in data["groups"]:
        short(group)
    data["deliveries"] = [delivery["name"] for delivery in data["deliveries"]]  # their content: addons/
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    compare(case / "plan.json", text, update=update_golden)


def short(group: dict[str, Any]) -> None:
    """What machines are told has goldens of its own (nodes/), and its digests change with every script."""
    if group["user_data"]:
        group["user_data"]["text"] = "see nodes/"
    if group["bundle"]:
        group["bundle"] = {"path": group["bundle"]["path"].replace(group["bundle"]["sha256"], "<sha256>")}


def test_there_are_cases() -> None:
    assert len(CASES) >= 5
