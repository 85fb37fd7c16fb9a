"""How Auto Scaling groups have machines: from launch templates, as many as they want."""

from __future__ import annotations

from typing import Any, Final

from kops_pulumi.model import ClusterPlan, Group
from kops_pulumi.rehearsal.aws.facts import AUTOSCALING_GROUP, LAUNCH_TEMPLATE
from kops_pulumi.rehearsal.fleet import Herd
from kops_pulumi.rehearsal.store import Record, Store


def _belongs(record: Record, _plan: ClusterPlan, group: Group) -> bool:
    return bool(record.outputs.get("name") == group.physical_name)


def _size(record: Record) -> int:
    low = int(record.inputs.get("minSize") or 0)
    wanted = int(record.outputs.get("desiredCapacity") or low)
    return min(max(wanted, low), int(record.inputs.get("maxSize") or wanted))


def _template(record: Record) -> dict[str, Any]:
    """`id` and `version` of the launch template, the group's own or that of its mixed instances."""
    if own := record.inputs.get("launchTemplate"):
        return {"id": own.get("id"), "version": str(own.get("version"))}
    mixed = record.inputs.get("mixedInstancesPolicy") or {}
    found = (mixed.get("launchTemplate") or {}).get("launchTemplateSpecification") or {}
    return {"id": found.get("launchTemplateId"), "version": str(found.get("version"))}


def _description(record: Record, _store: Store) -> str:
    return "{id} {version}".format(**_template(record))


def _user_data(record: Record, store: Store) -> str:
    template = store.get(LAUNCH_TEMPLATE, str(_template(record)["id"]))
    return str((template.inputs.get("userData") if template else None) or "")


HERD: Final = Herd(
    type=AUTOSCALING_GROUP,
    grouped=True,
    belongs=_belongs,
    size=_size,
    user_data=_user_data,
    description=_description,
    machine_id=lambda seed: f"i-0{seed[:16]}",
)
