"""VPCs and what is in them: what replaces them, what they refer to, what they give back.

Facts: https://registry.terraform.io/providers/hashicorp/aws/latest/docs (the provider that pulumi-aws bridges),
resource by resource; `Kind.replaces` are its ForceNew attributes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kops_pulumi.rehearsal.aws.facts import (
    ADDRESS,
    DHCP_OPTIONS,
    EGRESS_ONLY_GATEWAY,
    INSTANCE,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    PEERING,
    PREFIX_LIST,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SUBNET,
    TRANSIT_GATEWAY,
    VPC,
    arn,
    defaults,
    ec2_arn,
    kind,
    prefixed,
    ref,
)
from kops_pulumi.rehearsal.kinds import Birth, Failure, Kind, OnDelete, Values
from kops_pulumi.rehearsal.store import CloudError

_IPV6_POOL: Final = "2001:db8::/32"
"""VPCs get a /56 each of the range for documentation (RFC 3849): the first of a world has 2001:db8:0:100::/56."""


def _vpc(birth: Birth, id_: str) -> Values:
    has_ipv6 = bool(birth.inputs.get("assignGeneratedIpv6CidrBlock"))
    return {
        **ec2_arn("vpc")(birth, id_),
        **defaults(birth, instanceTenancy="default", enableDnsSupport=True, enableDnsHostnames=False),
        "ipv6CidrBlock": birth.inputs.get("ipv6CidrBlock") or (_free_ipv6_block(birth) if has_ipv6 else ""),
        "ipv6AssociationId": f"vpc-cidr-assoc-0{birth.hex(16, 'ipv6')}" if has_ipv6 else "",
        "defaultSecurityGroupId": f"sg-0{birth.hex(16, 'sg')}",
        "defaultRouteTableId": f"rtb-0{birth.hex(16, 'rtb')}",
        "mainRouteTableId": f"rtb-0{birth.hex(16, 'rtb')}",
        "defaultNetworkAclId": f"acl-0{birth.hex(16, 'acl')}",
        "dhcpOptionsId": f"dopt-0{birth.hex(16, 'dopt')}",
    }


def _free_ipv6_block(birth: Birth) -> str:
    """The first /56 that no VPC has."""
    taken = {vpc.outputs.get("ipv6CidrBlock") for vpc in birth.store.objects(VPC)}
    blocks = ipaddress.ip_network(_IPV6_POOL).subnets(new_prefix=56)
    next(blocks)
    return next(str(block) for block in blocks if str(block) not in taken)


def _subnet(birth: Birth, id_: str) -> Values:
    zone = birth.inputs.get("availabilityZone") or f"{birth.cloud.region}a"
    return {
        **ec2_arn("subnet")(birth, id_),
        "availabilityZone": zone,
        "availabilityZoneId": zone_id(zone),
        **defaults(birth, mapPublicIpOnLaunch=False, assignIpv6AddressOnCreation=False),
        "ipv6CidrBlockAssociationId": f"subnet-cidr-assoc-0{birth.hex(16)}"
        if birth.inputs.get("ipv6CidrBlock")
        else "",
    }


def _subnet_replaces(old: Values, _new: Values) -> Iterator[str]:
    """A range whose addresses are given to machines as they start cannot be taken away."""
    if old.get("assignIpv6AddressOnCreation"):
        yield "ipv6CidrBlock"


def zone_id(zone: str) -> str:
    """`us-east-1a` → `use1-az1`."""
    parts = zone[:-1].split("-")
    return f"{parts[0]}{''.join(part[0] for part in parts[1:-1])}{parts[-1]}-az{ord(zone[-1]) - ord('a') + 1}"


def _admit_subnet(birth: Birth) -> None:
    """A subnet lies inside its VPC's ranges, beside the other subnets, in a zone of its region."""
    inputs = birth.inputs
    vpc = birth.target(inputs.get("vpcId"), VPC)
    zone = inputs.get("availabilityZone")
    if zone is not None and not str(zone).startswith(birth.cloud.region):
        raise CloudError("InvalidParameterValue", f"zone {zone} is not in region {birth.cloud.region}")
    if vpc is None or vpc.adopted:
        return
    vpc_ranges = [vpc.inputs.get("cidrBlock"), vpc.outputs.get("ipv6CidrBlock")]
    more = [r.inputs for r in birth.store.objects(_CIDR_ASSOCIATION) if r.inputs.get("vpcId") == vpc.id]
    _inside(inputs, [*vpc_ranges, *(m.get("cidrBlock") for m in more)])
    for other in birth.store.objects(SUBNET):
        if other.inputs.get("vpcId") == vpc.id:
            _apart(inputs, other.inputs, other.id)


