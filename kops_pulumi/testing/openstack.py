"""What OpenStack would answer to a recorded program: ids are UUIDs, ports get addresses, credentials a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kops_pulumi.testing.answers import Answers, LookUp, Table, fingerprint

REGION = "region-one"
_NAMED = frozenset({"openstack:compute/keypair:Keypair", "openstack:objectstorage/container:Container"})
"""Types whose id is their name."""
_COMPUTED: Mapping[str, Callable[[str], Mapping[str, Any]]] = {
    "openstack:networking/port:Port": lambda seed: {"allFixedIps": [_address("10.40", seed)]},
    "openstack:networking/floatingIp:FloatingIp": lambda seed: {"address": _address("198.18", seed)},
    "openstack:loadbalancer/loadBalancer:LoadBalancer": lambda seed: {
        "vipAddress": _address("10.40", seed),
        "vipPortId": uuid(f"{seed}port"),
    },
    "openstack:identity/applicationCredential:ApplicationCredential": lambda seed: {"secret": f"token-secret-{seed}"},
}
"""Computed outputs by type, from the resource's fingerprint."""
_SERVICES = {"identity": "https://keystone.test/v3", "object-store": "https://swift.test/v1/AUTH_0123456789abcdef"}


def uuid(seed: str) -> str:
    """The id of a thing with this fingerprint."""
    digits = fingerprint(seed)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _address(network: str, seed: str) -> str:
    return f"{network}.{int(seed[:2], 16)}.{int(seed[2:4], 16) % 250 + 4}"


def _catalog() -> list[dict[str, Any]]:
    return [
        {
            "id": uuid(kind),
            "name": kind,
            "type": kind,
            "endpoints": [{"id": uuid(url), "interface": "public", "region": REGION, "url": url}],
        }
        for kind, url in _SERVICES.items()
    ]


_LOOKUPS: Mapping[str, LookUp] = {
    "openstack:networking/getNetwork:getNetwork": lambda seed, args, _: {
        "id": args.get("networkId") or uuid(seed),
        "name": args.get("name") or "outside",
    },
    "openstack:networking/getSubnet:getSubnet": lambda seed, args, _: {
        "id": args.get("subnetId") or uuid(seed),
        "cidr": "10.99.0.0/24",
    },
    "openstack:networking/getSecGroup:getSecGroup": lambda seed, *_: {"id": uuid(seed)},
    "openstack:images/getImage:getImage": lambda seed, *_: {"id": uuid(seed)},
    "openstack:dns/getDnsZone:getDnsZone": lambda seed, *_: {"id": uuid(seed)},
    "openstack:identity/getAuthScope:getAuthScope": lambda *_: {"region": REGION, "serviceCatalogs": _catalog()},
}


def _resource(_: Answers, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    seed = fingerprint(type_, name)
    computed = _COMPUTED.get(type_)
    return str(inputs.get("name") or name) if type_ in _NAMED else uuid(seed), computed(seed) if computed else {}


TABLE = Table(_resource, _LOOKUPS)
