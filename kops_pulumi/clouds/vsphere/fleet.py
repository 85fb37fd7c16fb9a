"""The machines of a cluster on vSphere after their creation: vCenter's REST API (no pulumi).

Machines are found by their planned names: one call lists them, one more each tells the UUID that the engine knows them
by. No group starts another for one that is ended: the engine makes it again, so that what is outdated is the engine's
word. A machine is never deleted with disks of etcd members on it: vCenter would delete those with it.

https://developer.broadcom.com/xapis/vsphere-automation-api/latest/ (vcenter/vm, …/power, …/hardware/disks, session).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, FleetGroup, Machine, MachineState, PlannedMachine
from kops_pulumi.plan import machines

if TYPE_CHECKING:
    from requests import Response, Session

TIMEOUT: Final = 60
"""Seconds for an answer."""
_SESSION: Final = "vmware-api-session-id"
_ROOT_UNIT: Final = 0
_ON: Final = "POWERED_ON"


def connect(plan: ClusterPlan, settings: Mapping[str, Any]) -> VsphereFleet:
    """The fleet of a plan; `settings` are those of the Pulumi provider (`vsphere:user` as `user`, …)."""
    return VsphereFleet(plan, Calls(f"https://{plan.options.server}", settings, insecure=plan.options.insecure))


@dataclass(frozen=True)
class Calls:
    """Requests to vCenter, in one session that is begun when it is first needed."""

    address: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    insecure: bool = False

    def get(self, path: str, **query: Any) -> Any:
        """The answer as data; None when there is no such thing (any more)."""
        answer = self._sent("GET", path, query)
        return None if answer.status_code == HTTPStatus.NOT_FOUND else answer.json()

    def send(self, method: str, path: str, **query: Any) -> None:
        """A change; what is so already, or gone, is none."""
        self._sent(method, path, query)

    def _sent(self, method: str, path: str, query: Mapping[str, Any]) -> Response:
        return self._answered(self._session, method, path, params=dict(query))

    def _answered(self, session: Session, method: str, path: str, **options: Any) -> Response:
        import requests

        try:
            answer = session.request(method, f"{self.address}/api/{path}", timeout=TIMEOUT, **options)
        except requests.RequestException as error:
            raise KopsError(f"vCenter at {self.address} does not answer: {error}") from None
        if answer.ok or answer.status_code == HTTPStatus.NOT_FOUND or _done_already(answer):
            return answer
        raise KopsError(f"vCenter refuses {method} {path} ({answer.status_code}): {_words(answer)}")

    @cached_property
    def _session(self) -> Session:
        import requests

        user = self.settings.get("user") or os.environ.get("VSPHERE_USER")
        password = self.settings.get("password") or os.environ.get("VSPHERE_PASSWORD")
        if not user or not password:
            hint = "set vsphere:user, and vsphere:password with --secret; or VSPHERE_USER and VSPHERE_PASSWORD"
            raise KopsError("nobody says who we are at vCenter", hint=hint)
        session = requests.Session()
        session.verify = not (self.insecure or self.settings.get("allowUnverifiedSsl"))
        answer = self._answered(session, "POST", "session", auth=(user, password))
        session.headers[_SESSION] = answer.json()
        return session


class VsphereFleet:
    """The machines of one cluster on vSphere (`model.Fleet`)."""

    surges = False
    replaces_itself = False
    reuses_names = True

    def __init__(self, plan: ClusterPlan, calls: Calls) -> None:
        self._plan, self._calls = plan, calls
        self._planned = machines.all_of(plan)

    def groups(self) -> Sequence[FleetGroup]:
        """Every group with its machines; those that vCenter does not have yet are missing."""
        listed = self._calls.get("vcenter/vm", names=[item.name for item in self._planned]) or []
        found = {item["name"]: item for item in listed}
        known = {item.key: self._machine(item, found[item.name]) for item in self._planned if item.name in found}
        return tuple(
            FleetGroup(
                name=group.name,
                desired=group.min_size,
                min_size=group.min_size,
                max_size=group.max_size,
                machines=tuple(sorted((m for m in known.values() if m and m.group == group.name), key=lambda m: m.id)),
            )
            for group in self._plan.groups
        )

    def detach(self, machine: Machine) -> None:
        """There is no group to leave."""
        raise KopsError(f"{machine.name} is in no group that could start another machine")

    def deregister(self, machine: Machine) -> bool:  # noqa: ARG002 - the protocol's signature
        """At once: the API's address moves by itself, and vCenter has no load balancers."""
        return True

    def terminate(self, machine: Machine) -> None:
        """Switched off, disks of etcd members let go, deleted."""
        for item in self._calls.get("vcenter/vm", names=[machine.name]) or []:
            path = f"vcenter/vm/{item['vm']}"
            self._calls.send("POST", f"{path}/power", action="stop")
            for key, disk in _disks(self._calls.get(path)):
                if disk.get("scsi", {}).get("unit") != _ROOT_UNIT:
                    self._calls.send("DELETE", f"{path}/hardware/disks/{key}")
            self._calls.send("DELETE", path)

    def _machine(self, planned: PlannedMachine, listed: Mapping[str, Any]) -> Machine | None:
        details = self._calls.get(f"vcenter/vm/{listed['vm']}")
        if details is None:
            return None
        group = next(group for group in self._plan.groups if group.name == planned.group)
        return Machine(
            id=details["identity"]["bios_uuid"],
            group=planned.group,
            name=planned.name,
            state=MachineState.RUNNING if listed["power_state"] == _ON else MachineState.STOPPING,
            outdated=False,
            zone=planned.zone,
            addresses=group.options.addresses[planned.ordinal - 1 : planned.ordinal],
            machine_type=group.machine_type,
        )


def _disks(details: Any) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted((details or {}).get("disks", {}).items())


def _done_already(answer: Response) -> bool:
    return answer.status_code == HTTPStatus.BAD_REQUEST and "ALREADY_IN_DESIRED_STATE" in answer.text


def _words(answer: Response) -> str:
    """vCenter's own words, as far as it has any."""
    try:
        told = answer.json()
        messages = [str(item["default_message"]) for item in told.get("messages", ())]
    except (ValueError, AttributeError, KeyError):
        return answer.reason
    return " ".join(messages) or str(told.get("error_type") or answer.reason)
