"""Subnets are cut as kops cuts them, without overlaps, whatever the order of the manifest."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kops_pulumi.resolve import cidr
from kops_pulumi.resolve.cidr import Claim, allocate, allocate_regional


def test_a_single_subnet_gets_the_whole_network() -> None:
    assert allocate("172.20.0.0/16", [Claim("a", "a")]) == {"a": "172.20.0.0/16"}


def test_a_private_zone_gets_half_and_its_utility_subnet_an_eighth_of_the_other() -> None:
    claims = [Claim("a", "a"), Claim("a", "utility-a", little=True)]
    assert allocate("172.20.0.0/16", claims) == {"a": "172.20.128.0/17", "utility-a": "172.20.0.0/20"}


def test_three_zones_share_four_slices_in_the_order_of_zones() -> None:
    claims = [Claim(zone, f"subnet-{zone}") for zone in "cab"]
    expected = {"subnet-a": "172.20.0.0/18", "subnet-b": "172.20.64.0/18", "subnet-c": "172.20.128.0/18"}
    assert allocate("172.20.0.0/16", claims) == expected


def test_written_ranges_are_kept_and_avoided_when_a_zone_is_added() -> None:
    claims = [Claim("a", "a", cidr="172.20.0.0/18"), Claim("b", "b", cidr="172.20.64.0/18"), Claim("c", "c")]
    assert allocate("172.20.0.0/16", claims) == {"c": "172.20.128.0/18"}


def test_what_finds_no_room_gets_nothing() -> None:
    claims = [Claim(f"z{index}", f"s{index}") for index in range(9)]
    assert len(allocate("172.20.0.0/16", claims)) == 8
    assert allocate("10.0.0.0/31", claims) == {}
    assert allocate("no network", claims) == {}


def test_two_subnets_of_one_name_do_not_break_the_cut() -> None:
    claims = [Claim("a", "a", cidr="172.20.0.0/18"), Claim("a", "a")]
    assert allocate("172.20.0.0/16", claims) == {"a": "172.20.128.0/17"}


def test_regional_subnets_leave_the_first_block_out_as_kops_does() -> None:
    assert allocate_regional("10.0.0.0/8", ["b", "a"], [], 20) == {"a": "10.0.16.0/20", "b": "10.0.32.0/20"}
    assert allocate_regional("10.0.0.0/8", ["a"], ["10.0.16.0/22"], 20) == {"a": "10.0.32.0/20"}


_CLAIMS = st.lists(
    st.builds(Claim, zone=st.sampled_from("abcd"), name=st.text("pqrs", min_size=1, max_size=4), little=st.booleans()),
    max_size=12,
    unique_by=lambda claim: claim.name,
)
_PARENTS = st.sampled_from(["172.20.0.0/16", "10.0.0.0/8", "192.168.0.0/22", "10.1.0.0/28", "10.1.0.0/30"])


@given(_PARENTS, _CLAIMS)
def test_subnets_lie_in_the_network_and_never_overlap(parent: str, claims: list[Claim]) -> None:
    ranges = [cidr.network(text) for text in allocate(parent, claims).values()]
    assert all(cidr.inside(found, cidr.network(parent)) for found in ranges)
    assert not any(cidr.overlap(one, other) for one, other in combinations(ranges, 2))


@given(_PARENTS, _CLAIMS, st.randoms())
def test_order_of_the_manifest_does_not_matter(parent: str, claims: list[Claim], random: object) -> None:
    shuffled = list(claims)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert allocate(parent, shuffled) == allocate(parent, claims)


@pytest.mark.parametrize("text", [None, "", "10.0.0.0", "x/8", "10.0.0.0/33", "/64#1"])
def test_unreadable_ranges_are_none(text: str | None) -> None:
    assert cidr.network(text) is None
    assert not cidr.overlap(cidr.network(text), cidr.network("10.0.0.0/8"))


def test_families_never_meet() -> None:
    four, six = cidr.network("0.0.0.0/0"), cidr.network("::/0")
    assert not cidr.overlap(four, six)
    assert not cidr.inside(four, six)
    assert cidr.inside(cidr.network("2001:db8::/64"), six)
