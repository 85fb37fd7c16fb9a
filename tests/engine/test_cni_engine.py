"""Every network plug-in through the real engine: made once, bumped alone, gone with the cluster.

And a live cluster's network is never changed silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kops_pulumi import pins, program, rehearsal
from kops_pulumi.automation.report import Action
from kops_pulumi.automation.stack import ClusterStack
from kops_pulumi.errors import KopsError
from kops_pulumi.plan.podnetwork import ACCEPT
from kops_pulumi.resolve.versions import NEWEST_DEFAULTS
from tests.engine.conftest import Stacks
from tests.golden.test_golden_cni import VARIANTS
from tests.support import clouds, features

KEYS = (
    "amazonvpc-prefixes",
    "calico",
    "canal",
    "cilium-eni",
    "cilium-etcd",
    "cilium-ipsec",
    "flannel-vxlan",
    "kindnet",
    "kopeio",
    "kuberouter",
)
"""What installs something; kubenet and bring-your-own are in the tests below and in other files."""
OWN_VERSION = {
    "calico": {"networking": {"calico": {"version": "v3.31.4"}}},
    "cilium": {"networking": {"cilium": {"version": "v1.18.11"}}},
    "kindnet": {"networking": {"kindnet": {"version": "v1.0.2"}}},
}
"""A version that the manifest chooses; the others follow the table of versions."""
ROWS = {"canal": "flannel"}
"""The row of that table which moves one object of the plug-in, where its own name is no row."""


def documents(variant: Mapping[str, Any], *more: Mapping[str, Any], accept: str | None = None) -> list[dict[str, Any]]:
    """The base's manifest with a plug-in; nothing refuses to be deleted."""
    found = features.base()
    for overlay in (variant, *more, {"protect": False}):
        features.laid_over(found, overlay)
    if accept:
        found[0]["metadata"]["annotations"] = {ACCEPT: accept}
    return found


@pytest.mark.parametrize("variant", KEYS)
def test_a_plugin_is_made_once_bumped_alone_and_gone_with_the_cluster(
    variant: str, world: rehearsal.World, deployment: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = variant.partition("-")[0]
    plans = [features.planned(documents(VARIANTS[variant]))]
    rehearsal.seed(world.store, plans[0].plan)
    stack = deployment(lambda: program.deploy(plans[-1]))
    made = stack.up()
    assert made.errors == ""
    assert [name for name in made.changes if f"{features.NAME}-addons-" in name]
    assert stack.preview().changes == {}
    kept = stack.state()
    assert "PRIVATE KEY" not in kept
    assert "rfc4106" not in kept, "keys are encrypted wherever they are"

    if key not in OWN_VERSION:
        table = pins.table(36, NEWEST_DEFAULTS)
        newer = {name: {**row, "version": f"{row['version']}-rc.1"} for name, row in table.items()}
        row = ROWS.get(key, key)
        monkeypatch.setattr(pins, "table", lambda *_given: {**table, row: newer[row]})
    plans.append(features.planned(documents(VARIANTS[variant], OWN_VERSION.get(key, {}))))
    bumped = stack.preview()
    assert bumped.errors == ""
    assert set(bumped.changes.values()) == {"update"}
    assert {step.type.partition(":")[0] for step in bumped.steps if step.operation == "update"} == {"kubernetes"}
    assert len(bumped.changes) == 1

    assert stack.destroy().errors == ""
    assert world.store.objects(adopted=False) == []


def test_a_live_network_never_changes_silently(world: rehearsal.World, tmp_path: Path) -> None:
    """kubenet to cilium: refused with the steps, in a preview and in an update, until the manifest accepts it."""
    place = {"state": world.path, "environ": world.environment}
    kubenet = features.planned(documents(VARIANTS["kubenet"]))
    rehearsal.seed(world.store, kubenet.plan)
    first = ClusterStack.of(kubenet, **place)
    assert first.up().count(Action.CREATE) > 40
    assert first.outputs()["podNetwork"]["plugin"] == "kubenet"

    wanted = ClusterStack.of(features.planned(documents(VARIANTS["cilium"])), **place)
    for operation in (wanted.preview, wanted.up):
        with pytest.raises(KopsError) as refusal:
            operation()
        assert "plugin: kubenet to cilium\n    1. Every pod loses its network" in str(refusal.value)
        assert f"{ACCEPT}: 'plugin: kubenet to cilium'" in (refusal.value.hint or "")
    assert first.outputs()["podNetwork"]["plugin"] == "kubenet", "a refused update forgets nothing"
    assert first.preview().empty

    accepted = documents(VARIANTS["cilium"], accept="plugin: kubenet to cilium")
    after = ClusterStack.of(features.planned(accepted), **place)
    after.up()
    assert after.outputs()["podNetwork"]["plugin"] == "cilium"
    assert after.preview().empty

    other = ClusterStack.of(features.planned(documents(VARIANTS["calico"])), **place)
    with pytest.raises(KopsError, match="cannot be changed like this:\n  plugin: cilium to calico"):
        other.preview()
    mode = documents(VARIANTS["cilium"], {"networking": {"cilium": {"tunnel": "geneve"}}})
    with pytest.raises(KopsError, match=r"tunnel: vxlan to geneve\n    1\. Take a maintenance window"):
        ClusterStack.of(features.planned(mode), **place).preview()


def test_alias_addresses_of_gce_are_made_once_and_gone(world: rehearsal.World, deployment: Stacks) -> None:
    row = next(row for row in clouds.ROWS if row.cloud == "gce")
    overlay = {"networking": {"calico": None, "gce": {}}, "protect": False}
    planned = clouds.planned(clouds.laid_over(row, overlay))
    rehearsal.seed(world.store, planned.plan)
    stack = deployment(lambda: program.deploy(planned))
    assert stack.up().errors == ""
    assert stack.outputs()["podNetwork"]["plugin"] == "gce"
    assert stack.preview().changes == {}
    assert stack.destroy().errors == ""
    assert world.store.objects(adopted=False) == []


def test_a_program_of_the_users_own_is_refused_too(world: rehearsal.World, deployment: Stacks) -> None:
    """`pulumi up` in a project runs the same `deploy`."""
    plans = [features.planned(documents(VARIANTS["cni"]))]
    rehearsal.seed(world.store, plans[0].plan)
    stack = deployment(lambda: program.deploy(plans[-1]))
    assert stack.up().errors == ""
    plans.append(features.planned(documents(VARIANTS["kindnet"])))
    refused = stack.up()
    assert "plugin: cni to kindnet" in refused.errors
    assert refused.changes == {}
