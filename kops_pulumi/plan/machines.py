"""Machines that no group of the cloud manages: N of each instance group, with stable ordinals, names and places.

Where `Capabilities.groups` is False, an instance group is `minSize` machines, numbered from 1. A machine is known by
its group and ordinal: another size adds or removes the last ones and touches no other. Zones and subnets are dealt out
in turn, so that neighbours stand apart; a control plane stands where the volumes of its etcd members are. The engine
replaces machines in lines (`PlannedMachine.after`): control planes of the whole cluster one at a time, a quarter of any
other group at once. Pure; clouds read this when they make machines, and the components keep the order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from kops_pulumi.model import ClusterPlan, Group, PlannedMachine, Role, plain
from kops_pulumi.plan.names import Names

if TYPE_CHECKING:
    from kops_pulumi.model import EtcdMember

DIGEST = "kops_digest"
"""Where a machine's digest is recorded with it, as metadata or a tag."""
LINES = 4
"""Into how many waves the machines of a group of nodes are divided."""


def all_of(plan: ClusterPlan) -> tuple[PlannedMachine, ...]:
    """Every machine of the cluster that we start, in an order in which none comes before the one it waits for."""
    ordered = sorted(plan.groups, key=lambda group: (group.role is not Role.CONTROL_PLANE, group.name))
    return tuple(machine for group in ordered for machine in of(plan, group))


def of(plan: ClusterPlan, group: Group) -> tuple[PlannedMachine, ...]:
    """The machines of one group; none when something else starts them."""
    if not group.managed:
        return ()
    return tuple(_machine(plan, group, ordinal) for ordinal in range(1, group.min_size + 1))


def listed(machines: Iterable[PlannedMachine], addresses: Iterable[str]) -> str:
    """What a machine knows of all others: `cloud_peers` of docs/contracts/bootstrap.md, one line each.

    Without groups a machine's name is all that tells it apart, so that it stands for the id, too.
    """
    pairs = zip(machines, addresses, strict=True)
    return "".join(f"{item.group} {item.name} {address} {item.name}\n" for item, address in pairs)


def digest(group: Group, *more: Any) -> str:
    """SHA-256 of what a group's machines are made of: another digest, another machine.

    `more` is what only the cloud knows of them. It is recorded with each machine, so that fleets can tell old ones.
    """
    data = group.user_data.text if group.user_data else ""
    parts = (group.image, group.machine_type, group.root_volume, group.volumes, data, more)
    return hashlib.sha256(json.dumps(plain(parts), sort_keys=True).encode()).hexdigest()


def _machine(plan: ClusterPlan, group: Group, ordinal: int) -> PlannedMachine:
    members = dict(_members(plan, group)) if ordinal == 1 else {}
    subnet, zone = _place(plan, group, ordinal, tuple(members.values()))
    return PlannedMachine(
        group=group.name,
        ordinal=ordinal,
        name=Names.of(plan).machine(group.name, ordinal),
        subnet=subnet,
        zone=zone,
        volumes=tuple(sorted(members)),
        after=_before(plan, group, ordinal),
    )


def _members(plan: ClusterPlan, group: Group) -> Iterator[tuple[str, EtcdMember]]:
    """The etcd members that live on the group's one machine (`resolve` refuses larger groups of control planes)."""
    for cluster in plan.etcd:
        for member in cluster.members:
            if member.group == group.name:
                yield f"{cluster.name}/{member.name}", member


def _place(plan: ClusterPlan, group: Group, ordinal: int, members: tuple[EtcdMember, ...]) -> tuple[str, str | None]:
    """Subnet and zone: those of its members' volumes, else the next ones in turn."""
    if members:
        return members[0].subnet, members[0].zone
    zone = group.zones[(ordinal - 1) % len(group.zones)] if group.zones else None
    zones = {subnet.name: subnet.zone for subnet in plan.network.subnets}
    near = [name for name in group.subnets if zones.get(name) in (None, zone)] or list(group.subnets)
    return near[(ordinal - 1) % len(near)], zone


def _before(plan: ClusterPlan, group: Group, ordinal: int) -> str | None:
    if group.role is not Role.CONTROL_PLANE:
        lines = -(-group.min_size // LINES)  # rounded up: a small group goes one by one
        return f"{group.name}/{ordinal - lines}" if ordinal > lines else None
    line = [(item.name, n) for item in plan.groups_of(group.role) if item.managed for n in range(1, item.min_size + 1)]
    position = sorted(line).index((group.name, ordinal))
    return "/".join(map(str, sorted(line)[position - 1])) if position else None
