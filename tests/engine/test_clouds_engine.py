"""The same manifest through the real engine on every cloud: it grows, changes one group, and leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kops_pulumi import rehearsal
from kops_pulumi.automation.report import Action, ChangeReport
from kops_pulumi.automation.stack import ClusterStack
from tests.support import clouds
from tests.support.clouds.row import Document, Row

every_cloud = pytest.mark.parametrize("row", clouds.ROWS, ids=lambda row: row.cloud)


def relabelled(documents: list[Document]) -> list[Document]:
    """Nodes of the one group get another label, by which their machines are other ones."""
    (nodes,) = [document for document in documents if document["metadata"]["name"] == "nodes"]
    nodes["spec"]["nodeLabels"] = {"tier": "web"}
    return documents


@every_cloud
def test_a_cluster_grows_changes_and_leaves_nothing(row: Row, world: rehearsal.World, tmp_path: Path) -> None:
    def up(documents: list[Document]) -> ChangeReport:
        planned = clouds.planned(documents)
        rehearsal.seed(world.store, planned.plan)
        stack = ClusterStack.of(
            planned, state=tmp_path / "state", environ=world.environment, project_file=tmp_path / "none"
        )
        return stack.up()

    small = clouds.documents(row, 1)
    assert {change.action for change in up(small).changes} <= {Action.CREATE, Action.READ}
    assert up(small).changes == ()

    large = clouds.documents(row, 3, bastion=True)
    grown = up(large)
    volumes = [change.action for change in grown.changes if change.type == row.data_volume]
    # Two more members of two etcd clusters; the first ones at most learn of them by their tags.
    assert [action for action in volumes if action is not Action.UPDATE] == [Action.CREATE] * 4
    assert up(large).changes == ()

    changed = up(relabelled(clouds.documents(row, 3, bastion=True)))
    assert changed.changes
    assert [change.name for change in changed.changes if "nodes" not in change.name] == []

    planned = clouds.planned(large)
    ClusterStack.of(
        planned, state=tmp_path / "state", environ=world.environment, project_file=tmp_path / "none"
    ).destroy()
    assert world.store.objects(adopted=False) == []
