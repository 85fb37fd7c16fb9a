"""etcd clusters and their members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Said = Callable[..., list[str]]
MAIN = "spec.etcdClusters.0"
MEMBERS = "spec.etcdClusters[0].etcdMembers"


def _members(*homes: str) -> list[dict[str, str]]:
    return [
        {"name": f"m{index}", "instanceGroup": f"control-plane-eu-west-1{home}"} for index, home in enumerate(homes)
    ]


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"spec.etcdClusters.1.name": "cilium"}, "spec.etcdClusters", "there is no etcd cluster 'events'"),
        ({"spec.etcdClusters.1.name": "main"}, "spec.etcdClusters[1].name", "there is another etcd cluster 'main'"),
        ({f"{MAIN}.version": "2.3.1"}, "spec.etcdClusters[0].version", "'2.3.1' is not a version of etcd 3"),
        (
            {f"{MAIN}.version": "3.5.9", "spec.etcdClusters.1.version": "3.6.1"},
            "spec.etcdClusters[1].version",
            "etcd clusters have different versions: 3.5.9, 3.6.1",
        ),
        (
            {
                f"{MAIN}.backups": {"backupStore": "s3://b/x"},
                "spec.etcdClusters.1.backups": {"backupStore": "s3://b/x"},
            },
            "spec.etcdClusters[1].backups.backupStore",
            "another etcd cluster keeps its backups in s3://b/x",
        ),
        (
            {f"{MAIN}.etcdMembers": _members("a", "b")},
            MEMBERS,
            "etcd cluster 'main' has 2 members (an odd number: 1, 3 or 5",
        ),
        (
            {f"{MAIN}.etcdMembers": _members("a", "b")},
            MEMBERS,
            "group 'control-plane-eu-west-1c' has no member of etcd",
        ),
        ({f"{MAIN}.etcdMembers": _members("a", "b", "b")}, MEMBERS, "2 members of etcd cluster 'main' live on group"),
        ({f"{MAIN}.etcdMembers.0.name": "b"}, f"{MEMBERS}[1].name", "there is another member 'b' in 'main'"),
        ({f"{MAIN}.etcdMembers.0.name": "A b"}, f"{MEMBERS}[0].name", "'A b' is not a name"),
        (
            {f"{MAIN}.etcdMembers.0.instanceGroup": "control-plane-eu-west-1d"},
            f"{MEMBERS}[0].instanceGroup",
            "there is no control-plane group 'control-plane-eu-west-1d' (did you mean",
        ),
        (
            {f"{MAIN}.etcdMembers.0.encryptedVolume": False},
            f"{MEMBERS}[0].encryptedVolume",
            "warning: the disk of etcd",
        ),
        (
            {f"{MAIN}.etcdMembers.0.encryptedVolume": False, f"{MAIN}.etcdMembers.0.kmsKeyId": "alias/x"},
            f"{MEMBERS}[0].kmsKeyId",
            "a key for a disk that is not encrypted",
        ),
    ],
)
def test_a_conflict_is_named_where_it_stands(said: Said, changes: dict[str, Any], where: str, words: str) -> None:
    found = said(changes)
    assert [text for text in found if text.startswith(f"{where}: ") and words in text], found


def test_a_member_on_a_misspelt_group_is_told_once(said: Said) -> None:
    assert len(said({f"{MAIN}.etcdMembers.0.instanceGroup": "control-plane-eu-west-1d"})) == 1


def test_two_zones_for_three_members_are_doubted(said: Said) -> None:
    found = said({}, {"control-plane-eu-west-1c": {"spec.subnets": ["eu-west-1b"]}})
    assert [text for text in found if "warning: 2 of 3 members of 'main' are in zone eu-west-1b" in text], found
    assert len(found) == 2
