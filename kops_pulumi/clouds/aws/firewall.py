"""The firewall of a cluster on AWS: security groups, and one rule resource for each entry of the plan's matrix.

A role has one group of ours, plus the user's own where an instance group sets `securityGroupOverride`; a load
balancer has one, ours or the user's. A rule whose target is outside becomes an egress rule of its source, every other
one an ingress rule of its target. Rules are resources of their own, named after what they allow, so that a change of
one touches no other; they are added to overriding groups too (kops does the same), which are otherwise left alone.

https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/ and ../vpc/securitygroupingressrule/,
…egressrule/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pulumi
from pulumi_aws import ec2, vpc

from kops_pulumi.clouds.aws import tags
from kops_pulumi.components.handles import FirewallHandles, Handles
from kops_pulumi.model import ClusterPlan, Endpoint, EndpointKind, Group, Peer, PeerKind, Protocol, Role, Rule
from kops_pulumi.plan.names import logical

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROLE_WORD: Mapping[Role, str] = {
    Role.CONTROL_PLANE: "masters",
    Role.API_SERVER: "apiservers",
    Role.NODE: "nodes",
    Role.BASTION: "bastion",
}
_BALANCER_WORD = {"api": "api-elb", "bastion": "bastion-elb"}
"""Names and descriptions are kops's: a change of either replaces the group, in adopted clusters too."""

_PROTOCOL: Mapping[Protocol, str] = {
    Protocol.ALL: "-1",
    Protocol.TCP: "tcp",
    Protocol.UDP: "udp",
    Protocol.ICMP: "icmp",
    Protocol.ICMPV6: "icmpv6",
    Protocol.IPIP: "4",
}
"""https://www.iana.org/assignments/protocol-numbers/"""
_ALL_PORTS: Mapping[Protocol, tuple[int, int]] = {
    Protocol.TCP: (0, 65535),
    Protocol.UDP: (0, 65535),
    Protocol.ICMP: (-1, -1),
    Protocol.ICMPV6: (-1, -1),
}
"""What EC2 takes for "all"; protocols that are not here take no ports."""
_ILLEGAL = re.compile(r"[^A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]")
"""What EC2 refuses in a rule's description (API IpRange)."""


@dataclass(frozen=True, slots=True)
class _Group:
    """A security group: ours (`key` is its word) or the user's (`key` is its id)."""

    key: str
    id: pulumi.Output[str]


_Groups: TypeAlias = "Mapping[Peer, tuple[_Group, ...]]"


