"""Who may reach whom: the role→role matrix, every entry with its reason (decision 4).

Part of `plan`. Base rules stand here as tables; each CNI and add-on contributes its own through `rules(full)`. Clouds
compile the matrix and decide nothing. What is not in the matrix is closed. Nothing here may know a cloud's name or
how it writes a rule. A rule whose target is an address range is a way out; every other rule is a way in.

Ports and peers follow what kops opens on AWS (docs/parity.md names the differences); etcd's ports stay out of the
nodes' reach, the way kops keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network
from typing import TYPE_CHECKING

from kops_pulumi.model import (
    DnsType,
    Endpoint,
    EndpointKind,
    EtcdCluster,
    NetworkPlan,
    Peer,
    PeerKind,
    Protocol,
    Role,
    Rule,
)
from kops_pulumi.plan.endpoints import dns_type

if TYPE_CHECKING:
    from kops_pulumi.plugins import AddOn, Cni
    from kops_pulumi.resolve.full import FullSpec

API_PORT = 443
SSH_PORT = 22
_LAST_PORT = 65535
_PATH_MTU = (3, 4)
"""ICMP type 3 code 4, "fragmentation needed": without it connections through a load balancer stall (RFC 1191)."""
_PUBLIC_LISTENERS = ("tcp", "tls")
"""Listeners of the API's load balancer that are for people; the others are for the cluster's own machines."""
_NODE_PORTS = "30000-32767"
_ANYWHERE = ("0.0.0.0/0", "::/0")
_SHARED_ETCD = "cilium"
"""The one etcd cluster whose clients run on every node."""
_ALL_FROM: tuple[tuple[Role, Role, str], ...] = (
    (Role.CONTROL_PLANE, Role.CONTROL_PLANE, "control planes reach each other: etcd, API, kubelets, pods"),
    (Role.CONTROL_PLANE, Role.NODE, "control planes reach kubelets, webhooks and pods on nodes"),
    (Role.CONTROL_PLANE, Role.API_SERVER, "control planes reach API servers, their kubelets and pods"),
    (Role.NODE, Role.NODE, "pods on nodes reach each other"),
    (Role.NODE, Role.API_SERVER, "nodes reach the API and the pods of API-server machines, which run no etcd"),
    (Role.API_SERVER, Role.NODE, "API servers reach kubelets, webhooks and pods on nodes"),
    (Role.API_SERVER, Role.API_SERVER, "API-server machines reach each other's pods"),
)
"""Pairs of roles between which everything is open."""


def role(value: Role) -> Peer:
    """A role as one end of a rule."""
    return Peer(PeerKind.ROLE, value.value)


def balancer(endpoint: str) -> Peer:
    """An endpoint's load balancer as one end of a rule."""
    return Peer(PeerKind.LOAD_BALANCER, endpoint)


def outside(text: str) -> Peer:
    """An entry of an access list: an address range, or a prefix list (`pl-…`)."""
    return Peer(PeerKind.PREFIX_LIST if text.startswith("pl-") else PeerKind.CIDR, text)


def rules(
    full: FullSpec,
    *,
    roles: Iterable[Role],
    etcd: Sequence[EtcdCluster],
    endpoints: Sequence[Endpoint],
    network: NetworkPlan,
    cni: Cni,
    addons: Sequence[AddOn],
) -> tuple[Rule, ...]:
    """The whole matrix, sorted, without entries that another one covers.

    `roles` are those of the cluster's instance groups; control planes and nodes are always in the matrix, so that
    a first group of nodes can be added without touching the control planes.
    """
    present = {Role.CONTROL_PLANE, Role.NODE, *roles}
    balancers = {e.name: e for e in endpoints if e.kind is EndpointKind.LOAD_BALANCER}
    collected: list[Rule] = [
        *_ways_out(present, balancers.values()),
        *_between_roles(present, etcd),
        *_api(full, present, balancers.get("api")),
        *_ssh(full, present, balancers.get("bastion"), network),
        *_node_ports(full),
        *cni.rules(full),
        *(rule for addon in addons for rule in addon.rules(full)),
    ]
    return minimal(rule for rule in collected if _ends(rule) <= present)


