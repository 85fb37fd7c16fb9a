"""How managed instance groups have machines: a manager in each zone of a group, from an instance template."""

from __future__ import annotations

from typing import Final

from kops_pulumi.clouds.gce import names
from kops_pulumi.model import ClusterPlan, Group
from kops_pulumi.rehearsal.fleet import Herd
from kops_pulumi.rehearsal.gcp.facts import MANAGER, TEMPLATE
from kops_pulumi.rehearsal.store import Record, Store


def _belongs(record: Record, plan: ClusterPlan, group: Group) -> bool:
    return record.outputs.get("name") in {names.manager(zone, group.name, plan.name) for zone in group.zones}


def _template(record: Record) -> str:
    versions = record.inputs.get("versions") or [{}]
    return str(versions[0].get("instanceTemplate") or "")


def _user_data(record: Record, store: Store) -> str:
    template = store.resolve(_template(record), (TEMPLATE,))
    return str(((template.inputs.get("metadata") if template else None) or {}).get("user-data") or "")


HERD: Final = Herd(
    type=MANAGER,
    grouped=True,
    belongs=_belongs,
    size=lambda record: int(record.outputs.get("targetSize") or record.inputs.get("targetSize") or 0),
    user_data=_user_data,
    description=lambda record, _store: _template(record),
    machine_id=lambda seed: str(int(seed[:16], 16)),
)
