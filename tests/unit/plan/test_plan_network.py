"""Route tables, gateways and subnets as the manifest asks for them."""

from __future__ import annotations

import ipaddress
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kops_pulumi.errors import ManifestError
from kops_pulumi.model import Hop

ZONES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True).filter(lambda zones: len(zones) % 2 == 1)


def network(kit, documents):
    return kit.planned(documents).plan.network


def routes(net, table):
    (found,) = [t for t in net.route_tables if t.key == table]
    return {route.destination: (route.hop, route.target) for route in found.routes}


def test_public_subnets_share_one_table_that_leads_to_the_internet(kit):
    net = network(kit, kit.documents("abc"))
    assert [table.key for table in net.route_tables] == ["public"]
    assert routes(net, "public") == {"0.0.0.0/0": (Hop.INTERNET, None), "::/0": (Hop.INTERNET, None)}
    assert {subnet.route_table for subnet in net.subnets} == {"public"}
    assert net.internet_gateway
    assert not net.nat_gateways


def test_private_subnets_leave_through_their_own_zones_nat_gateway(kit):
    net = network(kit, kit.documents("abc", private=True))
    assert [table.key for table in net.route_tables] == ["public", *(f"private-eu-west-1{z}" for z in "abc")]
    assert routes(net, "private-eu-west-1b") == {"0.0.0.0/0": (Hop.NAT, "eu-west-1b")}
    assert [(nat.key, nat.subnet) for nat in net.nat_gateways] == [
        (f"eu-west-1{z}", f"utility-eu-west-1{z}") for z in "abc"
    ]


@pytest.mark.parametrize(
    ("egress", "hop", "target", "adopted", "allocation"),
    [
        ("nat-0a", Hop.NAT, "eu-west-1a", "nat-0a", None),
        ("eipalloc-0a", Hop.NAT, "eu-west-1a", None, "eipalloc-0a"),
        ("i-0a", Hop.INSTANCE, "i-0a", None, None),
        ("tgw-0a", Hop.TRANSIT, "tgw-0a", None, None),
    ],
)
def test_egress_names_the_way_out(kit, egress, hop, target, adopted, allocation):
    documents = kit.documents("a", private=True)
    documents[0]["spec"]["subnets"][0]["egress"] = egress
    net = network(kit, documents)
    assert routes(net, "private-eu-west-1a") == {"0.0.0.0/0": (hop, target)}
    assert [(nat.existing_id, nat.allocation_id) for nat in net.nat_gateways] == (
        [(adopted, allocation)] if hop is Hop.NAT else []
    )


def test_external_egress_leaves_a_subnet_without_table(kit):
    documents = kit.documents("abc", private=True)
    documents[0]["spec"]["subnets"][1]["egress"] = "External"
    net = network(kit, documents)
    assert {s.name: s.route_table for s in net.subnets}["eu-west-1b"] is None
    assert "private-eu-west-1b" not in {table.key for table in net.route_tables}
    assert [nat.key for nat in net.nat_gateways] == ["eu-west-1a", "eu-west-1c"]


def test_additional_routes_join_the_private_table(kit):
    documents = kit.documents("a", private=True)
    documents[0]["spec"]["subnets"][0]["additionalRoutes"] = [
        {"cidr": "10.9.0.0/16", "target": "pcx-0a"},
        {"cidr": "10.8.0.0/16", "target": "nat-0b"},
    ]
    net = network(kit, documents)
    assert routes(net, "private-eu-west-1a") == {
        "0.0.0.0/0": (Hop.NAT, "eu-west-1a"),
        "10.8.0.0/16": (Hop.NAT, "nat-0b"),
        "10.9.0.0/16": (Hop.PEERING, "pcx-0a"),
    }
    assert {nat.key: nat.existing_id for nat in net.nat_gateways} == {"eu-west-1a": None, "nat-0b": "nat-0b"}


def test_shared_network_gets_no_gateway_of_ours(kit):
    documents = kit.documents("a", private=True)
    documents[0]["spec"]["networkID"] = "vpc-0a"
    net = network(kit, documents)
    assert net.adopted
    assert not net.internet_gateway
    assert routes(net, "public")["0.0.0.0/0"] == (Hop.INTERNET, None)


def test_private_subnet_without_a_place_for_its_nat_gateway_is_a_finding(kit):
    documents = kit.documents("a", private=True)
    del documents[0]["spec"]["subnets"][1]
    with pytest.raises(ManifestError) as raised:
        kit.planned(documents)
    assert any("eu-west-1a" in finding.message and finding.hint for finding in raised.value.findings)


