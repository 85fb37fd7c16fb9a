"""vSphere machines after their creation, against a stand-in for vCenter's REST API on a local port."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kops_pulumi.clouds.vsphere.fleet import Calls, VsphereFleet
from kops_pulumi.errors import KopsError
from kops_pulumi.model import Machine, MachineState
from kops_pulumi.plan import machines
from tests.support import clouds
from tests.support.clouds.vsphere import ROW

PLAN = clouds.planned(clouds.documents(ROW, 3)).plan
NAMES = [item.name for item in machines.all_of(PLAN)]
SETTINGS = {"user": "kops@vsphere.local", "password": "s3cret"}


@dataclass
class VCenter:
    """What the stand-in holds and was asked."""

    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuse: str = ""
    port: int = 0

    def add(self, number: int, name: str, power: str = "POWERED_ON", disks: int = 3) -> None:
        self.machines[f"vm-{number}"] = {
            "identity": {"name": name, "bios_uuid": f"uuid-{number}"},
            "power_state": power,
            "disks": {str(2000 + unit): {"scsi": {"bus": 0, "unit": unit}} for unit in range(disks)},
        }


class _Handler(BaseHTTPRequestHandler):
    vcenter: VCenter

    def log_message(self, *_: object) -> None:
        """Tests look at `requests`."""

    def _answer(self) -> None:
        url = urlsplit(self.path)
        path, query = url.path.removeprefix("/api/"), parse_qs(url.query)
        asked = f"?{url.query}" if self.command == "POST" and url.query else ""
        self.vcenter.requests.append(f"{self.command} {path}{asked}")
        status, data = self._found(path, query)
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _found(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        held = self.vcenter.machines
        if path == "session":
            wanted = base64.b64encode(f"{SETTINGS['user']}:{SETTINGS['password']}".encode()).decode()
            good = self.headers.get("Authorization") == f"Basic {wanted}"
            return (201, "the-session") if good else (401, {"error_type": "UNAUTHENTICATED", "messages": []})
        if self.headers.get("vmware-api-session-id") != "the-session":
            return 401, {"error_type": "UNAUTHENTICATED"}
        if self.vcenter.refuse and path.startswith(self.vcenter.refuse):
            return 403, {"error_type": "UNAUTHORIZED", "messages": [{"default_message": "Permission denied."}]}
        if path == "vcenter/vm":
            named = [(key, vm) for key, vm in held.items() if vm["identity"]["name"] in query["names"]]
            return 200, [{"vm": k, "name": v["identity"]["name"], "power_state": v["power_state"]} for k, v in named]
        _, _, key, *rest = path.split("/")
        if key not in held:
            return 404, {"error_type": "NOT_FOUND"}
        return self._changed(key, rest)

    def _changed(self, key: str, rest: list[str]) -> tuple[int, Any]:
        machine = self.vcenter.machines[key]
        match (self.command, rest):
            case ("POST", ["power"]):
                off = machine["power_state"] == "POWERED_OFF"
                machine["power_state"] = "POWERED_OFF"
                return (400, {"error_type": "ALREADY_IN_DESIRED_STATE"}) if off else (204, None)
            case ("DELETE", ["hardware", "disks", disk]):
                del machine["disks"][disk]
                return 204, None
            case ("DELETE", []):
                assert list(machine["disks"]) == ["2000"], "vCenter deletes every disk that is still attached"
                del self.vcenter.machines[key]
                return 204, None
        return 200, machine


@pytest.fixture
def vcenter() -> Iterator[VCenter]:
    held = VCenter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"vcenter": held}))
    held.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


def fleet(vcenter: VCenter, **settings: str) -> VsphereFleet:
    return VsphereFleet(PLAN, Calls(f"http://127.0.0.1:{vcenter.port}", {**SETTINGS, **settings}))


def one(vcenter: VCenter, name: str) -> Machine:
    return next(machine for group in fleet(vcenter).groups() for machine in group.machines if machine.name == name)


def test_machines_are_told_by_group_with_the_engines_ids(vcenter: VCenter) -> None:
    for number, name in enumerate(NAMES):
        vcenter.add(number, name, "POWERED_OFF" if number == 4 else "POWERED_ON")
    vcenter.add(99, "somebody-elses")
    found = {group.name: group for group in fleet(vcenter).groups()}
    assert list(found) == [group.name for group in PLAN.groups]
    (first,) = found["control-plane-rack-a"].machines
    assert first == Machine(
        id="uuid-0",
        group="control-plane-rack-a",
        name=NAMES[0],
        state=MachineState.RUNNING,
        outdated=False,
        zone="rack-a",
        addresses=("10.40.32.11",),
        machine_type="2cpu-8gb",
    )
    assert [machine.state for machine in found["nodes"].machines] == [MachineState.RUNNING, MachineState.STOPPING]
    assert vcenter.requests.count("POST session") == vcenter.requests.count("GET vcenter/vm") == 1


def test_a_group_without_machines_is_empty(vcenter: VCenter) -> None:
    assert {group.name: len(group.machines) for group in fleet(vcenter).groups()} == dict.fromkeys(
        (group.name for group in PLAN.groups), 0
    )


def test_a_machine_goes_without_the_disks_of_its_etcd_members(vcenter: VCenter) -> None:
    vcenter.add(1, NAMES[0])
    machine = one(vcenter, NAMES[0])
    fleet(vcenter).terminate(machine)
    assert vcenter.machines == {}
    assert vcenter.requests[-5:] == [
        "POST vcenter/vm/vm-1/power?action=stop",
        "GET vcenter/vm/vm-1",
        "DELETE vcenter/vm/vm-1/hardware/disks/2001",
        "DELETE vcenter/vm/vm-1/hardware/disks/2002",
        "DELETE vcenter/vm/vm-1",
    ]
    fleet(vcenter).terminate(machine)  # gone already


def test_a_machine_that_is_off_already_goes_too(vcenter: VCenter) -> None:
    vcenter.add(1, NAMES[4], "POWERED_OFF", disks=1)
    fleet(vcenter).terminate(one(vcenter, NAMES[4]))
    assert vcenter.machines == {}


def test_no_group_starts_machines_again(vcenter: VCenter) -> None:
    vcenter.add(1, NAMES[0])
    machine = one(vcenter, NAMES[0])
    own = fleet(vcenter)
    assert not own.surges
    assert not own.replaces_itself
    assert own.reuses_names
    assert own.deregister(machine)
    with pytest.raises(KopsError, match="no group"):
        own.detach(machine)


def test_refusals_are_told_in_vcenters_own_words(vcenter: VCenter) -> None:
    vcenter.refuse = "vcenter/vm"
    with pytest.raises(KopsError, match=r"refuses GET vcenter/vm \(403\): Permission denied\."):
        fleet(vcenter).groups()
    with pytest.raises(KopsError, match="UNAUTHENTICATED"):
        fleet(vcenter, password="wrong").groups()


def test_whoever_does_not_answer_is_named() -> None:
    with pytest.raises(KopsError, match="does not answer"):
        VsphereFleet(PLAN, Calls("http://127.0.0.1:1", SETTINGS)).groups()


def test_nobody_logs_in_without_an_account(monkeypatch: pytest.MonkeyPatch, vcenter: VCenter) -> None:
    monkeypatch.delenv("VSPHERE_USER", raising=False)
    monkeypatch.delenv("VSPHERE_PASSWORD", raising=False)
    with pytest.raises(KopsError, match="who we are") as caught:
        VsphereFleet(PLAN, Calls(f"http://127.0.0.1:{vcenter.port}")).groups()
    assert "vsphere:user" in (caught.value.hint or "")
