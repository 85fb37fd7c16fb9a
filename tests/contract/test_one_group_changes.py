"""Done-when 5 of the nodes: what one instance group changes stays with its own launch template and bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import recorded

MANIFEST = Path(__file__).resolve().parents[1] / "golden" / "nodes" / "ha-private" / "manifest.yaml"


def resources(directory: Path, group: str | None = None, **changes: Any) -> dict[str, str]:
    """Type and name of every resource, and its inputs as text."""
    documents = list(yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")))
    for document in documents:
        if document["metadata"]["name"] == group:
            document["spec"] |= changes
    path = directory / f"{group}.yaml"  # recordings are kept by path
    path.write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    return {
        f"{item['type'].rpartition(':')[2]} {item['name']}": repr(item["inputs"])
        for item in (resource.to_data() for resource in recorded.cluster(path))
    }


@pytest.mark.parametrize(
    ("group", "change"),
    [
        ("nodes", {"nodeLabels": {"pool": "general"}}),
        ("nodes", {"kubelet": {"maxPods": 42}}),
        ("control-plane-b", {"sysctlParameters": ["vm.swappiness=0"]}),
        (
            "bastions",
            {"additionalUserData": [{"name": "a.sh", "type": "text/x-shellscript", "content": "#!/bin/sh\n"}]},
        ),
    ],
)
def test_a_changed_group_changes_its_own_machines_only(tmp_path: Path, group: str, change: dict[str, Any]) -> None:
    before, after = resources(tmp_path), resources(tmp_path, group, **change)
    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert any(name.startswith("LaunchTemplate ") and name.endswith(f"-instances-{group}") for name in differing)
    assert all(group in name for name in differing), differing
    assert {name.split()[0] for name in differing} <= {"LaunchTemplate", "BucketObjectv2", "Group"}
