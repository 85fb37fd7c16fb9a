"""What every built-in add-on installs on every cloud, with everything on: charts with their values, objects, images.

`deliveries/<cloud>.json`. `pytest --update-golden` rewrites; reviewers read the diff: a new version, flag or right of
an add-on is seen here, whatever cluster it is in. (`addons/` has whole clusters, and what they become.)
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kops_pulumi import addons, clouds
from kops_pulumi.model import Delivery, plain
from tests.contract.test_addon_contract import everything

HERE = Path(__file__).parent / "deliveries"


def delivered(cloud: str) -> list[Delivery]:
    """By name; the two that write DNS names exclude each other, so that each comes from a cluster of its own."""
    specs = [everything(cloud, externalDns={"provider": provider}) for provider in ("dns-controller", "external-dns")]
    found = {item.name: item for spec in specs for addon in addons.enabled(spec) for item in addon.deliveries(spec)}
    return [found[name] for name in sorted(found)]


@pytest.mark.parametrize("cloud", clouds.REGISTRY)
def test_deliveries_of_the_cloud_are_the_reviewed_ones(cloud: str, update_golden: bool) -> None:
    golden = HERE / f"{cloud}.json"
    text = json.dumps([plain(item) for item in delivered(cloud)], indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
