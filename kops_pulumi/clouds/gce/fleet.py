"""The machines of a cluster on GCE after their creation: managed instance groups and their machines (no pulumi).

An instance group has a manager in each of its zones. Listing takes one call per five hundred managers of the project,
one for each manager of the cluster, and one per five hundred machines. Machines that were taken out of their group are
found again by a label, so that a roll that was cut off goes on. What is replaced, when, and in which order is not
decided here (`automation/rolling`).

https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers and …/instances.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from kops_pulumi.clouds.gce import labels, names
from kops_pulumi.clouds.gce.api import Compute
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, FleetGroup, Group, Machine, MachineState

DETACHED: Final = "kops-detached-from"
"""Label on a machine that was taken out of its group: the group's name as a label has it."""
_COMING: Final = frozenset(
    {"CREATING", "CREATING_WITHOUT_RETRIES", "RECREATING", "VERIFYING", "RESTARTING", "STARTING"}
)
_GOING: Final = frozenset({"ABANDONING", "DELETING", "STOPPING", "SUSPENDING"})
"""`currentAction` of a managed instance."""
_STATES: Final = {
    "PROVISIONING": MachineState.PENDING,
    "STAGING": MachineState.PENDING,
    "RUNNING": MachineState.RUNNING,
}
"""By `status` of an instance; every other one is on its way out."""
_GONE: Final = frozenset({"TERMINATED"})


def connect(plan: ClusterPlan, settings: Mapping[str, Any]) -> GceFleet:
    """The fleet of a plan; `settings` are those of the Pulumi provider (`gcp:credentials` as `credentials`, …)."""
    return GceFleet(plan, Compute(plan.options.project, settings))


