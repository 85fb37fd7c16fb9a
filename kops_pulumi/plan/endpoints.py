"""Where the API and the bastions are reached, and the DNS records that lead there.

`api` is always an endpoint: a load balancer, a virtual address where the cloud has no load balancers, or just the
control planes' own addresses. Our nodes join through the API's own port, so no load balancer needs kops-controller's
(3988). Subnets are chosen one a zone, by type, then name; nothing depends on the order of the manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.model import (
    DnsPlan,
    DnsRecord,
    DnsType,
    Endpoint,
    EndpointKind,
    EndpointSubnet,
    Listener,
    NetworkPlan,
    OwnName,
    Role,
    Subnet,
    SubnetType,
)
from kops_pulumi.plan.names import Names
from kops_pulumi.plan.network import PUBLIC_TYPES
from kops_pulumi.plan.roles import role_of

if TYPE_CHECKING:
    from kops_pulumi.plugins import Cloud
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster
    from kops_pulumi.spec.access import LoadBalancerAccess

API = "api"
BASTION = "bastion"

_HTTPS = 443
_PLAIN_BESIDE_TLS = 8443
"""With a certificate on 443, client certificates need a listener that passes TLS through."""
_CILIUM_ETCD = 4003
_SSH = 22

_HOLDERS = {
    True: (SubnetType.UTILITY, SubnetType.PUBLIC),
    False: (SubnetType.PRIVATE, SubnetType.DUAL_STACK, SubnetType.PUBLIC),
}
"""Which types of subnet may hold a public (True) or internal load balancer."""


def plan_endpoints(full: FullSpec, cloud: Cloud, names: Names, network: NetworkPlan) -> tuple[Endpoint, ...]:
    """`api`, and `bastion` when there are bastions that a load balancer stands before."""
    return (_api(full, cloud, names, network), *_bastion(full, cloud, names, network))


def plan_dns(full: FullSpec, cloud: Cloud, endpoints: Sequence[Endpoint], network: NetworkPlan) -> DnsPlan:
    """Records for endpoints with a load balancer; control planes publish the API's other names themselves."""
    kind = dns_type(full.cluster)
    if kind is DnsType.NONE:
        return DnsPlan(kind, zone=None, records=(), attach_zone=False)
    balanced = {endpoint.name for endpoint in endpoints if endpoint.kind is EndpointKind.LOAD_BALANCER}
    records = tuple(
        DnsRecord(name, record_type, endpoint)
        for name, endpoint in sorted(_published(full.cluster))
        if endpoint in balanced
        for record_type in ("A", "AAAA")
    )
    named = full.cluster.spec.dns_zone
    return DnsPlan(
        kind,
        zone=named or full.cluster.metadata.name.partition(".")[2],
        records=records,
        attach_zone=kind is DnsType.PRIVATE and not network.adopted,
        zone_named=bool(named),
        own_names=_own_names(full.cluster, endpoints, kind) if cloud.capabilities.machines.publishes_names else (),
    )


def _own_names(cluster: Cluster, endpoints: Iterable[Endpoint], kind: DnsType) -> tuple[OwnName, ...]:
    """Nothing leads to the API but its machines' addresses: its name, and the one that is for the network alone."""
    api = next(endpoint for endpoint in endpoints if endpoint.name == API)
    if api.kind is not EndpointKind.ADDRESSES:
        return ()
    public = api.public and kind is DnsType.PUBLIC
    return (
        OwnName(api_name(cluster), public),
        OwnName(internal_api_name(cluster.metadata.name or ""), public=False),
    )


def dns_type(cluster: Cluster) -> DnsType:
    """How names of the cluster are published."""
    topology = cluster.spec.topology
    return DnsType(topology.dns.type) if topology and topology.dns and topology.dns.type else DnsType.PUBLIC


def api_name(cluster: Cluster) -> str:
    """The name users and certificates use for the API."""
    return cluster.spec.master_public_name or f"api.{cluster.metadata.name}"


def internal_api_name(cluster: str) -> str:
    """The name the machines of a cluster use for the API."""
    return f"api.internal.{cluster}"


def _published(cluster: Cluster) -> set[tuple[str, str]]:
    """DNS names and the endpoints they lead to."""
    balancer = cluster.spec.api.load_balancer if cluster.spec.api else None
    topology = cluster.spec.topology
    bastion = topology.bastion.bastion_public_name if topology and topology.bastion else None
    candidates = (
        (api_name(cluster), API),
        (internal_api_name(cluster.metadata.name) if balancer and balancer.use_for_internal_api else None, API),
        (bastion, BASTION),
    )
    return {(name, endpoint) for name, endpoint in candidates if name}


def _api(full: FullSpec, cloud: Cloud, names: Names, network: NetworkPlan) -> Endpoint:
    cluster = full.cluster
    balancer = cluster.spec.api.load_balancer if cluster.spec.api else None
    if balancer is not None and cloud.capabilities.load_balancer:
        return _balanced_api(full, balancer, names, network)
    return Endpoint(
        name=API,
        kind=_unbalanced(cluster, cloud),
        public=_control_planes_are_public(full, network),
        dns_name=api_name(cluster),
        physical_name=names.fit("endpoint", f"{API}.{cluster.metadata.name}"),
        listeners=(Listener(_HTTPS, _HTTPS, "tcp"),),
        subnets=(),
        roles=(Role.CONTROL_PLANE, Role.API_SERVER),
    )


