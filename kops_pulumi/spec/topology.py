"""The cluster's network in the manifest: subnets, routes, DNS and bastion topology, egress proxy."""

from typing import Literal

from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.types import Cidr, Count, Ipv6Block, Port

SubnetType = Literal["Public", "Private", "Utility", "DualStack"]
DnsType = Literal["Public", "Private", "None"]
LoadBalancerType = Literal["Public", "Internal"]


class Route(SpecModel):
    """An extra route of a private subnet (AWS)."""

    cidr: Cidr = req("Destination network of the route.")
    target: str = req("Where it leads: pcx-…, i-…, nat-…, tgw-…, igw-… or eigw-….")


class Subnet(SpecModel):
    """One subnet, new or shared."""

    name: str = req("Unique name, used by instance groups; on AWS usually the zone, or utility-<zone>.")
    zone: str | None = opt("Availability zone; required on AWS and OpenStack, forbidden on GCE.")
    region: str | None = opt("Region; required on GCE, the same for all subnets.")
    cidr: Cidr | None = opt("IPv4 range; cut from networkCIDR when absent.")
    ipv6_cidr: Ipv6Block | None = opt(
        "IPv6 range, or /64#<hex index> for a slice of the network's own block (AWS).", key="ipv6CIDR"
    )
    id: str | None = opt("Existing subnet to adopt; all subnets are shared or none is.")
    egress: str | None = opt(
        "Way out of a private subnet: nat-…, eipalloc-… (address for the NAT gateway), i-…, tgw-… or External (AWS)."
    )
    type: SubnetType | None = opt("Public by default. Utility holds NAT, load balancers and bastions for Private ones.")
    public_ip: str | None = opt("Existing elastic IP address for the subnet's NAT gateway (AWS).", key="publicIP")
    additional_routes: list[Route] | None = opt("Extra routes of a new private subnet (AWS).")


class DnsTopology(SpecModel):
    """How the cluster's names are published."""

    type: DnsType | None = opt("Public or Private hosted zone, or None: no records, the API by its load balancer.")


class BastionLoadBalancer(SpecModel):
    """The load balancer before the bastions."""

    type: LoadBalancerType | None = opt("Reachable from outside (Public, the default) or from the network only.")
    additional_security_groups: list[str] | None = opt("Existing security groups to attach as well (AWS).")


class Bastion(SpecModel):
    """The SSH entrance of a private cluster."""

    bastion_public_name: str | None = opt("DNS name of the bastion; bastion.<cluster> by default.")
    load_balancer: BastionLoadBalancer | None = opt("Options of the bastion's load balancer (AWS).")
    idle_timeout_seconds: Count | None = opt(
        "Idle timeout in seconds of a classic load balancer.", dead="network load balancers have a fixed idle timeout"
    )


class Topology(SpecModel):
    """DNS and bastion topology; which machines are private is decided by their subnets' types."""

    masters: str | None = opt("Old switch for control-plane privacy.", dead="set spec.subnets[].type instead")
    nodes: str | None = opt("Old switch for node privacy.", dead="set spec.subnets[].type instead")
    dns: DnsTopology | None = opt("How the cluster's names are published.")
    bastion: Bastion | None = opt("The bastion's name and load balancer.")


class HttpProxy(SpecModel):
    """An HTTP proxy."""

    host: str = req("Host name or address of the proxy.")
    port: Port | None = opt("TCP port of the proxy.")


class EgressProxy(SpecModel):
    """The proxy through which machines reach the internet."""

    http_proxy: HttpProxy | None = opt("The proxy.")
    excludes: str | None = opt("Comma list of names and ranges reached directly; the cluster's own are added.")
