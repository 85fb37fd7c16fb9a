"""Subnets and address ranges: what fits together and what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kops_pulumi.resolve import Resolution

Said = Callable[..., list[str]]
Resolved = Callable[..., Resolution]
FIRST, SECOND, UTILITY = "spec.subnets.0", "spec.subnets.1", "spec.subnets.3"


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({f"{SECOND}.name": "eu-west-1a"}, "spec.subnets[1].name", "there is another subnet 'eu-west-1a'"),
        ({f"{FIRST}.id": "subnet-1"}, "spec.subnets[1]", "existing and new subnets are mixed"),
        ({f"{FIRST}.zone": None}, "spec.subnets[0].zone", "has no zone"),
        ({f"{SECOND}.zone": "eu-north-1a"}, "spec.subnets[1].zone", "is not in region 'eu-west-1'"),
        ({f"{FIRST}.egress": "vpn-1"}, "spec.subnets[0].egress", "'vpn-1' is not a way out"),
        ({f"{UTILITY}.egress": "nat-1"}, "spec.subnets[3].egress", "is Utility, egress is for private subnets"),
        ({f"{UTILITY}.egress": "External"}, None, ""),
        ({f"{FIRST}.egress": "tgw-1"}, None, ""),
        (
            {f"{UTILITY}.zone": "eu-west-1b"},
            "spec.subnets[0]",
            "has no way out of zone 'eu-west-1a' (add a Utility subnet",
        ),
        ({f"{FIRST}.publicIP": "1.2.3"}, "spec.subnets[0].publicIP", "'1.2.3' is not an IP address"),
        ({f"{FIRST}.publicIP": "1.2.3.4", f"{FIRST}.egress": "nat-1"}, "spec.subnets[0].publicIP", "does not go with"),
        (
            {f"{UTILITY}.additionalRoutes": [{"cidr": "10.0.0.0/8", "target": "pcx-1"}]},
            "spec.subnets[3].additionalRoutes",
            "additional routes need a private subnet of our own, 'utility-eu-west-1a' is Utility",
        ),
        (
            {f"{FIRST}.additionalRoutes": [{"cidr": "10.0.0.0/8", "target": "pcx-1"}] * 2},
            "spec.subnets[0].additionalRoutes[1].cidr",
            "there is another route for 10.0.0.0/8",
        ),
        ({f"{FIRST}.cidr": "10.1.0.0/19"}, "spec.subnets[0].cidr", "is not in the network 172.20.0.0/16"),
        ({f"{FIRST}.cidr": "10.1.0.0/19", "spec.additionalNetworkCIDRs": ["10.1.0.0/16"]}, None, ""),
        (
            {f"{SECOND}.cidr": "172.20.64.0/20"},
            "spec.subnets[1].cidr",
            "overlaps 172.20.64.0/19 of subnet 'eu-west-1a'",
        ),
        (
            {"spec.additionalNetworkCIDRs": ["172.20.8.0/22"]},
            "spec.additionalNetworkCIDRs[0]",
            "overlaps 172.20.0.0/16",
        ),
        ({"spec.nonMasqueradeCIDR": "172.16.0.0/12"}, "spec.nonMasqueradeCIDR", "overlaps networkCIDR 172.20.0.0/16"),
        ({"spec.podCIDR": "10.0.0.0/16"}, "spec.podCIDR", "is not in nonMasqueradeCIDR 100.64.0.0/10"),
        ({"spec.podCIDR": "100.64.0.0/12"}, "spec.serviceClusterIPRange", "overlaps podCIDR 100.64.0.0/12"),
        (
            {"spec.serviceClusterIPRange": "100.96.0.0/16"},
            "spec.serviceClusterIPRange",
            "overlaps podCIDR 100.96.0.0/11",
        ),
        (
            {f"{FIRST}.ipv6CIDR": "/64#1", f"{SECOND}.ipv6CIDR": "/64#1"},
            "spec.subnets[1].ipv6CIDR",
            "another subnet has",
        ),
        ({f"{FIRST}.type": "DualStack"}, "spec.subnets[0]", "DualStack subnet 'eu-west-1a' has no ipv6CIDR"),
        ({f"{UTILITY}.cidr": None, f"{UTILITY}.ipv6CIDR": "/64#1"}, "spec.subnets[3]", "but has no IPv4 range"),
        ({"spec.nonMasqueradeCIDR": "::/0"}, "spec.subnets[0]", "has no ipv6CIDR, but the cluster is IPv6"),
        ({"spec.nonMasqueradeCIDR": "fd00::/8"}, "spec.nonMasqueradeCIDR", "an IPv6 cluster masquerades nothing"),
    ],
)
def test_what_does_not_fit_is_named_where_it_stands(
    said: Said, changes: dict[str, Any], where: str | None, words: str
) -> None:
    found = said(changes)
    if where is None:
        assert found == []
    else:
        assert [text for text in found if text.startswith(f"{where}: ") and words in text], found


def test_no_subnets_at_all_is_one_of_the_findings(said: Said) -> None:
    assert "spec.subnets: the cluster has no subnets (add at least one)" in said({"spec.subnets": None})


def test_adopted_subnets_need_the_network_they_are_in(said: Said) -> None:
    ids = {f"spec.subnets.{index}.id": f"subnet-{index}" for index in range(6)}
    assert any(text.startswith("spec.networkID: subnets have ids, but the network has none") for text in said(ids))
    assert said({**ids, "spec.networkID": "vpc-1"}) == []
    twice = said({**ids, "spec.networkID": "vpc-1", "spec.subnets.5.id": "subnet-4"})
    assert [text.split(":")[0] for text in twice] == ["spec.subnets[5].id"]


def test_ipv6_is_refused_where_the_cloud_has_none(said: Said) -> None:
    assert any(
        "there are no IPv6 clusters on gce" in text for text in said({"spec.nonMasqueradeCIDR": "::/0"}, cloud="gce")
    )


def test_a_range_that_may_move_is_said_aloud_with_what_to_write(said: Said) -> None:
    assert said({f"{FIRST}.cidr": None}) == [
        (
            "spec.subnets[0]: warning: subnet 'eu-west-1a' gets 172.20.64.0/19, which may move when a subnet is added "
            "(write cidr: 172.20.64.0/19)"
        )
    ]


def test_a_subnet_without_room_is_an_error(said: Said) -> None:
    ranges = {f"spec.subnets.{index}.cidr": f"172.20.{96 + 8 * index}.0/21" for index in range(1, 4)}
    found = said(
        {"spec.networkCIDR": "172.20.96.0/19", f"{FIRST}.cidr": None, **ranges, "spec.subnets.4.cidr": "172.20.96.0/21"}
    )
    assert any("there is no room left for subnet 'eu-west-1a'" in text for text in found)


def _ranges(resolution: Resolution) -> dict[str, str | None]:
    assert resolution.full is not None
    return {subnet.name: subnet.cidr for subnet in resolution.full.cluster.spec.subnets or ()}


def test_adding_a_zone_touches_no_written_subnet(resolved: Resolved, sound: Callable[[], list[dict[str, Any]]]) -> None:
    subnets = sound()[0]["spec"]["subnets"]
    added = {"name": "eu-west-1d", "zone": "eu-west-1d", "type": "Private", "egress": "External"}
    before, after = _ranges(resolved()), _ranges(resolved({"spec.subnets": [*subnets, added]}))
    assert before.items() <= after.items()
    assert after["eu-west-1d"] == "172.20.160.0/19"


def test_reordering_subnets_gives_the_same_ranges(
    resolved: Resolved, sound: Callable[[], list[dict[str, Any]]]
) -> None:
    subnets = [{**subnet, "cidr": None} for subnet in sound()[0]["spec"]["subnets"]]
    assert _ranges(resolved({"spec.subnets": subnets})) == _ranges(resolved({"spec.subnets": subnets[::-1]}))


def test_private_clusters_need_a_public_subnet_for_what_faces_the_world(said: Said, sound: Callable[[], Any]) -> None:
    private = [{**subnet, "egress": "External"} for subnet in sound()[0]["spec"]["subnets"][:3]]
    found = said({"spec.subnets": private}, {"bastions": {"spec.subnets": ["eu-west-1a"]}})
    assert "spec.api.loadBalancer: a public load balancer needs a public subnet (add Utility subnets)" in found
    assert "spec.subnets: bastions need a public subnet (add Utility subnets)" in found