def _unbalanced(cluster: Cluster, cloud: Cloud) -> EndpointKind:
    """How the API is reached where no load balancer of the cloud's leads to it."""
    if cloud.external_api(cluster):
        return EndpointKind.EXTERNAL
    # Machines that keep their addresses can share one: without DNS, people need a single address too.
    shared = dns_type(cluster) is DnsType.NONE and not cloud.capabilities.groups
    return EndpointKind.VIP if shared or not cloud.capabilities.load_balancer else EndpointKind.ADDRESSES


def _balanced_api(full: FullSpec, balancer: LoadBalancerAccess, names: Names, network: NetworkPlan) -> Endpoint:
    cluster = full.cluster
    public = balancer.type != "Internal"
    log = balancer.access_log
    return Endpoint(
        name=API,
        kind=EndpointKind.LOAD_BALANCER,
        public=public,
        dns_name=api_name(cluster),
        physical_name=names.balancer(API),
        listeners=_api_listeners(cluster, certificate=balancer.ssl_certificate is not None),
        subnets=_listed_subnets(balancer) or _one_a_zone(full, network, public=public),
        roles=(Role.CONTROL_PLANE, Role.API_SERVER),
        cross_zone=bool(balancer.cross_zone_load_balancing) or dns_type(cluster) is DnsType.NONE,
        dual_stack=network.ipv6,
        certificate=balancer.ssl_certificate,
        tls_policy=balancer.ssl_policy,
        security_group_override=balancer.security_group_override,
        additional_security_groups=tuple(sorted(balancer.additional_security_groups or ())),
        access_log_bucket=log.bucket if log else None,
        access_log_prefix=log.bucket_prefix if log else None,
    )


def _api_listeners(cluster: Cluster, *, certificate: bool) -> tuple[Listener, ...]:
    """443; with a certificate 443 ends TLS and 8443 passes it through; without DNS, Cilium finds its etcd here too."""
    tls = Listener(_HTTPS, _HTTPS, "tls", tls=True)
    plain = Listener(_PLAIN_BESIDE_TLS if certificate else _HTTPS, _HTTPS, "tcp")
    etcd = Listener(_CILIUM_ETCD, _CILIUM_ETCD, "etcd-cilium")
    cilium = any(entry.name == "cilium" for entry in cluster.spec.etcd_clusters or ())
    wanted = ((certificate, tls), (True, plain), (cilium and dns_type(cluster) is DnsType.NONE, etcd))
    return tuple(listener for condition, listener in wanted if condition)


def _bastion(full: FullSpec, cloud: Cloud, names: Names, network: NetworkPlan) -> tuple[Endpoint, ...]:
    if not cloud.capabilities.bastion_balancer or Role.BASTION not in map(role_of, full.groups):
        return ()
    topology = full.cluster.spec.topology
    bastion = topology.bastion if topology else None
    balancer = bastion.load_balancer if bastion else None
    public = not (balancer and balancer.type == "Internal")
    endpoint = Endpoint(
        name=BASTION,
        kind=EndpointKind.LOAD_BALANCER,
        public=public,
        dns_name=(bastion and bastion.bastion_public_name) or f"{BASTION}.{full.cluster.metadata.name}",
        physical_name=names.balancer(BASTION),
        listeners=(Listener(_SSH, _SSH, BASTION),),
        subnets=_one_a_zone(full, network, public=public),
        roles=(Role.BASTION,),
        dual_stack=network.ipv6,
        additional_security_groups=tuple(sorted((balancer and balancer.additional_security_groups) or ())),
    )
    return (endpoint,)


def _listed_subnets(balancer: LoadBalancerAccess) -> tuple[EndpointSubnet, ...]:
    """The subnets the manifest lists, with fixed addresses."""
    listed = (
        EndpointSubnet(subnet.name, subnet.private_ipv4_address, subnet.allocation_id)
        for subnet in balancer.subnets or ()
    )
    return tuple(sorted(listed, key=lambda subnet: subnet.name))


def _one_a_zone(full: FullSpec, network: NetworkPlan, *, public: bool) -> tuple[EndpointSubnet, ...]:
    """A load balancer takes one subnet of each zone: a utility one, one with control planes, the first by name.

    Subnets without IPv4 cannot hold one. An internal one goes to public subnets only where there are no private ones.
    """
    homes = _homes(full)
    ordered = sorted(
        (subnet for subnet in network.subnets if subnet.type in _HOLDERS[public] and not subnet.ipv6_only),
        key=lambda subnet: (-((subnet.name in homes) + (subnet.type is SubnetType.UTILITY)), subnet.name),
    )
    private = [subnet for subnet in ordered if subnet.type is not SubnetType.PUBLIC]
    best: dict[str, Subnet] = {}
    for subnet in ordered if public else private or ordered:
        best.setdefault(subnet.zone or subnet.name, subnet)
    return tuple(EndpointSubnet(name) for name in sorted(subnet.name for subnet in best.values()))


def _homes(full: FullSpec) -> set[str]:
    """The subnets with control planes."""
    return {name for group in full.groups if role_of(group) is Role.CONTROL_PLANE for name in group.spec.subnets or ()}


def _control_planes_are_public(full: FullSpec, network: NetworkPlan) -> bool:
    homes = _homes(full)
    return any(subnet.name in homes and subnet.type in PUBLIC_TYPES for subnet in network.subnets)
