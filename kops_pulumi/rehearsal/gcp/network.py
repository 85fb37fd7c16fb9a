"""Networks: VPC networks, subnetworks, routers, firewall rules, addresses and load balancers.

Facts: https://registry.terraform.io/providers/hashicorp/google/latest/docs, resource by resource.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final

from kops_pulumi.rehearsal.gcp.facts import (
    ADDRESS,
    BACKEND_SERVICE,
    FIREWALL,
    FORWARDING_RULE,
    HEALTH_CHECK,
    MANAGER,
    NETWORK,
    ROUTER,
    ROUTER_NAT,
    SUBNETWORK,
    compute,
    ref,
)
from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, OnDelete, Values

_MOST_PORTS: Final = 5
"""Of one forwarding rule: https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules, `ports[]`."""
_PORTS: Final = re.compile(r"\d{1,5}(-\d{1,5})?")
_WITH_PORTS: Final = frozenset({"tcp", "udp", "sctp"})


def _smaller(old: Values, new: Values) -> list[str]:
    """A subnetwork's range may grow in place; every other change makes a new subnetwork."""
    before, after = old.get("ipCidrRange"), new.get("ipCidrRange")
    if not isinstance(before, str) or not isinstance(after, str) or before == after:
        return []
    grows = ipaddress.IPv4Network(before).subnet_of(ipaddress.IPv4Network(after))
    return [] if grows else ["ipCidrRange"]


def _ranges(inputs: Values) -> Iterator[Failure]:
    ranges = [("ipCidrRange", inputs.get("ipCidrRange"))]
    for index, item in enumerate(inputs.get("secondaryIpRanges") or ()):
        ranges.append((f"secondaryIpRanges[{index}].ipCidrRange", item.get("ipCidrRange")))
    for path, value in ranges:
        if isinstance(value, str) and not _is_range(value):
            yield path, f"{value!r} is not a network address range"


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _firewall(inputs: Values) -> Iterator[Failure]:
    ranges = [item for item in inputs.get("sourceRanges") or () if isinstance(item, str)]
    if len({":" in item for item in ranges}) > 1:
        yield "sourceRanges", "a rule is for IPv4 or for IPv6, not for both"
    for item in ranges:
        if not _is_range(item):
            yield "sourceRanges", f"{item!r} is not a network address range"
    if inputs.get("direction", "INGRESS") == "INGRESS" and not (ranges or inputs.get("sourceTags")):
        yield "sourceRanges", "a rule for incoming traffic needs a source"
    if inputs.get("targetTags") and inputs.get("targetServiceAccounts"):
        yield "targetTags", "tags and service accounts exclude each other"
    for index, allow in enumerate(inputs.get("allows") or ()):
        ports = allow.get("ports") or []
        if ports and allow.get("protocol") not in _WITH_PORTS:
            yield f"allows[{index}].ports", f"protocol {allow.get('protocol')} has no ports"
        for port in ports:
            if isinstance(port, str) and not _PORTS.fullmatch(port):
                yield f"allows[{index}].ports", f"{port!r} is neither a port nor a range of ports"


def _address(birth: Birth, _id: str) -> Values:
    number = int(birth.hex(4), 16) % 200 + 10
    home = birth.target(birth.inputs.get("subnetwork"), SUBNETWORK)
    first = str(home.inputs.get("ipCidrRange", "10.0.0.0/20")).rpartition(".")[0] if home else "203.0.113"
    return {"address": birth.inputs.get("address") or f"{first}.{number}", "labelFingerprint": birth.hex(8)}


def _few_ports(inputs: Values) -> list[Failure]:
    ports = inputs.get("ports")
    many = isinstance(ports, list) and len(ports) > _MOST_PORTS
    return [("ports", f"a forwarding rule has {_MOST_PORTS} ports at most")] if many else []


def _one_check(inputs: Values) -> list[Failure]:
    kinds = [key for key in inputs if key.endswith("HealthCheck") and inputs[key] is not None]
    return [] if len(kinds) == 1 else [("tcpHealthCheck", "a health check is of exactly one kind")]


NETWORKS: Final[Mapping[str, Kind]] = {
    NETWORK: compute(
        "networks",
        "global",
        "autoCreateSubnetworks description mtu internalIpv6Range deleteDefaultRoutesOnCreate networkProfile",
        outputs=lambda birth, _: {"networkId": birth.number(18), "gatewayIpv4": ""},
    ),
    SUBNETWORK: compute(
        "subnetworks",
        "region",
        "network region description purpose externalIpv6Prefix ipv6AccessType",
        outputs=lambda birth, _: {
            "gatewayAddress": str(birth.inputs.get("ipCidrRange", "")).rpartition(".")[0] + ".1",
            "fingerprint": birth.hex(8),
        },
        refs=(ref("network", NETWORK),),
        rules=(_ranges,),
        also_replaces=_smaller,
        required=("ipCidrRange",),
    ),
    ROUTER: compute("routers", "region", "network region", refs=(ref("network", NETWORK),)),
    ROUTER_NAT: compute(
        "nats",
        "region",
        "router region",
        refs=(ref("router", ROUTER, on_delete=OnDelete.CASCADE), ref("subnetworks[].name", SUBNETWORK)),
    ),
    FIREWALL: compute("firewalls", "global", "network direction", refs=(ref("network", NETWORK),), rules=(_firewall,)),
    ADDRESS: compute(
        "addresses",
        "region",
        "region address addressType description ipVersion network networkTier prefixLength purpose subnetwork",
        outputs=_address,
        refs=(ref("subnetwork", SUBNETWORK), ref("network", NETWORK)),
        handles=("selfLink", "name", "address"),
    ),
    HEALTH_CHECK: compute("healthChecks", "region", "region", rules=(_one_check,)),
    BACKEND_SERVICE: compute(
        "backendServices",
        "region",
        "region loadBalancingScheme network",
        outputs=lambda birth, _: {"fingerprint": birth.hex(8), "generatedId": int(birth.number(9))},
        refs=(ref("healthChecks", HEALTH_CHECK), ref("backends[].group", MANAGER)),
    ),
    FORWARDING_RULE: compute(
        "forwardingRules",
        "region",
        "region allPorts backendService description ipAddress ipProtocol ipVersion isMirroringCollector "
        "loadBalancingScheme network networkTier portRange ports serviceLabel subnetwork",
        refs=(
            ref("backendService", BACKEND_SERVICE),
            ref("ipAddress", ADDRESS),
            ref("network", NETWORK),
            ref("subnetwork", SUBNETWORK),
        ),
        rules=(_few_ports,),
    ),
}
