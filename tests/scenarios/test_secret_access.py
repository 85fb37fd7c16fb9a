"""The CVE-2023-1943 rule on every scenario: policies are evaluated against every secret object, for every identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from kops_pulumi.model import ClusterPlan
from tests.scenarios.names import AWS
from tests.support import recorded, store_access

pytestmark = pytest.mark.scenarios
every_scenario = pytest.mark.parametrize("name", AWS)


def planned(shared: Path, name: str) -> ClusterPlan:
    return recorded.plan_of(shared / "scenarios" / name / "cluster.yaml")


@every_scenario
def test_nobody_but_machines_with_the_api_reaches_a_secret(shared: Path, name: str) -> None:
    plan = planned(shared, name)
    assert len(store_access.secret_objects(plan)) >= 6
    assert list(store_access.leaks(plan)) == []


@every_scenario
def test_each_object_is_read_by_its_readers_and_nobody_else(shared: Path, name: str) -> None:
    assert list(store_access.misread(planned(shared, name))) == []
