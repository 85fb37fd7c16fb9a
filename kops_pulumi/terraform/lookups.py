"""Look-ups that a program computes with: their answers need a shape, not only texts.

A placeholder alone is enough for an id. Where a program picks one of several things (a hosted zone, an endpoint of a
catalogue), the answer has exactly the one that it will pick, and the expression that picks it in Terraform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Place: TypeAlias = Callable[[str], str]
"""An expression with `{}` for the look-up's address → its placeholder."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the cluster will pick."""

    zone: str = ""
    """The domain of its DNS zone."""
    private: bool = False
    region: str = ""


Shape: TypeAlias = Callable[[Place, Wanted], Mapping[str, Any]]


def _route_table(place: Place, _: Wanted) -> Mapping[str, Any]:
    gateways = '{}.routes : route.egress_only_gateway_id if route.egress_only_gateway_id != ""'
    return {"routes": [{"egressOnlyGatewayId": place(f"one([for route in {gateways}])")}]}


def _managed_zones(place: Place, wanted: Wanted) -> Mapping[str, Any]:
    visibility = "private" if wanted.private else "public"
    domain = f"{wanted.zone.rstrip('.')}."
    which = f'zone.dns_name == "{domain}" && zone.visibility == "{visibility}"'
    name = place(f"one([for zone in {{}}.managed_zones : zone.name if {which}])")
    return {"managedZones": [{"name": name, "dnsName": domain, "visibility": visibility}]}


def _auth_scope(place: Place, wanted: Wanted) -> Mapping[str, Any]:
    """The catalogue has a public endpoint of each service in the region, whether the manifest names it or not."""
    usual = place("{}.region")

    def endpoints(service: str, region: str, where: str) -> dict[str, Any]:
        public = f'endpoint.url if endpoint.interface == "public" && endpoint.region == {where}'
        catalogue = f"for service in {{}}.service_catalog : [for endpoint in service.endpoints : {public}]"
        url = place(f'one(flatten([{catalogue} if service.type == "{service}"]))')
        return {"id": "endpoint", "interface": "public", "region": region, "url": url}

    def entry(service: str) -> dict[str, Any]:
        both = [endpoints(service, usual, "{}.region")]
        both += [endpoints(service, wanted.region, f'"{wanted.region}"')] if wanted.region else []
        return {"id": service, "name": service, "type": service, "endpoints": both}

    return {"region": usual, "serviceCatalogs": [entry("identity"), entry("object-store")]}


SHAPES: Final[Mapping[str, Shape]] = {
    "aws:ec2/getRouteTable:getRouteTable": _route_table,
    # Without any zone the program asks for the one that the cluster's name suggests, which Terraform can do too.
    "aws:route53/getZones:getZones": lambda *_: {"ids": []},
    "gcp:dns/getManagedZones:getManagedZones": _managed_zones,
    "openstack:identity/getAuthScope:getAuthScope": _auth_scope,
}
"""By the look-up's token."""