def _networks(inputs: Mapping[str, Any]) -> list[Any]:
    return [ipaddress.ip_network(inputs[key]) for key in ("cidrBlock", "ipv6CidrBlock") if inputs.get(key)]


def _inside(inputs: Values, ranges: list[Any]) -> None:
    parents = [ipaddress.ip_network(cidr) for cidr in ranges if cidr]
    for network in _networks(inputs):
        if not any(network.version == parent.version and network.subnet_of(parent) for parent in parents):
            raise CloudError("InvalidSubnet.Range", f"the CIDR '{network}' is not in the VPC's ranges")


def _apart(inputs: Values, other: Values, other_id: str) -> None:
    for network in _networks(inputs):
        for neighbour in _networks(other):
            if network.version == neighbour.version and network.overlaps(neighbour):
                raise CloudError(
                    "InvalidSubnet.Conflict", f"the CIDR '{network}' conflicts with {other_id} ({neighbour})"
                )


def _cidrs(*keys: str) -> Any:
    def rule(inputs: Values) -> list[Failure]:
        found = [(key, inputs[key]) for key in keys if isinstance(inputs.get(key), str) and inputs[key]]
        return [(key, f"'{value}' is not a network address range") for key, value in found if not _is_cidr(value)]

    return rule


def _is_cidr(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _nat_gateway(birth: Birth, _id: str) -> Values:
    address = birth.target(birth.inputs.get("allocationId"), ADDRESS)
    return {
        **defaults(birth, connectivityType="public"),
        "associationId": f"eipassoc-0{birth.hex(16, 'assoc')}",
        "networkInterfaceId": f"eni-0{birth.hex(16, 'eni')}",
        "privateIp": f"10.{int(birth.hex(2, 'x'), 16)}.{int(birth.hex(2, 'y'), 16)}.10",
        "publicIp": address.outputs.get("publicIp", "") if address else "",
    }


def _address(birth: Birth, id_: str) -> Values:
    octets = [str(int(birth.hex(2, part), 16)) for part in "ab"]
    public = f"198.51.{octets[0]}.{octets[1]}"
    dashed = public.replace(".", "-")
    suffix = (
        "compute-1.amazonaws.com"
        if birth.cloud.region == "us-east-1"
        else f"{birth.cloud.region}.compute.amazonaws.com"
    )
    return {
        "allocationId": id_,
        "arn": arn(birth, "ec2", f"elastic-ip/{id_}"),
        "domain": "vpc",
        "publicIp": public,
        "publicDns": f"ec2-{dashed}.{suffix}",
        "networkBorderGroup": birth.cloud.region,
        "publicIpv4Pool": "amazon",
    }


def _route_target(inputs: Values) -> list[Failure]:
    given = [key for key in _ROUTE_TARGETS if inputs.get(key)]
    return [] if len(given) == 1 else [("", f"a route needs exactly one target, got {', '.join(given) or 'none'}")]


_ROUTE_TARGETS: Final = {
    "gatewayId": (INTERNET_GATEWAY,),
    "egressOnlyGatewayId": (EGRESS_ONLY_GATEWAY,),
    "natGatewayId": (NAT_GATEWAY,),
    "networkInterfaceId": (NETWORK_INTERFACE,),
    "transitGatewayId": (TRANSIT_GATEWAY,),
    "vpcPeeringConnectionId": (PEERING,),
    "carrierGatewayId": ("aws:ec2/carrierGateway:CarrierGateway",),
    "coreNetworkArn": ("aws:networkmanager/coreNetwork:CoreNetwork",),
    "localGatewayId": ("aws:ec2/localGateway:LocalGateway",),
    "vpcEndpointId": ("aws:ec2/vpcEndpoint:VpcEndpoint",),
}
_DESTINATIONS: Final = "destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId"
_CIDR_ASSOCIATION: Final = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
_IN_VPC: Final = (ref("vpcId", VPC),)
_ANYTHING_TAGGABLE: Final = (VPC, SUBNET, SECURITY_GROUP, ROUTE_TABLE, INTERNET_GATEWAY, NAT_GATEWAY, ADDRESS, INSTANCE)

NETWORK: Final[Mapping[str, Kind]] = {
    VPC: kind(
        Kind(identify=prefixed("vpc"), compute=_vpc, rules=(_cidrs("cidrBlock"),)),
        "cidrBlock instanceTenancy ipv4IpamPoolId ipv4NetmaskLength",
    ),
    _CIDR_ASSOCIATION: kind(
        Kind(
            identify=prefixed("vpc-cidr-assoc"),
            refs=(ref("vpcId", VPC, on_delete=OnDelete.CASCADE),),
            unique=("vpcId", "cidrBlock"),
            rules=(_cidrs("cidrBlock"),),
        ),
        "vpcId cidrBlock ipv4IpamPoolId ipv4NetmaskLength",
    ),
    DHCP_OPTIONS: kind(
        Kind(identify=prefixed("dopt"), compute=ec2_arn("dhcp-options")),
        "domainName domainNameServers ipv6AddressPreferredLeaseTime netbiosNameServers netbiosNodeType ntpServers",
    ),
    "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation": kind(
        Kind(
            identify=lambda birth: f"{birth.inputs['dhcpOptionsId']}-{birth.inputs['vpcId']}",
            refs=(
                ref("vpcId", VPC, on_delete=OnDelete.CASCADE),
                ref("dhcpOptionsId", DHCP_OPTIONS, external="default"),
            ),
            unique=("vpcId",),
        ),
        "vpcId",
    ),
    SUBNET: kind(
        Kind(
            identify=prefixed("subnet"),
            compute=_subnet,
            refs=_IN_VPC,
            admit=_admit_subnet,
            rules=(_cidrs("cidrBlock", "ipv6CidrBlock"),),
            also_replaces=_subnet_replaces,
        ),
        "vpcId cidrBlock availabilityZone availabilityZoneId ipv6Native outpostArn "
        "ipv4IpamPoolId ipv4NetmaskLength ipv6IpamPoolId ipv6NetmaskLength",
    ),
    INTERNET_GATEWAY: kind(
        Kind(identify=prefixed("igw"), compute=ec2_arn("internet-gateway"), refs=_IN_VPC, unique=("vpcId",))
    ),
    EGRESS_ONLY_GATEWAY: kind(Kind(identify=prefixed("eigw"), refs=_IN_VPC), "vpcId"),
    ROUTE_TABLE: kind(Kind(identify=prefixed("rtb"), compute=ec2_arn("route-table"), refs=_IN_VPC), "vpcId"),
    "aws:ec2/route:Route": kind(
        Kind(
            identify=lambda birth: f"r-{birth.inputs['routeTableId']}{birth.number(10)}",
            compute=lambda _birth, _id: {"origin": "CreateRoute", "state": "active"},
            refs=(
                ref("routeTableId", ROUTE_TABLE, on_delete=OnDelete.CASCADE),
                *(ref(key, *kinds, on_delete=OnDelete.IGNORE) for key, kinds in _ROUTE_TARGETS.items()),
                ref("destinationPrefixListId", PREFIX_LIST),
            ),
            unique=("routeTableId", *_DESTINATIONS.split()),
            rules=(_route_target, _cidrs("destinationCidrBlock", "destinationIpv6CidrBlock")),
        ),
        f"routeTableId {_DESTINATIONS}",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": kind(
        Kind(
            identify=prefixed("rtbassoc"),
            refs=(
                ref("subnetId", SUBNET, on_delete=OnDelete.CASCADE),
                ref("routeTableId", ROUTE_TABLE),
                ref("gatewayId", INTERNET_GATEWAY),
            ),
            unique=("subnetId", "gatewayId"),
        ),
        "subnetId gatewayId",
    ),
    NAT_GATEWAY: kind(
        Kind(
            identify=prefixed("nat"),
            compute=_nat_gateway,
            refs=(ref("subnetId", SUBNET), ref("allocationId", ADDRESS)),
            unique=("allocationId",),
        ),
        "subnetId allocationId connectivityType privateIp secondaryPrivateIpAddressCount vpcId availabilityMode",
    ),
    ADDRESS: kind(
        Kind(identify=prefixed("eipalloc"), compute=_address, handles=("arn", "publicIp")),
        "domain address publicIpv4Pool networkBorderGroup ipamPoolId customerOwnedIpv4Pool",
    ),
    "aws:ec2/tag:Tag": kind(
        Kind(
            identify=lambda birth: f"{birth.inputs['resourceId']},{birth.inputs['key']}",
            refs=(ref("resourceId", *_ANYTHING_TAGGABLE, on_delete=OnDelete.CASCADE),),
            unique=("resourceId", "key"),
        ),
        "resourceId key",
    ),
    TRANSIT_GATEWAY: kind(Kind(identify=prefixed("tgw"), compute=ec2_arn("transit-gateway"))),
    PEERING: kind(Kind(identify=prefixed("pcx"), refs=(ref("vpcId", VPC),)), "vpcId peerVpcId peerOwnerId peerRegion"),
    NETWORK_INTERFACE: kind(Kind(identify=prefixed("eni"), refs=(ref("subnetId", SUBNET),)), "subnetId interfaceType"),
    PREFIX_LIST: kind(Kind(identify=prefixed("pl"), autoname="name"), "addressFamily"),
}
