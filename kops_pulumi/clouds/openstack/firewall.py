"""The firewall of a cluster on OpenStack: a security group for each role, and a rule for each entry of the matrix.

A group is made without Neutron's own rules, so that what is not in the matrix is closed, ways out included. A rule
whose target is outside is an egress rule of its source, every other one an ingress rule of its target.

Load balancers are no members of groups: `matrix.py` says what rules about them become. Subnets carry IPv4 only, so that
rules between roles do too.

https://www.pulumi.com/registry/packages/openstack/api-docs/networking/ (secgroup, secgrouprule)
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network

import pulumi
from pulumi_openstack import networking

from kops_pulumi.clouds.openstack import lookups, matrix, tags
from kops_pulumi.components.handles import FirewallHandles, Handles
from kops_pulumi.model import ClusterPlan, Group, Peer, PeerKind, Protocol, Role, Rule
from kops_pulumi.plan.names import logical

_ROLE_WORD: Mapping[Role, str] = {
    Role.CONTROL_PLANE: "masters",
    Role.API_SERVER: "apiservers",
    Role.NODE: "nodes",
    Role.BASTION: "bastion",
}
"""Names are kops's."""

_PROTOCOL: Mapping[Protocol, str | None] = {
    Protocol.ALL: None,
    Protocol.TCP: "tcp",
    Protocol.UDP: "udp",
    Protocol.ICMP: "icmp",
    Protocol.ICMPV6: "ipv6-icmp",
    Protocol.IPIP: "ipip",
}
"""https://docs.openstack.org/api-ref/network/v2/#create-security-group-rule; None: every protocol."""
_IPV6 = 6


class Firewall(pulumi.ComponentResource):
    """Security groups and their rules."""

    handles: FirewallHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:openstack:Firewall", name, None, opts)
        self._name, self._plan, self._known = name, plan, handles
        peers = {peer for rule in plan.rules for peer in (rule.source, rule.target) if peer.kind is PeerKind.ROLE}
        self._groups = {Role(peer.name): self._group(Role(peer.name)) for peer in sorted(peers)}
        self._existing: dict[str, pulumi.Output[str]] = {}
        for rule in matrix.compiled(plan):
            self._rule(rule)
        self.handles = FirewallHandles(
            group_security_groups={group.name: self._of_machines(group) for group in plan.groups},
            endpoint_security_groups={},
            ready=(self,),
        )
        self.register_outputs({"securityGroupIds": {role.value: made.id for role, made in self._groups.items()}})

    def _group(self, role: Role) -> networking.SecGroup:
        word = _ROLE_WORD[role]
        physical = f"{word}.{self._plan.name}"
        return networking.SecGroup(
            logical(self._name, word),
            name=physical,
            description=f"Security group for {word}",
            delete_default_rules=True,
            tags=tags.owned(self._plan),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _of_machines(self, group: Group) -> tuple[pulumi.Output[str], ...]:
        own = [self._groups[group.role].id] if group.role in self._groups else []
        return (*own, *(self._further(text) for text in group.additional_security_groups))

    def _further(self, text: str) -> pulumi.Output[str]:
        """A group of the user's, looked up once."""
        if text not in self._existing:
            self._existing[text] = lookups.security_group(text, self)
        return self._existing[text]

    def _rule(self, rule: Rule) -> None:
        """An ingress rule of the target if that is a role, else an egress rule of the source."""
        target = rule.target.kind is PeerKind.ROLE
        home, far = (rule.target, rule.source) if target else (rule.source, rule.target)
        first, last = rule.ports or (None, None)
        networking.SecGroupRule(
            self._rule_name(rule),
            direction="ingress" if target else "egress",
            ethertype="IPv6" if far.kind is PeerKind.CIDR and ip_network(far.name).version == _IPV6 else "IPv4",
            protocol=_PROTOCOL[rule.protocol],
            port_range_min=first,
            port_range_max=last,
            remote_ip_prefix=self._range(far) if far.kind is not PeerKind.ROLE else None,
            remote_group_id=self._groups[Role(far.name)].id if far.kind is PeerKind.ROLE else None,
            security_group_id=self._groups[Role(home.name)].id,
            description=rule.reason[:255],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _rule_name(self, rule: Rule) -> str:
        ports = "-".join(map(str, rule.ports)) if rule.ports else "all"
        words = [_ROLE_WORD[Role(p.name)] if p.kind is PeerKind.ROLE else p.name for p in (rule.source, rule.target)]
        return logical(self._name, words[0], "to", words[1], rule.protocol.value, ports)

    def _range(self, peer: Peer) -> pulumi.Input[str]:
        """An address range; that of a subnet which is the user's is looked up."""
        if peer.kind is PeerKind.CIDR:
            return peer.name
        subnets = self._known.network.subnet_ids if self._known.network else {}
        return lookups.subnet_range(subnets[peer.name], self)
