"""Every scenario through the real engine: made, made again with nothing to do, destroyed to the last thing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kops_pulumi import pipeline, rehearsal
from kops_pulumi.automation.report import Action
from kops_pulumi.automation.stack import ClusterStack

SHARED = Path(os.environ.get("KOPS_PULUMI_SHARED") or Path(__file__).parents[2].parent / "shared") / "scenarios"
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHc5o2Zr1bcxJ2NzqF2p7nE1mYg8kDq2mEj6Hc9zVXvF operator"


CLOUDS = ("aws", "gce", "openstack")


def scenarios() -> list[str]:
    """Names of the scenarios on these clouds; one that says what is missing when they are not here."""
    index = SHARED / "index.json"
    if not index.is_file():
        return ["none"]
    return [entry["name"] for entry in json.loads(index.read_text()) if entry["cloud"] in CLOUDS]


def contents(world: rehearsal.World) -> list[tuple[str, str, int]]:
    """What exists in the simulated cloud, and how often it was changed."""
    return [(record.type, record.id, record.updates) for record in world.store.objects()]


@pytest.mark.scenarios
@pytest.mark.parametrize("scenario", scenarios())
def test_a_scenario_is_made_once_and_leaves_nothing(scenario: str, world: rehearsal.World, tmp_path: Path) -> None:
    if scenario == "none":
        pytest.skip(f"no scenarios at {SHARED}; set KOPS_PULUMI_SHARED")
    planned = pipeline.load([SHARED / scenario / "cluster.yaml"], ssh_public_keys=[SSH_KEY])
    rehearsal.seed(world.store, planned.plan)
    adopted = contents(world)
    stack = ClusterStack.of(
        planned, state=tmp_path / "state", environ=world.environment, project_file=tmp_path / "none"
    )

    created = stack.up()
    assert {change.action for change in created.changes} <= {Action.CREATE, Action.READ}
    assert len(world.store.objects(adopted=False)) > 30

    assert stack.up().changes == ()

    stack.destroy()
    assert contents(world) == adopted
