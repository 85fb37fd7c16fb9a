"""How the simulated vCenter has machines: each is an object of the stack."""

from __future__ import annotations

from typing import Final

from kops_pulumi.model import ClusterPlan, Group
from kops_pulumi.plan import machines
from kops_pulumi.rehearsal.fleet import Herd
from kops_pulumi.rehearsal.store import Record, Store
from kops_pulumi.rehearsal.vsphere.facts import MACHINE


def _belongs(record: Record, plan: ClusterPlan, group: Group) -> bool:
    return record.outputs.get("name") in {item.name for item in machines.of(plan, group)}


def _user_data(record: Record, _store: Store) -> str:
    return str((record.inputs.get("extraConfig") or {}).get("guestinfo.userdata") or "")


HERD: Final = Herd(
    type=MACHINE,
    grouped=False,
    belongs=_belongs,
    size=lambda _record: 1,
    user_data=_user_data,
    description=lambda record, _store: str(record.inputs.get("replaceTrigger") or ""),
)
