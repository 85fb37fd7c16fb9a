"""Whatever a manifest says, resolving gives findings, never an exception."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.mutations import CHANGES, mutated, resolve_anyhow

RANGES = ("networkCIDR", "nonMasqueradeCIDR", "podCIDR", "serviceClusterIPRange")
ENDS = st.sampled_from(["", "x", "::/0", "0.0.0.0/0", "10.0.0.0/8", "100.64.0.0/10", "fd00::/8", "172.20.0.0/31"])
Sound = Callable[[], list[dict[str, Any]]]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_a_broken_manifest_never_raises(sound: Sound, changes: list[Any]) -> None:
    resolve_anyhow(mutated(sound(), changes))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(RANGES, ENDS)))
def test_no_combination_of_ranges_raises(sound: Sound, ranges: dict[str, str]) -> None:
    documents = sound()
    documents[0]["spec"] |= ranges
    for subnet in documents[0]["spec"]["subnets"]:
        subnet.pop("cidr")
    resolve_anyhow(documents)
