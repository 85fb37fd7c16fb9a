"""How the simulated project has machines: each server is an object of the stack."""

from __future__ import annotations

from typing import Final

from kops_pulumi.model import ClusterPlan, Group
from kops_pulumi.plan.machines import DIGEST
from kops_pulumi.rehearsal.fleet import Herd
from kops_pulumi.rehearsal.openstack.facts import SERVER
from kops_pulumi.rehearsal.store import Record


def _metadata(record: Record, key: str) -> str:
    return str((record.inputs.get("metadata") or {}).get(key) or "")


def _belongs(record: Record, plan: ClusterPlan, group: Group) -> bool:
    return (_metadata(record, "k8s"), _metadata(record, "KopsInstanceGroup")) == (plan.name, group.name)


HERD: Final = Herd(
    type=SERVER,
    grouped=False,
    belongs=_belongs,
    size=lambda _record: 1,
    user_data=lambda record, _store: str(record.inputs.get("userData") or ""),
    description=lambda record, _store: _metadata(record, DIGEST),
)
