"""What is installed in our own clusters: deliveries of the plan, and the resources they become.

`addons/<case>/manifest.yaml` → `deliveries.json`, `resources.json`. `pytest --update-golden` rewrites; reviewers read
the diff. Values of charts are in both: what the manifest gives, and what the chart gets once everything is deployed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kops_pulumi.model import plain
from tests.support import recorded

CASES = sorted(path.parent for path in (Path(__file__).parent / "addons").glob("*/manifest.yaml"))

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def compare(golden: Path, data: Any, *, update: bool) -> None:
    text = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if update:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@every_case
def test_deliveries_are_the_reviewed_ones(case: Path, update_golden: bool) -> None:
    data = plain(recorded.plan_of(case / "manifest.yaml").deliveries)
    compare(case / "deliveries.json", data, update=update_golden)


@every_case
def test_they_become_the_reviewed_resources(case: Path, update_golden: bool) -> None:
    found = [item for item in recorded.cluster(case / "manifest.yaml") if recorded.is_addon(item)]
    data = [
        {
            "type": item.type,
            "name": item.name,
            "inputs": item.inputs,
            "after": sorted({last(urn) for urn in item.depends_on if ":providers:" not in item.type}),
        }
        for item in found
    ]
    compare(case / "resources.json", data, update=update_golden)


def last(urn: str) -> str:
    """Type and name of a resource."""
    types, _, name = urn.rpartition("::")
    return f"{types.rpartition('$')[2].rpartition('::')[2]} {name}"


def test_there_are_cases() -> None:
    assert CASES
