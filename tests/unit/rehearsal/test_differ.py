"""What counts as a change, and what as a replacement."""

from __future__ import annotations

from typing import Any

import pytest

from kops_pulumi.rehearsal.differ import Change, diff
from kops_pulumi.rehearsal.wire import UNKNOWN

FIXED = frozenset({"cidrBlock", "metadata.name", "rules"})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", Change.UPDATE, False)]),
        ({"a": True}, {"a": 1}, [("a", Change.UPDATE, False)]),
        ({}, {"a": 1}, [("a", Change.ADD, False)]),
        ({"a": 1}, {}, [("a", Change.DELETE, False)]),
        ({"a": None}, {}, []),
        ({"a": "x"}, {"a": UNKNOWN}, [("a", Change.UPDATE, False)]),
        (
            {"tags": {"k8s.io/role": "x"}},
            {"tags": {"k8s.io/role": "y"}},
            [('tags["k8s.io/role"]', Change.UPDATE, False)],
        ),
        ({"l": [1, 2]}, {"l": [1]}, [("l[1]", Change.DELETE, False)]),
        ({"cidrBlock": "a"}, {"cidrBlock": "b"}, [("cidrBlock", Change.UPDATE, True)]),
        ({"cidrBlock": "a"}, {"cidrBlock": UNKNOWN}, [("cidrBlock", Change.UPDATE, True)]),
        ({"rules": [{"port": 1}]}, {"rules": [{"port": 2}]}, [("rules[0].port", Change.UPDATE, True)]),
        ({"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, [("metadata.name", Change.UPDATE, True)]),
        ({"metadata": {"labels": "a"}}, {"metadata": {"labels": "b"}}, [("metadata.labels", Change.UPDATE, False)]),
        ({"__defaults": ["name"]}, {}, []),
    ],
)
def test_differences(old: dict[str, Any], new: dict[str, Any], expected: list[tuple[str, Change, bool]]) -> None:
    found = diff(old, new, FIXED)
    assert [(d.path, d.change, d.replaces) for d in found.differences] == expected


def test_top_level_properties_are_named_once() -> None:
    found = diff({"rules": [1, 2], "tags": {"a": 1}}, {"rules": [3, 4], "tags": {"a": 2}}, FIXED)
    assert (found.changed, found.replaces) == (("rules", "tags"), ("rules",))
