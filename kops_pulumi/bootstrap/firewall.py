"""The firewall of a machine whose cloud has none: the plan's matrix as an nftables table.

What comes in is what the matrix opens to the machine's role, answers, and nothing else; what goes out and what is for
pods behind the machine is the network plug-in's. Sources are sets of addresses, one a role; `kops-firewall` fills them
on the machine from the list of all machines (`MARK`), so that another worker changes nobody's bundle. Pods count as
nodes: their packets come from their own addresses where the network plug-in routes them. NodePorts are closed before
addresses are translated. https://wiki.nftables.org/wiki-nftables/index.php/Netfilter_hooks. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path

from kops_pulumi.bootstrap.node import BundleFile, NodeConfig
from kops_pulumi.bootstrap.paths import CURRENT
from kops_pulumi.model import ClusterPlan, Peer, PeerKind, Protocol, Role, Rule

PATH = "/etc/nftables.conf"
"""What nftables.service loads at boot on the Debian family."""
PACKAGE = "nftables"
START = (("systemctl", "enable", "--now", "nftables.service"),)
"""What loads it where no step of ours does."""
MARK = "@role({})@"
"""Where the addresses of a role's machines come in."""
_COMMAND = Path(__file__).parent / "files" / "bin" / "kops-firewall"
_SCRIPT = 0o755
_ANYWHERE = {"0.0.0.0/0": "meta nfproto ipv4", "::/0": "meta nfproto ipv6"}
_WITHOUT_PORTS: Mapping[Protocol, str] = {
    Protocol.ALL: "",
    Protocol.TCP: "meta l4proto tcp",
    Protocol.UDP: "meta l4proto udp",
    Protocol.ICMP: "meta l4proto icmp",
    Protocol.ICMPV6: "meta l4proto ipv6-icmp",
    Protocol.IPIP: "ip protocol 4",
}
_LONGEST_COMMENT = 120
"""nft refuses comments of more than 128 bytes."""
_NODE_PORTS = "net.ipv4.ip_local_reserved_ports"


def files(node: NodeConfig) -> Mapping[str, BundleFile]:
    """The rules of a group's machines and the command that loads them; nothing where the cloud has a firewall."""
    if node.firewall is None:
        return {}
    return {
        f"{CURRENT}/firewall.nft": BundleFile.text(
            table(node.firewall, pods=node.network.pod_cidr, node_ports=node.sysctls.get(_NODE_PORTS))
        ),
        f"{CURRENT}/bin/kops-firewall": BundleFile(_COMMAND.read_bytes(), _SCRIPT),
    }


def of(plan: ClusterPlan, role: Role) -> tuple[Rule, ...] | None:
    """What a role's machines let in; None where the cloud sees to it."""
    here = Peer(PeerKind.ROLE, role.value)
    return tuple(rule for rule in plan.rules if rule.target == here) if plan.host_firewall else None


def table(rules: Iterable[Rule], *, pods: str | None = None, node_ports: str | None = None) -> str:
    """The whole file: it replaces our table, at once, and touches no other."""
    found = tuple(rules)
    lines = [
        "table inet kops",
        "delete table inet kops",
        "table inet kops {",
        *(line for role in sorted(_roles(found)) for line in _set(role, pods if role is Role.NODE else None)),
        "  chain open {",
        *(f"    {_rule(rule)}" for rule in found),
        "  }",
        "  chain input {",
        "    type filter hook input priority filter; policy drop;",
        "    ct state established,related accept",
        "    iif lo accept",
        "    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept",
        "    jump open",
        "  }",
        *(_node_ports(node_ports) if node_ports else ()),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _roles(rules: Iterable[Rule]) -> set[Role]:
    return {Role(rule.source.name) for rule in rules if rule.source.kind is PeerKind.ROLE}


def _set(role: Role, more: str | None) -> Iterator[str]:
    elements = ", ".join(filter(None, (MARK.format(role.value), more)))
    yield f"  set {_name(role)} {{"
    yield "    type ipv4_addr; flags interval; auto-merge"
    yield f"    elements = {{ {elements} }}"
    yield "  }"


def _node_ports(ports: str) -> Iterator[str]:
    """kube-proxy sends packets for a NodePort on to pods before the input chain sees them."""
    yield "  chain node_ports {"
    yield "    jump open"
    yield "    drop"
    yield "  }"
    yield "  chain prerouting {"
    yield "    type filter hook prerouting priority mangle; policy accept;"
    new = "ct state new iif != lo fib daddr type local meta l4proto { tcp, udp }"
    yield f"    {new} th dport {ports} jump node_ports"
    yield "  }"


def _rule(rule: Rule) -> str:
    comment = rule.reason.replace('"', "'")[:_LONGEST_COMMENT]
    return " ".join(filter(None, (_source(rule.source), _match(rule), f'accept comment "{comment}"')))


def _source(peer: Peer) -> str:
    match peer.kind:
        case PeerKind.ROLE:
            return f"ip saddr @{_name(Role(peer.name))}"
        case PeerKind.CIDR if peer.name in _ANYWHERE:
            return _ANYWHERE[peer.name]
        case PeerKind.CIDR:
            return f"{'ip' if ip_network(peer.name, strict=False).version == 4 else 'ip6'} saddr {peer.name}"
    raise ValueError(f"a machine cannot tell packets of {peer.kind} {peer.name} from others")


def _match(rule: Rule) -> str:
    if rule.ports is None:
        return _WITHOUT_PORTS[rule.protocol]
    first, last = rule.ports
    if rule.protocol in (Protocol.ICMP, Protocol.ICMPV6):
        return f"{rule.protocol.value} type {first} {rule.protocol.value} code {last}"
    return f"{rule.protocol.value} dport {first if first == last else f'{first}-{last}'}"


def _name(role: Role) -> str:
    return role.value.replace("-", "_")
