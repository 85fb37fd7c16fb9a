"""What every scenario's machines are told: small, the same each time, and checked before anything is made."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kops_pulumi import pipeline
from kops_pulumi.model import Role
from tests.scenarios.names import AWS

OTHERS = (
    "ha_gce",
    "minimal_gce_ilb",
    "minimal_gce_ilb_longclustername",
    "minimal_gce_plb_apiserver",
    "minimal_gce_private",
    "minimal_openstack",
)
SMALL = 5 * 1024
"""Bytes of user data, gzipped."""
FITS_ANYWHERE = 16 * 1024 * 0.9
"""Bytes of ours without the user's parts, as they are: AWS's limit, with the room that we keep."""


@pytest.mark.parametrize("scenario", [*AWS, *OTHERS])
def test_user_data_is_small_for_every_role_and_the_same_each_time(shared: Path, scenario: str) -> None:
    manifest = shared / "scenarios" / scenario / "cluster.yaml"
    planned, again = (pipeline.load([manifest]).plan for _ in range(2))
    for group, same in zip(planned.groups, again.groups, strict=True):
        assert (group.user_data, group.bundle) == (same.user_data, same.bundle)
        if group.role is Role.BASTION:
            assert group.bundle is None
            continue
        assert group.user_data is not None
        text = group.user_data.text.encode()
        assert len(gzip.compress(text, mtime=0)) <= SMALL
        assert len(text) <= FITS_ANYWHERE
        assert group.bundle is not None
        assert group.bundle.sha256 in group.user_data.text


def test_every_scenario_is_tried(shared: Path) -> None:
    assert {path.parent.name for path in (shared / "scenarios").glob("*/cluster.yaml")} == {*AWS, *OTHERS}