@settings(max_examples=15, deadline=None)
@given(zones=ZONES, private=st.booleans())
def test_automatic_ranges_never_overlap_and_lie_in_the_network(kit, zones, private):
    documents = kit.documents(zones, private=private)
    for subnet in documents[0]["spec"]["subnets"]:
        del subnet["cidr"]
    ranges = [ipaddress.ip_network(subnet.cidr) for subnet in network(kit, documents).subnets]
    assert len(ranges) == len(documents[0]["spec"]["subnets"])
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))
    assert all(one.subnet_of(ipaddress.ip_network("10.0.0.0/16")) for one in ranges)


@settings(max_examples=15, deadline=None)
@given(zones=ZONES)
def test_automatic_ranges_are_equal_slices_and_utility_subnets_eighths_of_one(kit, zones):
    documents = kit.documents(zones, private=True)
    for subnet in documents[0]["spec"]["subnets"]:
        del subnet["cidr"]
    lengths = {(s.type, ipaddress.ip_network(s.cidr).prefixlen) for s in network(kit, documents).subnets}
    slices = 2 if len(zones) == 1 else 4
    assert lengths == {("Private", 16 + slices.bit_length() - 1), ("Utility", 16 + slices.bit_length() - 1 + 3)}


@settings(max_examples=15, deadline=None)
@given(zones=ZONES, private=st.booleans())
def test_every_subnet_of_ours_has_a_table_and_every_nat_route_a_gateway(kit, zones, private):
    net = network(kit, kit.documents(zones, private=private))
    tables = {table.key: table for table in net.route_tables}
    assert all(subnet.route_table in tables for subnet in net.subnets)
    wanted = {route.target for table in net.route_tables for route in table.routes if route.hop is Hop.NAT}
    assert wanted == {nat.key for nat in net.nat_gateways}


def test_adding_a_zone_touches_no_existing_subnet_table_or_gateway(kit):
    before, after = (network(kit, kit.documents(zones, private=True)) for zones in ("a", "abc"))
    assert set(before.subnets) < set(after.subnets)
    assert set(before.route_tables) < set(after.route_tables)
    assert set(before.nat_gateways) < set(after.nat_gateways)


def ipv6(documents):
    """The same cluster with IPv6: every subnet gets a part of the network's block."""
    documents[0]["spec"] |= {"nonMasqueradeCIDR": "::/0", "networking": {"calico": {"encapsulationMode": "none"}}}
    for index, subnet in enumerate(documents[0]["spec"]["subnets"]):
        subnet["ipv6CIDR"] = f"/64#{index:x}"
    return documents


def test_public_ipv6_machines_reach_ipv4_through_their_zones_nat_gateway(kit):
    net = network(kit, ipv6(kit.documents("abc")))
    assert [table.key for table in net.route_tables] == ["public", *(f"public-eu-west-1{z}" for z in "abc")]
    assert routes(net, "public-eu-west-1b") == {
        "0.0.0.0/0": (Hop.INTERNET, None),
        "64:ff9b::/96": (Hop.NAT, "eu-west-1b"),
        "::/0": (Hop.INTERNET, None),
    }
    assert {s.name: s.route_table for s in net.subnets} == {f"eu-west-1{z}": f"public-eu-west-1{z}" for z in "abc"}
    assert [(nat.key, nat.subnet) for nat in net.nat_gateways] == [(f"eu-west-1{z}", f"eu-west-1{z}") for z in "abc"]
    assert not net.egress_only_gateway


def test_private_ipv6_leaves_by_the_egress_only_gateway_and_utility_subnets_stay_in_the_shared_table(kit):
    net = network(kit, ipv6(kit.documents("a", private=True)))
    assert [table.key for table in net.route_tables] == ["public", "private-eu-west-1a"]
    assert routes(net, "private-eu-west-1a")["::/0"] == (Hop.EGRESS_ONLY, None)
    assert {s.name: s.route_table for s in net.subnets}["utility-eu-west-1a"] == "public"
    assert net.egress_only_gateway


def test_a_public_ipv6_subnet_may_name_the_way_to_ipv4(kit):
    documents = ipv6(kit.documents("a"))
    documents[0]["spec"]["subnets"][0]["egress"] = "tgw-0a"
    net = network(kit, documents)
    assert routes(net, "public-eu-west-1a")["64:ff9b::/96"] == (Hop.TRANSIT, "tgw-0a")
    assert not net.nat_gateways
