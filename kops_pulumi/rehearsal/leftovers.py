"""Leftovers of a simulated cluster: objects with its tag that no stack made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from kops_pulumi.model.leftovers import Leftover
from kops_pulumi.rehearsal.store import CloudError, Store

_KINDS: Final[Mapping[str, str]] = {
    "aws:lb/loadBalancer:LoadBalancer": "load balancer",
    "aws:lb/targetGroup:TargetGroup": "target group",
    "aws:ebs/volume:Volume": "volume",
    "aws:ec2/securityGroup:SecurityGroup": "security group",
}
"""Types by kind, in the order in which they can go."""
_DATA: Final = frozenset({"volume"})


class RehearsedLeftovers:
    """`model.leftovers.Leftovers` over the simulated cloud."""

    def __init__(self, cluster: str, store: Store) -> None:
        self._tag = f"kubernetes.io/cluster/{cluster}"
        self._store = store

    def find(self, known: Collection[str]) -> Sequence[Leftover]:
        """Objects of these kinds with the cluster's tag."""
        return tuple(
            Leftover(kind, record.id, _name(record.inputs), kind in _DATA)
            for type_, kind in _KINDS.items()
            for record in self._store.objects(type_)
            if (record.inputs.get("tags") or {}).get(self._tag) == "owned" and record.id not in known
        )

    def remove(self, leftover: Leftover) -> None:
        """At once, unless something still refers to it."""
        type_ = next(type_ for type_, kind in _KINDS.items() if kind == leftover.kind)
        try:
            self._store.delete(type_, leftover.id)
        except CloudError:
            return  # in use: the next look finds it again


def _name(inputs: Mapping[str, Any]) -> str:
    tags = inputs.get("tags") or {}
    return str(inputs.get("name") or tags.get("Name") or "")
