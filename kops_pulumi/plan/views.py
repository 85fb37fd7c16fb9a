"""Ways to look at a plan: tables of plain text and a Mermaid graph.

Pure functions from a ClusterPlan to data; the command line decides how tables are drawn. Nothing here computes anything
that is not in the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kops_pulumi.model import (
    Chart,
    ClusterPlan,
    Delivery,
    Endpoint,
    EndpointKind,
    Group,
    Manifest,
    Peer,
    PeerKind,
    Protocol,
    PythonCode,
    Remote,
    Route,
    Rule,
    Subnet,
)

_INTERNET = "internet"


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; every cell is text, every row as long as `columns`."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summary(plan: ClusterPlan) -> tuple[Table, ...]:
    """The plan in a few tables: groups, endpoints, etcd, identities."""
    return (_groups(plan), _endpoints(plan), _etcd(plan), _identities(plan))


def network(plan: ClusterPlan) -> tuple[Table, ...]:
    """Subnets with their ranges and tables, routes with the way they take, NAT gateways."""
    net = plan.network
    routes = ((table.key, route.destination, _way(route)) for table in net.route_tables for route in table.routes)
    gateways = (
        (nat.key, nat.zone, nat.existing_id or nat.subnet or "", nat.allocation_id or nat.public_ip or "")
        for nat in net.nat_gateways
    )
    return (
        Table(
            "Subnets",
            ("name", "type", "zone", "IPv4", "IPv6", "route table"),
            tuple((s.name, s.type.value, s.zone or s.region, s.cidr or "", _ipv6(s), _table(s)) for s in net.subnets),
        ),
        Table("Routes", ("route table", "destination", "leads to"), tuple(routes)),
        Table("NAT gateways", ("key", "zone", "in", "address"), tuple(gateways)),
    )


def firewall(plan: ClusterPlan) -> Table:
    """Who may open connections to whom, and why; what is not listed is closed."""
    rows = ((_peer(r.source), _peer(r.target), r.protocol.value, _ports(r), r.reason) for r in plan.rules)
    return Table("Firewall", ("source", "target", "protocol", "ports", "reason"), tuple(rows))


def addons(plan: ClusterPlan) -> Table:
    """What is installed in the cluster, from where, and why."""
    rows = tuple(
        (d.name, d.version, d.stage.value, d.namespace, _source(d), ", ".join(d.after), d.why) for d in plan.deliveries
    )
    return Table("Add-ons", ("name", "version", "stage", "namespace", "source", "after", "why"), rows)


def _source(delivery: Delivery) -> str:
    match delivery.source:
        case Chart(name, repository, version):
            return " ".join(part for part in (repository, name, version) if part)
        case Manifest(documents):
            return f"{len(documents)} object{'s' if len(documents) != 1 else ''}"
        case Remote(url):
            return url
        case PythonCode(function):
            return function


def adopted(plan: ClusterPlan) -> tuple[tuple[str, str], ...]:
    """What existed before the cluster and outlives it: kind and id or name, without repetitions."""
    net = plan.network
    found = [
        ("network", net.existing_id),
        *(("subnet", subnet.existing_id) for subnet in net.subnets),
        *(("NAT gateway", gateway.existing_id) for gateway in net.nat_gateways),
        *(("address", gateway.allocation_id or gateway.public_ip) for gateway in net.nat_gateways),
        *(("identity", group.existing_identity) for group in plan.groups),
        *(("security group", id_) for group in plan.groups for id_ in _security_groups(group)),
        *(("security group", id_) for endpoint in plan.endpoints for id_ in _security_groups(endpoint)),
        ("DNS zone", plan.dns.zone),
        ("SSH key", plan.ssh_key.existing_name if plan.ssh_key else None),
    ]
    return tuple(dict.fromkeys((kind, id_) for kind, id_ in found if id_))


def _security_groups(owner: Group | Endpoint) -> tuple[str | None, ...]:
    return (owner.security_group_override, *owner.additional_security_groups)


def mermaid(plan: ClusterPlan) -> str:
    """The plan as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html): what is where, leads where."""
    lines = (
        "flowchart LR",
        f"  {_INTERNET}((internet))",
        *_graph_network(plan),
        *(f"  {_node('group', g.name)}[{_label(g.name, _machines(g))}]" for g in plan.groups),
        *(f"  {_node('endpoint', e.name)}{{{{{_label(e.dns_name, e.kind.value)}}}}}" for e in plan.endpoints),
        *(
            f"  {_node('etcd', e.name)}[({_label('etcd ' + e.name, ', '.join(m.name for m in e.members))})]"
            for e in plan.etcd
        ),
        *_graph_edges(plan),
    )
    return "\n".join(lines) + "\n"


def _groups(plan: ClusterPlan) -> Table:
    columns = ("name", "role", "machine", "min", "max", "zones", "public address")
    rows = (
        (
            group.name,
            group.role.value,
            group.machine_type,
            str(group.min_size),
            str(group.max_size),
            ", ".join(group.zones),
            "yes" if group.public_ip else "no",
        )
        for group in plan.groups
    )
    return Table("Instance groups", columns, tuple(rows))


def _endpoints(plan: ClusterPlan) -> Table:
    columns = ("name", "kind", "reach", "DNS name", "ports", "subnets")
    rows = (
        (
            endpoint.name,
            endpoint.kind.value,
            "public" if endpoint.public else "internal",
            endpoint.dns_name,
            ", ".join(str(listener.port) for listener in endpoint.listeners),
            ", ".join(subnet.name for subnet in endpoint.subnets),
        )
        for endpoint in plan.endpoints
    )
    return Table("Endpoints", columns, tuple(rows))


def _etcd(plan: ClusterPlan) -> Table:
    rows = (
        (cluster.name, member.name, member.group, member.zone or "", member.volume_name, f"{member.volume.size} GiB")
        for cluster in plan.etcd
        for member in cluster.members
    )
    return Table("etcd members", ("cluster", "member", "group", "zone", "volume", "size"), tuple(rows))


def _identities(plan: ClusterPlan) -> Table:
    rows = (
        (identity.key, identity.name, ", ".join(sorted({permission.verb for permission in identity.permissions})))
        for identity in plan.identities
    )
    return Table("Identities", ("key", "name", "may"), tuple(rows))


def _way(route: Route) -> str:
    return f"{route.hop.value} {route.target}" if route.target else route.hop.value


def _ipv6(subnet: Subnet) -> str:
    return f"/64#{subnet.ipv6_index:x}" if subnet.ipv6_index is not None else subnet.ipv6_cidr or ""


def _table(subnet: Subnet) -> str:
    return subnet.route_table or (f"(adopted {subnet.existing_id})" if subnet.adopted else "(yours)")


def _peer(peer: Peer) -> str:
    return f"load balancer {peer.name}" if peer.kind is PeerKind.LOAD_BALANCER else peer.name


def _ports(rule: Rule) -> str:
    if rule.ports is None:
        return "all"
    first, last = rule.ports
    if rule.protocol in (Protocol.ICMP, Protocol.ICMPV6):
        return f"type {first} code {last}"
    return str(first) if first == last else f"{first}-{last}"


def _graph_network(plan: ClusterPlan) -> Iterator[str]:
    net = plan.network
    yield f"  subgraph network[{_label(net.existing_id or 'network', net.cidr or '')}]"
    for zone in sorted({subnet.zone or subnet.region for subnet in net.subnets}):
        yield f"    subgraph {_node('zone', zone)}[{_label(zone)}]"
        yield from (
            f"      {_node('subnet', s.name)}[{_label(s.name, s.type.value, s.cidr or _ipv6(s))}]"
            for s in net.subnets
            if (s.zone or s.region) == zone
        )
        yield "    end"
    yield "  end"


def _graph_edges(plan: ClusterPlan) -> Iterator[str]:
    """Outside → endpoints → groups → the subnets they stand in; groups → the etcd members they run; ways out."""
    for endpoint in plan.endpoints:
        if endpoint.public:
            yield f"  {_INTERNET} --> {_node('endpoint', endpoint.name)}"
        yield from (
            f"  {_node('endpoint', endpoint.name)} --> {_node('group', g.name)}" for g in _targets(plan, endpoint)
        )
    for group in plan.groups:
        yield from (f"  {_node('group', group.name)} -.- {_node('subnet', subnet)}" for subnet in group.subnets)
    for cluster in plan.etcd:
        homes = sorted({member.group for member in cluster.members})
        yield from (f"  {_node('group', home)} --- {_node('etcd', cluster.name)}" for home in homes)
    for nat in plan.network.nat_gateways:
        if nat.subnet is not None:
            yield f"  {_node('subnet', nat.subnet)} -- NAT --> {_INTERNET}"


def _targets(plan: ClusterPlan, endpoint: Endpoint) -> Iterable[Group]:
    """The groups behind an endpoint: those registered with its load balancer, or all of its roles without one."""
    if endpoint.kind is EndpointKind.LOAD_BALANCER:
        return [group for group in plan.groups if endpoint.name in group.endpoints]
    return plan.groups_of(*endpoint.roles)


def _machines(group: Group) -> str:
    size = str(group.min_size) if group.min_size == group.max_size else f"{group.min_size}-{group.max_size}"
    return f"{group.role.value} ×{size}"


def _node(kind: str, name: str) -> str:
    """An identifier that is unique for a kind and a name: what Mermaid does not allow becomes its code point."""
    return f"{kind}_" + re.sub(r"[^A-Za-z0-9]", lambda match: f"_{ord(match[0]):x}_", name)


def _label(*lines: str) -> str:
    text = "<br/>".join(line.replace('"', "#quot;") for line in lines if line)
    return f'"{text}"'
