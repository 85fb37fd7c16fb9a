"""IPv6 beyond the scenarios: public machines, and networks that are somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kops_pulumi.errors import ManifestError
from kops_pulumi.testing import Answers
from tests.support import features
from tests.support.features import REGION, Document


def ipv6(documents: list[Document], **spec: Any) -> list[Document]:
    for index, subnet in enumerate(documents[0]["spec"]["subnets"]):
        subnet["ipv6CIDR"] = f"/64#{index:x}"
    return features.laid_over(documents, {"nonMasqueradeCIDR": "::/0", **spec})


class Gateways(Answers):
    """A shared network whose route tables lead to these egress-only gateways."""

    def __init__(self, *gateways: str) -> None:
        self.gateways = gateways

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        if token.endswith(":getRouteTables"):
            return {"id": "x", "ids": [f"rtb-{gateway}" for gateway in self.gateways]}
        if token.endswith(":getRouteTable"):
            gateway = str(args["routeTableId"]).removeprefix("rtb-")
            return {"id": "x", "routes": [{"cidrBlock": "10.0.0.0/8"}, {"egressOnlyGatewayId": gateway}]}
        return super().invoke(token, args)


def test_a_public_subnet_has_a_table_a_zone_with_a_way_to_ipv4() -> None:
    made = features.made(without_second_control_plane(ipv6(features.base("ab"))))
    table = made.inputs("RouteTable")[f"network-public-{REGION}a"]["tags"]
    assert (table["Name"], table["kubernetes.io/kops/role"]) == (
        f"public-{REGION}a.{features.NAME}",
        f"public-{REGION}a",
    )
    nat64 = {name: route for name, route in made.inputs("Route").items() if "64-ff9b" in name}
    assert sorted(nat64) == [f"network-public-{REGION}{zone}-64-ff9b-96" for zone in "ab"]
    assert all(route["natGatewayId"].startswith("nat-") for route in nat64.values())
    assert (len(made.inputs("NatGateway")), len(made.inputs("Eip"))) == (2, 2)
    assert made.inputs("EgressOnlyInternetGateway") == {}


def without_second_control_plane(documents: list[Document]) -> list[Document]:
    """Two etcd members cannot agree: one control plane, nodes in both zones."""
    for cluster in documents[0]["spec"]["etcdClusters"]:
        del cluster["etcdMembers"][1:]
    return [document for document in documents if document["metadata"]["name"] != "control-plane-b"]


def test_a_shared_networks_gateway_is_the_one_that_its_routes_lead_to() -> None:
    made = features.made(ipv6(features.base(private=True), networkID="vpc-1"), Gateways("eigw-1", "eigw-1"))
    assert made.inputs("Route")[f"network-private-{REGION}a-0"]["egressOnlyGatewayId"] == "eigw-1"
    assert made.inputs("EgressOnlyInternetGateway") == made.inputs("InternetGateway") == {}
    looked_up = [call.args for call in made.recording.invokes if call.token.endswith(":getRouteTables")]
    assert looked_up[0]["vpcId"] == "vpc-1"
    assert made.inputs("Subnet")[f"network-{REGION}a"]["ipv6CidrBlock"] == "2001:db8:0:200::/64"


@pytest.mark.parametrize(("gateways", "message"), [((), "no route to"), (("eigw-1", "eigw-2"), "eigw-1, eigw-2")])
def test_a_shared_network_without_one_clear_gateway_asks_for_it(gateways: tuple[str, ...], message: str) -> None:
    with pytest.raises(ManifestError, match=message) as raised:
        features.made(ipv6(features.base(private=True), networkID="vpc-1"), Gateways(*gateways))
    assert "additionalRoutes" in str(raised.value)


def test_additional_routes_may_name_the_gateway() -> None:
    documents = ipv6(features.base(private=True), networkID="vpc-1")
    documents[0]["spec"]["subnets"][0]["additionalRoutes"] = [{"cidr": "::/0", "target": "eigw-7"}]
    made = features.made(documents, Gateways())
    assert made.inputs("Route")[f"network-private-{REGION}a-0"]["egressOnlyGatewayId"] == "eigw-7"
