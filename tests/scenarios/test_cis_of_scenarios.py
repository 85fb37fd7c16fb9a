"""kops's own manifests, measured by the CIS benchmark: what fails is what the manifest itself says."""

from __future__ import annotations

from pathlib import Path

import pytest

from kops_pulumi import bootstrap, clouds, pipeline
from kops_pulumi.bootstrap import cis
from kops_pulumi.model import Role
from tests.scenarios.names import AWS

WEAKENED = {"minimal_openstack": {"1.2.6", "1.2.7", "1.2.8"}}
"""Scenarios that allow everything by `authorization: alwaysAllow`."""


@pytest.mark.parametrize("name", [*AWS, *WEAKENED])
def test_a_scenario_passes_all_but_one_check_or_is_told_what_it_gives_up(shared: Path, name: str) -> None:
    planned = pipeline.load([shared / "scenarios" / name / "cluster.yaml"], force=True)
    warned = {finding.message for finding in planned.findings}
    for group in planned.plan.groups_of(Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE):
        results = cis.evaluate(bootstrap.build(planned.plan, planned.full, group, clouds.get(planned.plan.cloud)))
        failed = {result.check.id for result in results if not result.passed}
        given_up = WEAKENED.get(name, set()) if group.role is not Role.NODE else set()
        assert failed - given_up <= {"1.2.11"}
        assert all(any(f"check {number} " in message for message in warned) for number in given_up)
