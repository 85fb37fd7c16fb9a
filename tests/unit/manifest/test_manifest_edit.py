"""Edits change what they are asked to and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kops_pulumi import manifest
from kops_pulumi.errors import KeyPath, KopsError, ManifestError, NotFoundError
from kops_pulumi.manifest import AppendDocument, Edit, RemoveDocument, Set, Unset

TEXT = """\
# head
kind: Cluster
metadata: {name: demo, labels: {team: infra}}
spec:
  # why this version
  kubernetesVersion: "1.30"  # keep
  channel: 'stable'
  minSize: 2 # two
  iam: {}
  empty:
  subnets:   # nets
  - name: a   # first
    cidr: 10.0.0.0/8

  # second one
  - name: b
    text: |
      hello
      world
  last: [x, y]
---
kind: InstanceGroup
metadata:
  name: nodes
"""


def changes(*edits: Edit) -> tuple[list[str], list[str]]:
    """Lines gone and lines new."""
    before, after = TEXT.splitlines(), manifest.edit(TEXT, edits).splitlines()
    return [line for line in before if line not in after], [line for line in after if line not in before]


@pytest.mark.parametrize(
    ("edit", "gone", "new"),
    [
        (
            Set("Cluster", ("spec", "kubernetesVersion"), "1.31.2"),
            ['  kubernetesVersion: "1.30"  # keep'],
            ['  kubernetesVersion: "1.31.2"  # keep'],
        ),
        (Set("Cluster", ("spec", "channel"), "alpha"), ["  channel: 'stable'"], ["  channel: 'alpha'"]),
        (Set("Cluster", ("spec", "minSize"), 3), ["  minSize: 2 # two"], ["  minSize: 3 # two"]),
        (Set("Cluster", ("spec", "iam", "legacy"), False), ["  iam: {}"], ["  iam:", "    legacy: false"]),
        (Set("Cluster", ("spec", "empty", "x"), ["a"]), [], ["    x:", "    - a"]),
        (Set("Cluster", ("spec", "empty"), "yes"), ["  empty:"], ['  empty: "yes"']),
        (Set("Cluster", ("spec", "new", "deep"), 1), [], ["  new:", "    deep: 1"]),
        (Set("Cluster", ("spec", "subnets", 0, "cidr"), None), ["    cidr: 10.0.0.0/8"], ["    cidr: null"]),
        (Set("Cluster", ("spec", "subnets", 2), {"name": "c"}), [], ["  - name: c"]),
        (Set("Cluster", ("spec", "last", 2), "z, z"), ["  last: [x, y]"], ["  last: [x, y, 'z, z']"]),
        (
            Set("Cluster", ("spec", "subnets", 1, "text"), "one\ntwo\n"),
            ["      hello", "      world"],
            ["      one", "      two"],
        ),
        (Unset("Cluster", ("spec", "minSize")), ["  minSize: 2 # two"], []),
        (Unset("Cluster", ("spec", "absent")), [], []),
        (Unset("Cluster", ("spec", "last", 0)), ["  last: [x, y]"], ["  last: [y]"]),
        (Unset("Cluster", ("spec", "subnets", 0)), ["  - name: a   # first", "    cidr: 10.0.0.0/8"], []),
        (
            Unset("Cluster", ("spec", "subnets", 0, "name")),
            ["  - name: a   # first", "    cidr: 10.0.0.0/8"],
            ["  - cidr: 10.0.0.0/8"],
        ),
        (
            Set("Cluster", ("metadata", "labels"), {"team": "infra", "env": "prod"}),
            ["metadata: {name: demo, labels: {team: infra}}"],
            ["metadata: {name: demo, labels: {team: infra, env: prod}}"],
        ),
    ],
)
def test_an_edit_changes_only_its_lines(edit: Edit, gone: list[str], new: list[str]) -> None:
    assert changes(edit) == (gone, new)


def test_setting_a_whole_list_keeps_the_items_that_stay() -> None:
    subnets = [{"name": "a", "cidr": "10.0.0.0/9"}, {"name": "c"}]
    gone, new = changes(Set("Cluster", ("spec", "subnets"), subnets))
    assert gone == ["    cidr: 10.0.0.0/8", "  - name: b", "    text: |", "      hello", "      world"]
    assert new == ["    cidr: 10.0.0.0/9", "  - name: c"]


def test_what_is_already_so_gives_the_same_bytes() -> None:
    whole = manifest.loads(TEXT).documents[0].data
    assert manifest.edit(TEXT, [Set("Cluster/demo", (), whole), Unset("Cluster", ("spec", "nothing"))]) == TEXT


def test_documents_come_and_go() -> None:
    appended = manifest.edit(TEXT, [AppendDocument({"kind": "X", "metadata": {"name": "x"}})])
    assert appended == TEXT + "---\nkind: X\nmetadata:\n  name: x\n"
    assert manifest.edit(appended, [RemoveDocument("X/x")]) == TEXT
    assert manifest.edit(TEXT, [RemoveDocument("InstanceGroup/nodes")]) == TEXT[: TEXT.index("---")]
    assert manifest.edit(TEXT, [RemoveDocument("Cluster")]) == TEXT[TEXT.index("kind: InstanceGroup") :]


def test_an_unknown_document_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="InstanceGroup/none"):
        manifest.edit(TEXT, [Unset("InstanceGroup/none", ("spec",))])


def test_broken_yaml_is_not_edited() -> None:
    with pytest.raises(ManifestError, match="not closed"):
        manifest.edit("kind: Cluster\nx: [1,\ny: 2\n", [Unset("Cluster", ("x",))])


def test_a_value_that_others_share_is_not_edited() -> None:
    shared = "kind: Cluster\na: &a\n  x: 1\nb: *a\n"
    with pytest.raises(KopsError, match="shares its text"):
        manifest.edit(shared, [Set("Cluster", ("a", "x"), 2)])
    assert manifest.edit(shared, [Set("Cluster", ("b",), 2)]) == shared.replace("*a", "2")


words = st.text(alphabet="abcxyz:#-'\" \n", max_size=8)
scalars = st.none() | st.booleans() | st.integers() | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("pqrs"), inner, max_size=3),
    max_leaves=6,
)
mappings = st.dictionaries(st.sampled_from("pqrs"), values, max_size=4)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
COMMENT = "# a comment"


def commented(text: str) -> str:
    """The same YAML with a comment line before every key of the first level."""
    lines = text.split("\n")
    return "\n".join(f"{COMMENT}\n{line}" if line[:2] in {"p:", "q:", "r:", "s:"} else line for line in lines)


@unhurried
@given(mappings, st.sampled_from("pqrs"), values)
def test_any_value_can_be_set_and_comments_stay(old: dict[str, Any], key: str, value: Any) -> None:
    text = commented(manifest.dump({"kind": "Cluster", **old}))
    edited = manifest.edit(text, [Set("Cluster", (key,), value)])
    assert manifest.loads(edited).documents[0].data == {"kind": "Cluster", **old, key: value}
    assert edited.count(COMMENT) == text.count(COMMENT)


@unhurried
@given(mappings, mappings)
def test_any_mapping_can_become_any_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    text = manifest.dump({"kind": "Cluster", "spec": old, "tail": 1})
    edited = manifest.edit(text, [Set("Cluster", ("spec",), new)])
    assert manifest.loads(edited).documents[0].data == {"kind": "Cluster", "spec": new, "tail": 1}


@unhurried
@given(mappings, st.data())
def test_any_key_can_be_unset(old: dict[str, Any], draw: st.DataObject) -> None:
    paths: list[KeyPath] = [(key,) for key in old] or [("none",)]
    path = draw.draw(st.sampled_from(paths))
    text = manifest.dump({"kind": "Cluster", **old})
    edited = manifest.edit(text, [Unset("Cluster", path)])
    assert manifest.loads(edited).documents[0].data == {
        "kind": "Cluster",
        **{k: v for k, v in old.items() if k != path[0]},
    }
