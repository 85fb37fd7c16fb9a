"""Hosted zones: named by id, by name, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kops_pulumi.errors import ManifestError
from kops_pulumi.testing import Answers
from tests.support import features


class Hosted(Answers):
    """An account that hosts these zones, `-` before a private one's name; their ids are their names."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        if token.endswith(":getZones"):
            return {"id": "x", "ids": [f"Z{number}-{name}" for number, name in enumerate(self.names)]}
        if not token.endswith(":getZone"):
            return super().invoke(token, args)
        if "zoneId" not in args:
            return {"id": "x", "zoneId": f"Z-{args['name']}"}
        name = str(args["zoneId"]).partition("-")[2]
        return {"id": "x", "zoneId": args["zoneId"], "name": name.lstrip("-"), "privateZone": name.startswith("-")}


def zones(made: features.Made) -> set[str]:
    return {record["zoneId"] for record in made.inputs("Record").values()}


@pytest.mark.parametrize(
    ("hosted", "expected"),
    [
        (("other.net", "example.net"), "Z1-example.net"),
        (("example.net", "harbor.example.net"), "Z1-harbor.example.net"),
        (("-harbor.example.net", "example.net", "arbor.example.net"), "Z1-example.net"),
    ],
)
def test_without_a_zone_the_longest_hosted_one_is_taken(hosted: tuple[str, ...], expected: str) -> None:
    made = features.made(features.base(private=True), Hosted(*hosted))
    assert zones(made) == {expected}
    policy = made.inputs("RolePolicy")["identity-control-plane-policy"]["policy"]
    assert f":hostedzone/{expected}" in policy


def test_a_private_cluster_takes_the_private_zone() -> None:
    documents = features.laid_over(features.base(private=True), {"topology": {"dns": {"type": "Private"}}})
    made = features.made(documents, Hosted("example.net", "-example.net"))
    assert zones(made) == {"Z1--example.net"}
    assert made.inputs("ZoneAssociation")["endpoints-zone"]["zoneId"] == "Z1--example.net"


def test_a_zone_by_name_is_that_one_even_when_a_longer_one_is_hosted() -> None:
    documents = features.laid_over(features.base(private=True), {"dnsZone": "example.net"})
    assert zones(features.made(documents, Hosted("harbor.example.net", "example.net"))) == {"Z-example.net"}


@pytest.mark.parametrize("zone", ["Z0HOSTED", "/hostedzone/Z0HOSTED"])
def test_a_zone_by_id_is_not_looked_up(zone: str) -> None:
    documents = features.laid_over(features.base(private=True), {"dnsZone": zone})
    assert zones(features.made(documents, Hosted())) == {"Z0HOSTED"}


@pytest.mark.parametrize(
    ("hosted", "message"),
    [(("other.net",), "has no public zones"), (("example.net", "example.net"), "Z0-example.net, Z1-example.net")],
)
def test_a_cluster_without_one_clear_zone_is_asked_for_it(hosted: tuple[str, ...], message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        features.made(features.base(private=True), Hosted(*hosted))


def test_a_cluster_without_dns_looks_nothing_up() -> None:
    documents = features.laid_over(features.base(private=True), {"topology": {"dns": {"type": "None"}}})
    made = features.made(documents, Hosted())
    assert made.inputs("Record") == made.inputs("ZoneAssociation") == {}