def minimal(candidates: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules in a stable order, each pair of ends and range of ports once.

    >>> everything = Rule(role(Role.NODE), role(Role.NODE), Protocol.ALL, None, "pods")
    >>> vxlan = Rule(role(Role.NODE), role(Role.NODE), Protocol.UDP, (8472, 8472), "overlay")
    >>> minimal([vxlan, everything]) == (everything,)
    True
    """
    unique = {_key(rule): rule for rule in reversed(list(candidates))}
    ordered = [unique[key] for key in sorted(unique)]
    return tuple(rule for rule in ordered if not any(covers(other, rule) for other in ordered if other is not rule))


def covers(wide: Rule, narrow: Rule) -> bool:
    """Whether everything that `narrow` opens is open by `wide` already (between the same two ends)."""
    if (wide.source, wide.target) != (narrow.source, narrow.target):
        return False
    if wide.protocol is Protocol.ALL:
        return True
    if wide.protocol is not narrow.protocol:
        return False
    if wide.ports is None or narrow.ports is None:
        return wide.ports is None
    if wide.protocol in (Protocol.TCP, Protocol.UDP):
        return wide.ports[0] <= narrow.ports[0] and narrow.ports[1] <= wide.ports[1]
    return wide.ports == narrow.ports


def _ends(rule: Rule) -> set[Role]:
    return {Role(peer.name) for peer in (rule.source, rule.target) if peer.kind is PeerKind.ROLE}


def _key(rule: Rule) -> tuple[Peer, Peer, str, tuple[int, int]]:
    return (rule.target, rule.source, rule.protocol.value, rule.ports or (-1, -1))


def _ways_out(present: Iterable[Role], balancers: Iterable[Endpoint]) -> Iterator[Rule]:
    sources = [role(member) for member in present] + [balancer(endpoint.name) for endpoint in balancers]
    for source in sources:
        for cidr in _ANYWHERE:
            yield Rule(source, outside(cidr), Protocol.ALL, None, "connections to the outside are open")


def _between_roles(present: Iterable[Role], etcd: Sequence[EtcdCluster]) -> Iterator[Rule]:
    yield from (Rule(role(a), role(b), Protocol.ALL, None, reason) for a, b, reason in _ALL_FROM)
    peers = {cluster.peer_port for cluster in etcd}
    clients = {cluster.client_port for cluster in etcd if cluster.name != _SHARED_ETCD}
    closed = {Role.NODE: peers | clients, Role.API_SERVER: peers}
    target = role(Role.CONTROL_PLANE)
    for source in sorted(set(closed) & set(present)):
        what = "etcd's ports" if source is Role.NODE else "etcd's peer ports"
        for ports in _ranges_without(closed[source]):
            reason = f"{source.value} machines reach the API and pods on control planes, but not {what}"
            yield Rule(role(source), target, Protocol.TCP, ports, reason)
        reason = f"{source.value} machines reach pods on control planes: overlays, DNS"
        yield Rule(role(source), target, Protocol.UDP, (1, _LAST_PORT), reason)


def _ranges_without(closed: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The ports from 1 to 65535 as ranges that leave out `closed`."""
    first = 1
    for port in sorted(set(closed)):
        if first < port:
            yield (first, port - 1)
        first = port + 1
    if first <= _LAST_PORT:
        yield (first, _LAST_PORT)


def _api(full: FullSpec, present: set[Role], endpoint: Endpoint | None) -> Iterator[Rule]:
    """Clients to the API: through the load balancer when there is one, straight to the machines otherwise."""
    spec = full.cluster.spec
    allowed = [outside(entry) for entry in spec.kubernetes_api_access or ()]
    serving = sorted(present & {Role.CONTROL_PLANE, Role.API_SERVER})
    if endpoint is None:
        for source in allowed:
            for target in serving:
                yield Rule(source, role(target), Protocol.TCP, (API_PORT, API_PORT), "spec.kubernetesApiAccess")
        return
    front = balancer(endpoint.name)
    for source in allowed:
        for port in sorted({item.port for item in endpoint.listeners if item.name in _PUBLIC_LISTENERS}):
            yield Rule(source, front, Protocol.TCP, (port, port), "spec.kubernetesApiAccess")
        yield _path_mtu_from(source, front)
    for target in sorted(present & set(endpoint.roles)):
        for port in sorted({item.target_port for item in endpoint.listeners}):
            yield Rule(front, role(target), Protocol.TCP, (port, port), "the load balancer forwards to the machines")
        yield from _path_mtu_between(front, role(target))
    # Without DNS, machines find the API by the load balancer's own name, and so come through it.
    if dns_type(full.cluster) is DnsType.NONE:
        for client in sorted(present & {Role.NODE}):
            yield Rule(role(client), front, Protocol.ALL, None, "without DNS, nodes reach the API by its load balancer")


def _ssh(full: FullSpec, present: set[Role], endpoint: Endpoint | None, network: NetworkPlan) -> Iterator[Rule]:
    """Operators by SSH: through the bastions when there are any, straight to the machines otherwise."""
    allowed = [outside(entry) for entry in full.cluster.spec.ssh_access or ()]
    machines = sorted(present - {Role.BASTION})
    if Role.BASTION not in present:
        for source in allowed:
            yield from (_ssh_rule(source, role(target), "spec.sshAccess") for target in machines)
        return
    bastion = role(Role.BASTION)
    yield from (_ssh_rule(bastion, role(target), "operators go on from a bastion") for target in machines)
    if endpoint is None:
        yield from (_ssh_rule(source, bastion, "spec.sshAccess") for source in allowed)
        return
    front = balancer(endpoint.name)
    names = {subnet.name for subnet in endpoint.subnets}
    own = [outside(s.cidr) for s in network.subnets if s.name in names and s.cidr]
    for source, reason in [
        *((source, "spec.sshAccess") for source in allowed),
        *((source, "the bastions' load balancer is reachable from its own subnets") for source in own),
    ]:
        yield _ssh_rule(source, front, reason)
        yield _path_mtu_from(source, front)
    yield _ssh_rule(front, bastion, "the load balancer forwards to the bastions")
    yield from _path_mtu_between(front, bastion)


def _node_ports(full: FullSpec) -> Iterator[Rule]:
    spec = full.cluster.spec
    api_server = spec.kube_api_server
    text = (api_server.service_node_port_range if api_server else None) or _NODE_PORTS
    first, _, last = text.partition("-")
    for entry in spec.node_port_access or ():
        for protocol in (Protocol.TCP, Protocol.UDP):
            ports = (int(first), int(last or first))
            yield Rule(outside(entry), role(Role.NODE), protocol, ports, "spec.nodePortAccess")


def _ssh_rule(source: Peer, target: Peer, reason: str) -> Rule:
    return Rule(source, target, Protocol.TCP, (SSH_PORT, SSH_PORT), reason)


def _path_mtu_from(source: Peer, target: Peer) -> Rule:
    """Path-MTU discovery from outside; IPv6 needs more of ICMP than one message (RFC 4890)."""
    if source.kind is PeerKind.CIDR and ip_network(source.name, strict=False).version == 6:
        return Rule(source, target, Protocol.ICMPV6, None, "path-MTU discovery and neighbour messages of IPv6")
    return Rule(source, target, Protocol.ICMP, _PATH_MTU, "path-MTU discovery")


def _path_mtu_between(one: Peer, other: Peer) -> Iterator[Rule]:
    yield Rule(one, other, Protocol.ICMP, _PATH_MTU, "path-MTU discovery")
    yield Rule(other, one, Protocol.ICMP, _PATH_MTU, "path-MTU discovery")
