"""The API's objects as our values: `Node`, `Pod`, `Budget` from their JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kops_pulumi.automation.kube import NEEDS_UPDATE, SCHEDULED_TAINT, Budget, Node, Pod
from kops_pulumi.plan.groups import GROUP_LABEL

_CONTROL_PLANE: Final = "node-role.kubernetes.io/control-plane"
_MIRROR: Final = "kubernetes.io/config.mirror"

Json = Mapping[str, Any]


def node(item: Json) -> Node:
    """A node."""
    metadata, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    labels = metadata.get("labels") or {}
    conditions = {found["type"]: found for found in status.get("conditions") or ()}
    ready = conditions.get("Ready") or {}
    return Node(
        name=metadata["name"],
        group=labels.get(GROUP_LABEL),
        ready=ready.get("status") == "True",
        network=(conditions.get("NetworkUnavailable") or {}).get("status") != "True",
        schedulable=not spec.get("unschedulable"),
        machine=(spec.get("providerID") or "").rpartition("/")[2] or None,
        kubelet=(status.get("nodeInfo") or {}).get("kubeletVersion", ""),
        control_plane=_CONTROL_PLANE in labels,
        marked=any(taint["key"] == SCHEDULED_TAINT for taint in spec.get("taints") or ()),
        needs_update=NEEDS_UPDATE in (metadata.get("annotations") or {}),
        reason=str(ready.get("message") or "") if ready.get("status") != "True" else "",
    )


def pod(item: Json) -> Pod:
    """A pod."""
    metadata, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    conditions = {found["type"]: found for found in status.get("conditions") or ()}
    ready = conditions.get("Ready") or {}
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        node=spec.get("nodeName"),
        phase=status.get("phase", "Unknown"),
        ready=ready.get("status") == "True",
        priority_class=spec.get("priorityClassName"),
        labels=metadata.get("labels") or {},
        owner=_owner(metadata),
        leaving=bool(metadata.get("deletionTimestamp")),
        reason=_why(conditions, status),
    )


def _owner(metadata: Json) -> str | None:
    if _MIRROR in (metadata.get("annotations") or {}):
        return "Node"
    owners = metadata.get("ownerReferences") or ()
    return next((owner["kind"] for owner in owners if owner.get("controller")), None)


def _why(conditions: Mapping[str, Json], status: Json) -> str:
    """Why a pod does not run, as `kubectl describe` would find it: a waiting container, or where it may not go."""
    waiting = (found.get("state", {}).get("waiting") for found in status.get("containerStatuses") or ())
    reasons = [found["reason"] for found in waiting if found and found.get("reason")]
    placed = conditions.get("PodScheduled") or {}
    if placed.get("status") == "False":
        return str(placed.get("message") or placed.get("reason") or "")
    return reasons[0] if reasons else ""


def budget(item: Json) -> Budget:
    """A PodDisruptionBudget."""
    selector = (item.get("spec") or {}).get("selector") or {}
    expressions = tuple(
        (found["key"], found["operator"], tuple(found.get("values") or ()))
        for found in selector.get("matchExpressions") or ()
    )
    return Budget(
        namespace=item["metadata"]["namespace"],
        name=item["metadata"]["name"],
        labels=selector.get("matchLabels") or {},
        allowed=int((item.get("status") or {}).get("disruptionsAllowed", 0)),
        expressions=expressions,
    )
