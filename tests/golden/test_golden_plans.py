"""Our own manifests, the plans they give and what their nodes are told; reviewers read the diff.

`pytest --update-golden` rewrites the files.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kops_pulumi import bootstrap, pipeline

CASES = sorted(path.parent for path in (Path(__file__).parent / "plan").glob("*/manifest.yaml"))


def compare(golden: Path, text: str, *, update: bool) -> None:
    if update:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plan_is_the_reviewed_one(case: Path, update_golden: bool) -> None:
    compare(case / "plan.json", pipeline.load([case / "manifest.yaml"]).plan.to_json(), update=update_golden)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_node_configurations_are_the_reviewed_ones(case: Path, update_golden: bool) -> None:
    planned = pipeline.load([case / "manifest.yaml"])
    configs = {
        group.name: bootstrap.node_config(planned.plan, planned.full, group)
        for group in planned.plan.groups
        if group.role != "bastion"
    }
    text = json.dumps(configs, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    compare(case / "node-configs.json", text, update=update_golden)


def test_there_are_cases() -> None:
    assert len(CASES) >= 5