class Firewall(pulumi.ComponentResource):
    """Security groups and their rules."""

    handles: FirewallHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:aws:Firewall", name, None, opts)
        self._name, self._plan = name, plan
        self._vpc_id = handles.network.network_id if handles.network else pulumi.Output.from_input("")
        self._own: dict[str, _Group] = {}
        groups = {**self._roles(), **self._balancers()}
        self._rules(groups)
        self.handles = FirewallHandles(
            group_security_groups={group.name: self._of_machines(group, groups) for group in plan.groups},
            endpoint_security_groups={
                endpoint.name: self._of_balancer(endpoint, groups)
                for endpoint in plan.endpoints
                if endpoint.kind is EndpointKind.LOAD_BALANCER
            },
            ready=(self,),
        )
        self.register_outputs({"securityGroupIds": {key: group.id for key, group in self._own.items()}})

    def _roles(self) -> _Groups:
        """Each role's groups: ours unless every instance group of the role brings its own, then the users'."""
        peers = {peer for rule in self._plan.rules for peer in (rule.source, rule.target) if peer.kind is PeerKind.ROLE}
        found: dict[Peer, tuple[_Group, ...]] = {}
        for peer in sorted(peers):
            role = Role(peer.name)
            overrides = [group.security_group_override for group in self._plan.groups_of(role)]
            own = (self._group(_ROLE_WORD[role], _ROLE_WORD[role]),) if None in overrides or not overrides else ()
            found[peer] = (*own, *(self._existing(id_) for id_ in sorted({id_ for id_ in overrides if id_})))
        return found

    def _balancers(self) -> _Groups:
        found: dict[Peer, tuple[_Group, ...]] = {}
        for endpoint in self._plan.endpoints:
            if endpoint.kind is EndpointKind.LOAD_BALANCER:
                word = _BALANCER_WORD.get(endpoint.name, f"{endpoint.name}-elb")
                override = endpoint.security_group_override
                group = self._existing(override) if override else self._group(word, f"{endpoint.name} ELB")
                found[Peer(PeerKind.LOAD_BALANCER, endpoint.name)] = (group,)
        return found

    def _existing(self, id_: str) -> _Group:
        return _Group(id_, pulumi.Output.from_input(id_))

    def _group(self, word: str, subject: str) -> _Group:
        physical = f"{word}.{self._plan.name}"
        made = ec2.SecurityGroup(
            logical(self._name, word),
            name=physical,
            description=f"Security group for {subject}",
            vpc_id=self._vpc_id,
            tags=tags.owned(self._plan, physical),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._own[word] = _Group(word, made.id)
        return self._own[word]

    def _of_machines(self, group: Group, groups: _Groups) -> tuple[pulumi.Output[str], ...]:
        """The role's own group or the one that replaces it, the user's further ones, and those of the API's balancer.

        The last is what kops does: traffic that the user's group lets to the balancer is let to its targets too.
        """
        api = self._plan.endpoint("api")
        shared = api.additional_security_groups if api and api.name in group.endpoints else ()
        more = tuple(pulumi.Output.from_input(id_) for id_ in sorted({*group.additional_security_groups, *shared}))
        if group.security_group_override:
            return (pulumi.Output.from_input(group.security_group_override), *more)
        own = [g.id for g in groups.get(Peer(PeerKind.ROLE, group.role.value), ()) if g.key in self._own]
        return (*own, *more)

    def _of_balancer(self, endpoint: Endpoint, groups: _Groups) -> tuple[pulumi.Output[str], ...]:
        own = [group.id for group in groups[Peer(PeerKind.LOAD_BALANCER, endpoint.name)]]
        return (*own, *(pulumi.Output.from_input(id_) for id_ in endpoint.additional_security_groups))

    def _rules(self, groups: _Groups) -> None:
        """One resource a rule and pair of groups; two roles that share a user's group share its rules."""
        made: set[str] = set()
        for rule in self._plan.rules:
            for one in groups.get(rule.source, (None,)):
                for other in groups.get(rule.target, (None,)):
                    name = self._rule_name(rule, one, other)
                    if name not in made and (one or other):
                        made.add(name)
                        self._rule(name, rule, one, other)

    def _rule_name(self, rule: Rule, source: _Group | None, target: _Group | None) -> str:
        ports = "-".join(map(str, rule.ports)) if rule.ports else "all"
        start, end = (
            group.key if group else peer.name for group, peer in ((source, rule.source), (target, rule.target))
        )
        return logical(self._name, start, "to", end, rule.protocol.value, ports)

    def _rule(self, name: str, rule: Rule, source: _Group | None, target: _Group | None) -> None:
        """An ingress rule of the target if that is a group, else an egress rule of the source."""
        resource = vpc.SecurityGroupIngressRule if target else vpc.SecurityGroupEgressRule
        home, peer, far = (target, rule.source, source) if target else (source, rule.target, None)
        first, last = rule.ports or _ALL_PORTS.get(rule.protocol) or (None, None)
        cidr = peer.name if peer.kind is PeerKind.CIDR else None
        resource(
            name,
            security_group_id=home.id if home else None,
            ip_protocol=_PROTOCOL[rule.protocol],
            from_port=first,
            to_port=last,
            referenced_security_group_id=far.id if far else None,
            cidr_ipv4=cidr if cidr and ":" not in cidr else None,
            cidr_ipv6=cidr if cidr and ":" in cidr else None,
            prefix_list_id=peer.name if peer.kind is PeerKind.PREFIX_LIST else None,
            description=_ILLEGAL.sub("", rule.reason)[:255],
            opts=pulumi.ResourceOptions(parent=self),
        )