class GceFleet:
    """The machines of one cluster on GCE (`model.Fleet`)."""

    surges = True
    replaces_itself = True
    reuses_names = True  # control planes keep their names

    def __init__(self, plan: ClusterPlan, compute: Compute) -> None:
        self._plan, self._compute = plan, compute

    def groups(self) -> Sequence[FleetGroup]:
        """Every group with its machines; a group that the cloud does not have yet is empty."""
        wanted = {f"{zone}/{self._manager(group, zone)}" for group in self._plan.groups for zone in group.zones}
        managers = {
            key: item
            for item in self._compute.aggregated("instanceGroupManagers", filter=_ending(self._plan.name))
            if (key := f"{_last(item['zone'])}/{item['name']}") in wanted
        }
        machines = {item["selfLink"]: item for item in self._machines()}
        return tuple(self._group(group, managers, machines) for group in self._plan.groups)

    def detach(self, machine: Machine) -> None:
        """One machine more for the group, and this one out of it; labelled first, to be found again."""
        if machine.detached:
            return
        group, zone = self._plan_group(machine), machine.zone or ""
        path = f"zones/{zone}/instanceGroupManagers/{self._manager(group, zone)}"
        instance = self._compute.get(self._path(machine))
        marked = {**instance.get("labels", {}), DETACHED: labels.value(group.name)}
        body = {"labels": marked, "labelFingerprint": instance.get("labelFingerprint")}
        self._compute.post(f"{self._path(machine)}/setLabels", body)
        size = int(self._compute.get(path)["targetSize"])
        self._compute.post(f"{path}/resize", {}, size=str(size + 1))
        self._compute.post(f"{path}/abandonInstances", {"instances": [f"zones/{zone}/instances/{machine.name}"]})

    def deregister(self, machine: Machine) -> bool:
        """Nothing to do: load balancers have instance groups behind them, and drain a machine when it ends."""
        del machine
        return True

    def terminate(self, machine: Machine) -> None:
        """Made anew by its group from the group's template; detached ones just end."""
        if machine.detached:
            self._compute.delete(self._path(machine))
            return
        group, zone = self._plan_group(machine), machine.zone or ""
        path = f"zones/{zone}/instanceGroupManagers/{self._manager(group, zone)}/recreateInstances"
        body = {"instances": [f"zones/{zone}/instances/{machine.name}"]}
        self._compute.post(path, body, gone_is_fine=True)

    # -- listing

    def _machines(self) -> Iterator[Mapping[str, Any]]:
        """Every machine of the cluster that is not gone."""
        mine = f"labels.{labels.CLUSTER}={labels.cluster(self._plan.name)}"
        found = self._compute.aggregated("instances", filter=mine)
        return (item for item in found if item.get("status") not in _GONE)

    def _group(
        self, group: Group, managers: Mapping[str, Mapping[str, Any]], machines: Mapping[str, Mapping[str, Any]]
    ) -> FleetGroup:
        own = [managers[key] for zone in group.zones if (key := f"{zone}/{self._manager(group, zone)}") in managers]
        members = [(manager, item) for manager in own for item in self._members(manager)]
        found = [self._member(group, manager, item, machines.get(item["instance"])) for manager, item in members]
        inside = {item["instance"] for _, item in members}
        found += [
            self._machine(group, item, outdated=True, detached=True)
            for link, item in machines.items()
            if link not in inside and item.get("labels", {}).get(DETACHED) == labels.value(group.name)
        ]
        return FleetGroup(
            name=group.name,
            desired=sum(int(manager.get("targetSize", 0)) for manager in own),
            min_size=group.min_size,
            max_size=group.max_size,
            machines=tuple(sorted(found, key=lambda machine: machine.id)),
        )

    def _members(self, manager: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        zone = _last(manager["zone"])
        path = f"zones/{zone}/instanceGroupManagers/{manager['name']}/listManagedInstances"
        return self._compute.listed(path, "managedInstances")

    def _member(
        self, group: Group, manager: Mapping[str, Any], item: Mapping[str, Any], machine: Mapping[str, Any] | None
    ) -> Machine:
        """A machine as its group has it; one that does not exist yet has no id of its own."""
        action = item.get("currentAction", "NONE")
        state = MachineState.PENDING if action in _COMING else MachineState.STOPPING if action in _GOING else None
        made_of = (item.get("version") or {}).get("instanceTemplate")
        outdated = made_of is not None and _last(made_of) != _last(_template(manager))
        instance = machine or {"id": item.get("id"), "name": _last(item["instance"]), "zone": manager["zone"]}
        found = self._machine(group, instance, outdated=outdated)
        return found if state is None else _with_state(found, state)

    def _machine(self, group: Group, item: Mapping[str, Any], *, outdated: bool, detached: bool = False) -> Machine:
        interfaces = item.get("networkInterfaces") or ()
        inner = [port.get("networkIP") for port in interfaces]
        outer = [config.get("natIP") for port in interfaces for config in port.get("accessConfigs") or ()]
        return Machine(
            id=str(item.get("id") or item["name"]),
            group=group.name,
            name=item["name"],
            state=_STATES.get(item.get("status", "PROVISIONING"), MachineState.STOPPING),
            outdated=outdated,
            detached=detached,
            zone=_last(item["zone"]),
            addresses=tuple(str(address) for address in (*inner, *outer) if address),
            machine_type=_last(item["machineType"]) if item.get("machineType") else None,
        )

    # -- names

    def _manager(self, group: Group, zone: str) -> str:
        return names.manager(zone, group.name, self._plan.name)

    def _path(self, machine: Machine) -> str:
        return f"zones/{machine.zone}/instances/{machine.name}"

    def _plan_group(self, machine: Machine) -> Group:
        found = next((group for group in self._plan.groups if group.name == machine.group), None)
        if found is None:
            raise KopsError(f"there is no instance group {machine.group!r} for machine {machine.name}")
        return found


def _with_state(machine: Machine, state: MachineState) -> Machine:
    return replace(machine, state=state)


def _template(manager: Mapping[str, Any]) -> str:
    """What the group's next machine is made of."""
    versions = manager.get("versions") or ()
    return str(versions[0].get("instanceTemplate") if versions else manager.get("instanceTemplate"))


def _last(link: str) -> str:
    return str(link).rpartition("/")[2]


def _ending(cluster: str) -> str:
    """Managers whose names end like the cluster's, cut ones too: a first sieve, by the service itself."""
    dashed = names.safe(cluster)
    return f'name eq ".*-({dashed}|[a-z0-9]{{6}})"'
