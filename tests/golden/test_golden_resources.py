"""Our own manifests and the resources they give; `pytest --update-golden` rewrites, reviewers read the diff.

User data and what is installed in the cluster are left out: they have goldens of their own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support import recorded

CASES = sorted(path.parent for path in (Path(__file__).parent / "plan").glob("*/manifest.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_resources_are_the_reviewed_ones(case: Path, update_golden: bool) -> None:
    golden = case / "resources.json"
    whole = recorded.cluster(case / "manifest.yaml")
    data = [short(resource.to_data()) for resource in whole if not recorded.is_addon(resource)]
    text = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def short(resource: dict[str, Any]) -> dict[str, Any]:
    """The parent by name; no user data nor bundles, whose digests change with every script."""
    inputs = dict(resource["inputs"])
    if "userData" in inputs:
        inputs["userData"] = "(has goldens of its own)"
    if "contentBase64" in inputs:
        inputs["contentBase64"] = "(a bundle)"
        inputs["key"] = re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", inputs["key"])
    parent = (resource["parent"] or "").rpartition("::")[2]
    return {**resource, "parent": parent, "inputs": inputs}
