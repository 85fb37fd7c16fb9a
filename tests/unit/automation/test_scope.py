"""Which resources belong to which instance group, by their names."""

from __future__ import annotations

from kops_pulumi.automation.scope import Scope

SCOPE = Scope("c.example.com", ("nodes", "cp-a"), ("nodes-a", "cp-b"))
BASE = "urn:pulumi:c::p::kops:index:Cluster$kops:aws:Instances$aws:autoscaling/group:Group::"
PROGRAM = [
    "c.example.com-instances-nodes",
    "c.example.com-instances-nodes-nodes-NTHLifecycleHook",
    "c.example.com-instances-nodes-a",
    "c.example.com-instances-nodes-a-hook",
    "c.example.com-instances-ssh",
    "c.example.com-store-bundle-nodes-a",
    "c.example.com-store-bundle-nodes",
    "c.example.com-network-vpc",
]


def urns(*names: str) -> list[str]:
    return [f"{BASE}c.example.com-{name}" for name in names]


def test_resources_of_groups_out_of_scope_are_left_and_nothing_else() -> None:
    state = [f"{BASE}{name}" for name in PROGRAM]
    expected = urns("instances-nodes-a", "instances-nodes-a-hook", "store-bundle-nodes-a")
    assert SCOPE.excluded(state, PROGRAM) == expected


def test_new_groups_out_of_scope_are_not_made() -> None:
    assert SCOPE.excluded([], PROGRAM) == [
        "**::c.example.com-instances-nodes-a",
        "**::c.example.com-instances-nodes-a-hook",
        "**::c.example.com-store-bundle-nodes-a",
    ]


def test_a_group_that_left_the_manifest_stays_when_it_is_not_named() -> None:
    state = urns("instances-old", "store-bundle-old", "network-old")
    assert SCOPE.excluded(state, ["c.example.com-network-vpc"]) == urns("instances-old", "store-bundle-old")
