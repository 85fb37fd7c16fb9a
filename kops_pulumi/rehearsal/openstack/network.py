"""Networks, ports, security groups, floating addresses, load balancers.

Facts: https://registry.terraform.io/providers/terraform-provider-openstack/openstack/latest/docs (the provider that
pulumi-openstack bridges), resource by resource; `Kind.replaces` are its ForceNew attributes.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Mapping
from typing import Final

from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, OnDelete, Values
from kops_pulumi.rehearsal.openstack.facts import (
    BALANCER,
    FLOATING_IP,
    LISTENER,
    NETWORK,
    OUTSIDE,
    POOL,
    PORT,
    ROUTER,
    SECURITY_GROUP,
    SUBNET,
    VIP_PORT,
    free,
    inside,
    kind,
    ref,
)
from kops_pulumi.rehearsal.store import CloudError

_TAG_LIMIT: Final = 60
_RULE: Final = (
    "direction ethertype protocol portRangeMin portRangeMax remoteIpPrefix remoteGroupId remoteAddressGroupId "
    "securityGroupId"
)


def _tags(inputs: Values) -> list[Failure]:
    """https://docs.openstack.org/api-ref/network/v2/#standard-attributes-tag-extension"""
    tags = inputs.get("tags")
    long = [tag for tag in tags if isinstance(tag, str) and len(tag) > _TAG_LIMIT] if isinstance(tags, list) else []
    return [("tags", f"{tag!r} is longer than {_TAG_LIMIT} characters") for tag in long]


def _apart(birth: Birth) -> None:
    """Subnets of one network do not overlap."""
    mine = ipaddress.ip_network(str(birth.inputs.get("cidr")))
    for other in birth.store.objects(SUBNET):
        near = other.inputs.get("networkId") == birth.inputs.get("networkId") and other.inputs.get("cidr")
        if near and mine.overlaps(ipaddress.ip_network(str(near))):
            raise CloudError("BadRequest", f"requested subnet {mine} overlaps with {other.id}")


def _port(birth: Birth, _id: str) -> Values:
    given = [ip for ip in birth.inputs.get("fixedIps", ()) if isinstance(ip, Mapping)]
    addresses = [ip.get("ipAddress") or inside(birth, ip.get("subnetId")) for ip in given]
    return {"allFixedIps": addresses, "macAddress": f"fa:16:3e:{birth.hex(2)}:{birth.hex(2, 'b')}:{birth.hex(2, 'c')}"}


def _floating(birth: Birth, _id: str) -> Values:
    taken = [other.outputs.get("address") for other in birth.store.objects(FLOATING_IP)]
    return {"address": birth.inputs.get("address") or free(birth, OUTSIDE, taken, skipped=9)}


def _balancer(birth: Birth, _id: str) -> Values:
    port = f"0c7a0000-{str(uuid.UUID(birth.hex(32, 'port')))[9:]}"
    return {
        "vipAddress": birth.inputs.get("vipAddress") or inside(birth, birth.inputs.get("vipSubnetId")),
        "vipPortId": port,
    }


def _rule_ports(inputs: Values) -> list[Failure]:
    """Ports need a protocol, and ICMP's are type and code."""
    if inputs.get("portRangeMin") is not None and not inputs.get("protocol"):
        return [("portRangeMin", "a port range needs a protocol")]
    return []


def _monitor(inputs: Values) -> list[Failure]:
    delay, timeout = inputs.get("delay"), inputs.get("timeout")
    late = isinstance(delay, int | float) and isinstance(timeout, int | float) and timeout >= delay
    return [("timeout", f"{timeout} must be less than the delay, {delay}")] if late else []


_TAGGED: Final = Kind(rules=(_tags,))

NETWORKING: Final[Mapping[str, Kind]] = {
    NETWORK: kind(_TAGGED, "availabilityZoneHints tenantId transparentVlan valueSpecs"),
    SUBNET: kind(
        _TAGGED,
        "cidr ipVersion ipv6AddressMode ipv6RaMode networkId prefixLength subnetpoolId tenantId valueSpecs",
        refs=(ref("networkId", NETWORK),),
        admit=_apart,
    ),
    ROUTER: kind(
        _TAGGED,
        "availabilityZoneHints distributed tenantId valueSpecs",
        refs=(ref("externalNetworkId", NETWORK), ref("externalSubnetIds[]", SUBNET)),
    ),
    "openstack:networking/routerInterface:RouterInterface": kind(
        Kind(
            refs=(ref("routerId", ROUTER), ref("subnetId", SUBNET), ref("portId", PORT)),
            unique=("routerId", "subnetId"),
        ),
        "portId routerId subnetId",
    ),
    PORT: kind(
        _TAGGED,
        "deviceId deviceOwner macAddress networkId tenantId valueSpecs",
        refs=(ref("networkId", NETWORK), ref("fixedIps[].subnetId", SUBNET), ref("securityGroupIds[]", SECURITY_GROUP)),
        compute=_port,
    ),
    SECURITY_GROUP: kind(_TAGGED, "deleteDefaultRules tenantId"),
    "openstack:networking/secGroupRule:SecGroupRule": kind(
        Kind(
            refs=(
                ref("securityGroupId", SECURITY_GROUP, on_delete=OnDelete.CASCADE),
                ref("remoteGroupId", SECURITY_GROUP, on_delete=OnDelete.CASCADE),
            ),
            unique=tuple(_RULE.split()),
            rules=(_rule_ports,),
        ),
        f"{_RULE} description tenantId",
    ),
    FLOATING_IP: kind(
        _TAGGED,
        "address dnsDomain dnsName pool tenantId valueSpecs",
        refs=(
            ref("pool", NETWORK),
            ref("subnetId", SUBNET),
            ref("portId", PORT, on_delete=OnDelete.IGNORE, external=VIP_PORT),
        ),
        compute=_floating,
        handles=("address",),
    ),
    BALANCER: kind(
        Kind(),
        "availabilityZone flavorId loadbalancerProvider tenantId vipAddress vipNetworkId vipPortId vipSubnetId",
        refs=(ref("vipSubnetId", SUBNET), ref("securityGroupIds[]", SECURITY_GROUP)),
        compute=_balancer,
    ),
    LISTENER: kind(
        Kind(refs=(ref("loadbalancerId", BALANCER),), unique=("loadbalancerId", "protocolPort", "protocol")),
        "loadbalancerId protocol protocolPort tenantId",
    ),
    POOL: kind(
        Kind(refs=(ref("listenerId", LISTENER), ref("loadbalancerId", BALANCER))),
        "listenerId loadbalancerId protocol tenantId",
    ),
    "openstack:loadbalancer/member:Member": kind(
        Kind(refs=(ref("poolId", POOL), ref("subnetId", SUBNET)), unique=("poolId", "address", "protocolPort")),
        "address poolId protocolPort subnetId tenantId",
    ),
    "openstack:loadbalancer/monitor:Monitor": kind(
        Kind(refs=(ref("poolId", POOL),), unique=("poolId",), rules=(_monitor,)), "poolId tenantId type"
    ),
}
