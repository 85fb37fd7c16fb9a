"""The network of a cluster on AWS: VPC, subnets, route tables and the ways out, or the user's own VPC looked up.

Reads `plan.network` and decides nothing. A VPC or subnet that the manifest names by id is never made, changed or
deleted; an adopted subnet gets the one tag that says the cluster uses it. Look-ups (invokes) happen only for adopted
things: the address block and the gateways of a shared VPC, the interface of an instance that routes lead to, an
address that is given as an address and not as an allocation.

https://www.pulumi.com/registry/packages/aws/api-docs/ec2/vpc/ and its neighbours subnet, routetable, route,
natgateway, eip, internetgateway, egressonlyinternetgateway, vpcdhcpoptions, vpcipv4cidrblockassociation.
"""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

from kops_pulumi.clouds.aws import tags
from kops_pulumi.components.handles import Handles, NetworkHandles
from kops_pulumi.errors import Finding, ManifestError
from kops_pulumi.model import ClusterPlan, Hop, NatGateway, Route, RouteTable, Subnet
from kops_pulumi.plan.names import logical
from kops_pulumi.plan.network import PUBLIC_TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUBNET_PREFIX = 64
"""Every IPv6 subnet of a VPC is a /64 (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html)."""


class Network(pulumi.ComponentResource):
    """Everything packets need; `handles` has the ids by the plan's own names."""

    handles: NetworkHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:aws:Network", name, None, opts)
        del handles  # the first leaf: nothing is known yet
        self._name, self._plan = name, plan
        self._vpc = None if plan.network.adopted else self._make_vpc()
        self._vpc_id = self._vpc.id if self._vpc else pulumi.Output.from_input(plan.network.existing_id or "")
        self._internet = self._make_internet_gateway()
        self._egress_only = self._make_egress_only_gateway()
        more_cidrs = self._make_additional_cidrs()
        subnets = {s.name: self._subnet_id(s, more_cidrs) for s in plan.network.subnets}
        self._nats = {nat.key: self._nat_id(nat, subnets) for nat in plan.network.nat_gateways}
        tables = {table.key: self._make_table(table) for table in plan.network.route_tables}
        self._associate(subnets, tables)
        self.handles = NetworkHandles(self._vpc_id, subnets, ready=(self,))
        self.register_outputs({"networkId": self._vpc_id, "subnetIds": subnets})

    def _child(self, *after: pulumi.Resource | None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[resource for resource in after if resource])

    def _logical(self, *parts: str) -> str:
        return logical(self._name, *parts)

    def _make_vpc(self) -> ec2.Vpc:
        plan = self._plan
        owned = tags.owned(plan, plan.name)
        vpc = ec2.Vpc(
            self._logical("vpc"),
            cidr_block=plan.network.cidr,
            assign_generated_ipv6_cidr_block=True,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=owned,
            opts=self._child(),
        )
        domain = "ec2.internal" if plan.region == "us-east-1" else f"{plan.region}.compute.internal"
        options = ec2.VpcDhcpOptions(
            self._logical("dhcp"),
            domain_name=domain,
            domain_name_servers=["AmazonProvidedDNS"],
            tags=owned,
            opts=self._child(),
        )
        ec2.VpcDhcpOptionsAssociation(
            self._logical("dhcp"), dhcp_options_id=options.id, vpc_id=vpc.id, opts=self._child()
        )
        return vpc

    def _make_internet_gateway(self) -> ec2.InternetGateway | None:
        if not self._plan.network.internet_gateway:
            return None
        owned = tags.owned(self._plan, self._plan.name)
        return ec2.InternetGateway(self._logical("internet"), vpc_id=self._vpc_id, tags=owned, opts=self._child())

    def _make_egress_only_gateway(self) -> ec2.EgressOnlyInternetGateway | None:
        if not self._plan.network.egress_only_gateway:
            return None
        owned = tags.owned(self._plan, self._plan.name)
        return ec2.EgressOnlyInternetGateway(
            self._logical("egress-only"), vpc_id=self._vpc_id, tags=owned, opts=self._child()
        )

    def _make_additional_cidrs(self) -> list[pulumi.Resource]:
        if self._plan.network.adopted:
            return []
        return [
            ec2.VpcIpv4CidrBlockAssociation(
                self._logical("cidr", cidr), vpc_id=self._vpc_id, cidr_block=cidr, opts=self._child()
            )
            for cidr in self._plan.network.additional_cidrs
        ]

    def _subnet_id(self, subnet: Subnet, after: list[pulumi.Resource]) -> pulumi.Output[str]:
        if subnet.existing_id is None:
            return self._make_subnet(subnet, after).id
        if self._plan.network.tag_adopted_subnets:
            ec2.Tag(
                self._logical(subnet.name, "shared"),
                resource_id=subnet.existing_id,
                key=tags.cluster_key(self._plan),
                value="shared",
                opts=self._child(),
            )
        return pulumi.Output.from_input(subnet.existing_id)

    def _make_subnet(self, subnet: Subnet, after: list[pulumi.Resource]) -> ec2.Subnet:
        has_ipv6 = subnet.ipv6_cidr is not None or subnet.ipv6_index is not None
        host_names = "ip-name" if self._plan.options.ip_based_node_names and not subnet.ipv6_only else "resource-name"
        return ec2.Subnet(
            self._logical(subnet.name),
            vpc_id=self._vpc_id,
            availability_zone=subnet.zone,
            cidr_block=subnet.cidr,
            ipv6_cidr_block=self._ipv6_cidr(subnet),
            ipv6_native=True if subnet.ipv6_only else None,
            enable_dns64=True if subnet.ipv6_only else None,
            assign_ipv6_address_on_creation=True if has_ipv6 else None,
            enable_resource_name_dns_a_record_on_launch=None if subnet.ipv6_only else True,
            enable_resource_name_dns_aaaa_record_on_launch=True if has_ipv6 else None,
            private_dns_hostname_type_on_launch=host_names,
            tags=tags.subnet(self._plan, subnet),
            opts=self._child(*after),
        )

    def _ipv6_cidr(self, subnet: Subnet) -> pulumi.Input[str] | None:
        index = subnet.ipv6_index
        if index is None:
            return subnet.ipv6_cidr
        if self._vpc is not None:
            return self._vpc.ipv6_cidr_block.apply(lambda block: slice_of(block, index))
        vpc = ec2.get_vpc_output(id=self._vpc_id, opts=pulumi.InvokeOptions(parent=self))
        return vpc.ipv6_cidr_block_associations.apply(lambda blocks: slice_of(_first_block(blocks), index))

    def _nat_id(self, nat: NatGateway, subnets: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
        if nat.existing_id is not None or nat.subnet is None:
            return pulumi.Output.from_input(nat.existing_id or "")
        gateway = ec2.NatGateway(
            self._logical("nat", nat.key),
            subnet_id=subnets[nat.subnet],
            allocation_id=self._allocation_id(nat),
            tags=tags.owned(self._plan, f"{nat.key}.{self._plan.name}"),
            opts=self._child(self._internet),
        )
        return gateway.id

    def _allocation_id(self, nat: NatGateway) -> pulumi.Input[str]:
        """The gateway's public address: the user's, by allocation or by address, else one of our own."""
        if nat.allocation_id is not None:
            return nat.allocation_id
        if nat.public_ip is not None:
            return ec2.get_elastic_ip_output(public_ip=nat.public_ip, opts=pulumi.InvokeOptions(parent=self)).id
        owned = tags.owned(self._plan, f"{nat.key}.{self._plan.name}")
        return ec2.Eip(self._logical("nat", nat.key), domain="vpc", tags=owned, opts=self._child(self._internet)).id

    def _make_table(self, table: RouteTable) -> ec2.RouteTable:
        cluster = self._plan.name
        made = ec2.RouteTable(
            self._logical(table.key),
            vpc_id=self._vpc_id,
            tags=tags.owned(
                self._plan,
                cluster if table.key == PUBLIC_TABLE else f"{table.key}.{cluster}",
                {"kubernetes.io/kops/role": table.key},
            ),
            opts=self._child(),
        )
        for route in table.routes:
            self._make_route(table, made, route)
        return made

    def _make_route(self, table: RouteTable, made: ec2.RouteTable, route: Route) -> None:
        ipv6 = ":" in route.destination
        target = self._target(route)
        ec2.Route(
            self._logical(table.key, route.destination),
            route_table_id=made.id,
            destination_cidr_block=None if ipv6 else route.destination,
            destination_ipv6_cidr_block=route.destination if ipv6 else None,
            gateway_id=target if route.hop is Hop.INTERNET else None,
            nat_gateway_id=target if route.hop is Hop.NAT else None,
            egress_only_gateway_id=target if route.hop is Hop.EGRESS_ONLY else None,
            transit_gateway_id=target if route.hop is Hop.TRANSIT else None,
            vpc_peering_connection_id=target if route.hop is Hop.PEERING else None,
            network_interface_id=target if route.hop in (Hop.INSTANCE, Hop.NETWORK_INTERFACE) else None,
            opts=self._child(),
        )

    def _target(self, route: Route) -> pulumi.Input[str]:
        """The id a route leads to: ours, or an existing thing's."""
        match route:
            case Route(hop=Hop.NAT, target=str(key)):
                return self._nats[key]
            case Route(hop=Hop.INSTANCE, target=str(instance)):
                lookup = pulumi.InvokeOptions(parent=self)
                return ec2.get_instance_output(instance_id=instance, opts=lookup).network_interface_id
            case Route(target=str(existing)):
                return existing
        return self._gateway(egress_only=route.hop is Hop.EGRESS_ONLY)

    def _gateway(self, *, egress_only: bool) -> pulumi.Output[str]:
        """The network's own gateway; that of a shared network is looked up."""
        made = self._egress_only if egress_only else self._internet
        if made is not None:
            return made.id
        lookup = pulumi.InvokeOptions(parent=self)
        if egress_only:
            return _egress_only_gateway(self._vpc_id, lookup)
        filters = self._vpc_id.apply(
            lambda id_: [ec2.GetInternetGatewayFilterArgs(name="attachment.vpc-id", values=[id_])]
        )
        return ec2.get_internet_gateway_output(filters=filters, opts=lookup).internet_gateway_id

    def _associate(self, subnets: Mapping[str, pulumi.Output[str]], tables: Mapping[str, ec2.RouteTable]) -> None:
        for subnet in self._plan.network.subnets:
            if subnet.route_table is not None:
                ec2.RouteTableAssociation(
                    self._logical(subnet.name),
                    subnet_id=subnets[subnet.name],
                    route_table_id=tables[subnet.route_table].id,
                    opts=self._child(),
                )


def _first_block(blocks: Sequence[ec2.outputs.GetVpcIpv6CidrBlockAssociationResult]) -> str:
    if blocks:
        return blocks[0].ipv6_cidr_block
    hint = "give the network one, or write the subnets' ipv6CIDR in full"
    raise ManifestError([Finding(("spec", "networkID"), "the shared network has no IPv6 block", hint)])


def _egress_only_gateway(vpc: pulumi.Output[str], lookup: pulumi.InvokeOptions) -> pulumi.Output[str]:
    """The gateway of a VPC that is not ours: the one that routes of the VPC lead to already.

    The provider has no look-up of these gateways themselves; once our own routes lead there too, the answer stays.
    """
    filters = [ec2.GetRouteTablesFilterArgs(name="route.egress-only-internet-gateway-id", values=["eigw-*"])]
    tables = ec2.get_route_tables_output(vpc_id=vpc, filters=filters, opts=lookup).ids

    def targets(table: str) -> pulumi.Output[list[str | None]]:
        routes = ec2.get_route_table_output(route_table_id=table, opts=lookup).routes
        return routes.apply(lambda found: [route.egress_only_gateway_id for route in found])

    def only(tables_: Sequence[str]) -> pulumi.Output[str]:
        return pulumi.Output.all(*map(targets, tables_)).apply(_only_gateway)

    return tables.apply(only)


def _only_gateway(targets: Sequence[Sequence[str | None]]) -> str:
    found = sorted({gateway for of_table in targets for gateway in of_table if gateway})
    if len(found) == 1:
        return found[0]
    what = f"several egress-only gateways: {', '.join(found)}" if found else "no route to an egress-only gateway"
    hint = "name one in the private subnets' additionalRoutes: {cidr: '::/0', target: eigw-…}"
    raise ManifestError([Finding(("spec", "networkID"), f"the shared network has {what}", hint)])


def slice_of(block: str, index: int) -> str:
    """The n-th /64 of a VPC's IPv6 block.

    >>> slice_of("2001:db8:0:100::/56", 0x12)
    '2001:db8:0:112::/64'
    """
    network = IPv6Network(block)
    count = 1 << (SUBNET_PREFIX - network.prefixlen)
    if not 0 <= index < count:
        raise ValueError(f"{block} has {count} subnets of /64, there is no number {index:#x}")
    return str(IPv6Network((int(network.network_address) + (index << (128 - SUBNET_PREFIX)), SUBNET_PREFIX)))
