"""What a cluster's plan adopts on OpenStack, as objects of the simulated project.

Reads the neutral plan and the OpenStack options; ranges that the plan does not tell are made up. Things that the plan
knows by name get ids that follow from it. This module must not touch a store.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import uuid
from collections.abc import Iterator
from typing import Final

from kops_pulumi.model import ClusterPlan, DnsType, NetworkPlan
from kops_pulumi.rehearsal.kinds import Adopted
from kops_pulumi.rehearsal.openstack.facts import CONTAINER, KEY_PAIR, NETWORK, OUTSIDE, SECURITY_GROUP, SUBNET, ZONE

_RANGE: Final = "192.168.0.0/16"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def adopted(plan: ClusterPlan) -> Iterator[Adopted]:
    """Everything that exists before the cluster does."""
    yield from _outside(plan)
    yield from _network(plan.network)
    groups = {text for group in plan.groups for text in group.additional_security_groups}
    yield from (_thing(SECURITY_GROUP, text) for text in sorted(groups))
    if plan.ssh_key and plan.ssh_key.existing_name:
        yield Adopted(KEY_PAIR, plan.ssh_key.existing_name, {"name": plan.ssh_key.existing_name})
    if plan.dns.zone is not None and plan.dns.type is not DnsType.NONE:
        yield _thing(ZONE, plan.dns.zone if _UUID.fullmatch(plan.dns.zone) else f"{plan.dns.zone.rstrip('.')}.")
    if plan.object_store and plan.object_store.adopted:
        yield Adopted(CONTAINER, plan.object_store.bucket, {"name": plan.object_store.bucket})


def _outside(plan: ClusterPlan) -> Iterator[Adopted]:
    """The networks and subnets outside that the cluster's options name."""
    options = plan.options
    networks = {options.external_network, options.floating_network} - {None}
    yield from (_thing(NETWORK, text, external=True) for text in sorted(networks))
    for text in sorted({options.external_subnet, options.floating_subnet} - {None}):
        yield _thing(SUBNET, text, cidr=OUTSIDE)


def _network(network: NetworkPlan) -> Iterator[Adopted]:
    if network.existing_id is not None:
        yield Adopted(NETWORK, network.existing_id, {"name": "shared"})
    spare = ipaddress.ip_network(network.cidr or _RANGE).subnets(new_prefix=24)
    for subnet, unused in zip((s for s in network.subnets if s.existing_id), reversed(list(spare)), strict=False):
        inputs = {"name": subnet.name, "networkId": network.existing_id, "cidr": subnet.cidr or str(unused)}
        yield Adopted(SUBNET, str(subnet.existing_id), inputs)


def _thing(type_: str, text: str, **inputs: object) -> Adopted:
    """Something known by name or by id."""
    if _UUID.fullmatch(text):
        return Adopted(type_, text, {"name": f"existing {text}", **inputs})
    return Adopted(
        type_, str(uuid.UUID(hashlib.sha256(f"{type_}{text}".encode()).hexdigest()[:32])), {"name": text, **inputs}
    )
