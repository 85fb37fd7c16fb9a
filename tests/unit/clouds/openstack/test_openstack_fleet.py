"""The fleet of OpenStack by the real SDK, against a stub of Keystone and Nova."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kops_pulumi.clouds.openstack import fleet, options
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, MachineState
from kops_pulumi.plan.machines import DIGEST
from tests.support import clouds
from tests.support.clouds.openstack import ROW
from tests.support.clouds.row import NAME

NOVA = "/compute/v2.1"
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # the SDK warns of its own parts


@dataclass
class Nova:
    """What the stub holds and has seen."""

    servers: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    page: int = 1000
    refuses: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    nova: Nova

    def log_message(self, *_: object) -> None:
        """Tests look at `requests` instead."""

    def do_GET(self) -> None:
        self._answer(*self._found())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(401, {}) if self.nova.refuses else self._answer(201, self._token())

    def do_DELETE(self) -> None:
        id_ = self.path.rpartition("/")[2]
        known = [server for server in self.nova.servers if server["id"] == id_]
        self.nova.servers = [server for server in self.nova.servers if server["id"] != id_]
        self._answer(204 if known else 404, {})

    def _answer(self, status: int, body: object) -> None:
        self.nova.requests.append(f"{self.command} {self.path}")
        content = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Subject-Token", "a-token")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _found(self) -> tuple[int, object]:
        path = self.path.partition("?")[0].rstrip("/")
        links = [{"rel": "self", "href": f"{self.nova.url}{path}/"}]
        if path == "/identity/v3":
            return 200, {"version": {"id": "v3.14", "status": "stable", "links": links}}
        if path == NOVA:
            version = {"id": "v2.1", "status": "CURRENT", "version": "2.90", "min_version": "2.1", "links": links}
            return 200, {"version": version}
        if path == f"{NOVA}/servers/detail":
            return 200, self._page()
        return 404, {}

    def _page(self) -> dict[str, Any]:
        marker = self.path.partition("marker=")[2].partition("&")[0]
        ids = [server["id"] for server in self.nova.servers]
        start = ids.index(marker) + 1 if marker else 0
        shown = self.nova.servers[start : start + self.nova.page]
        more = start + self.nova.page < len(ids)
        link = {"rel": "next", "href": f"{self.nova.url}{NOVA}/servers/detail?marker={shown[-1]['id']}"} if more else {}
        return {"servers": shown, "servers_links": [link] if more else []}

    def _token(self) -> dict[str, Any]:
        endpoint = {"interface": "public", "region": ROW.region, "region_id": ROW.region}
        catalog = [
            {"type": "compute", "name": "nova", "endpoints": [{**endpoint, "url": f"{self.nova.url}{NOVA}"}]},
            {
                "type": "identity",
                "name": "keystone",
                "endpoints": [{**endpoint, "url": f"{self.nova.url}/identity/v3"}],
            },
        ]
        end = "2099-01-01T00:00:00.000000Z"
        return {"token": {"catalog": catalog, "expires_at": end, "methods": ["password"], "user": {"id": "u"}}}


@pytest.fixture
def nova(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nova]:
    for name in ("OS_CLOUD", "OS_AUTH_URL", "OS_CLIENT_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    held = Nova()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"nova": held}))
    server.daemon_threads = True
    held.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def plan() -> ClusterPlan:
    return clouds.planned(clouds.documents(ROW)).plan


def connected(nova: Nova, plan: ClusterPlan) -> fleet.OpenStackFleet:
    settings = {
        "authUrl": f"{nova.url}/identity/v3",
        "userName": "me",
        "password": "pass",
        "tenantName": "project",
        "userDomainName": "Default",
        "projectDomainName": "Default",
    }
    return fleet.connect(plan, settings)


def server(plan: ClusterPlan, group: str, number: int, **more: Any) -> dict[str, Any]:
    planned = next(item for item in plan.groups if item.name == group)
    metadata = {"k8s": NAME, "KopsInstanceGroup": group, DIGEST: options.digest_of(planned)}
    addresses = [
        {"addr": f"198.51.100.{number}", "OS-EXT-IPS:type": "floating", "version": 4},
        {"addr": f"10.40.32.{number}", "OS-EXT-IPS:type": "fixed", "version": 4},
    ]
    return {
        "id": f"id-{group}-{number}",
        "name": f"{group}-{number}-harbor-example-net",
        "status": "ACTIVE",
        "metadata": metadata,
        "addresses": {"net": addresses},
        "flavor": {"original_name": "m1.large"},
        "OS-EXT-AZ:availability_zone": "nova-a",
        **more,
    }


def test_servers_are_told_by_group_with_what_nova_knows(nova: Nova, plan: ClusterPlan) -> None:
    strange = server(plan, "nodes", 9)
    strange["metadata"]["k8s"] = "another.example.net"
    nova.servers = [server(plan, "nodes", 2), server(plan, "nodes", 1), strange]
    groups = connected(nova, plan).groups()
    assert [(group.name, group.desired) for group in groups] == [("control-plane-nova-a", 1), ("nodes", 2)]
    assert groups[0].machines == ()
    first, second = groups[1].machines
    assert (first.id, first.name, first.zone) == ("id-nodes-1", "nodes-1-harbor-example-net", "nova-a")
    assert first.addresses == ("10.40.32.1", "198.51.100.1")
    assert (first.state, first.machine_type, first.outdated) == (MachineState.RUNNING, "m1.large", False)
    assert second.id == "id-nodes-2"


def test_another_image_makes_servers_outdated_and_a_label_does_not(nova: Nova, plan: ClusterPlan) -> None:
    nova.servers = [server(plan, "nodes", 1)]

    def outdated(**changed: Any) -> list[bool]:
        groups = tuple(replace(group, **changed) for group in plan.groups)
        found = connected(nova, replace(plan, groups=groups)).groups()
        return [machine.outdated for group in found for machine in group.machines]

    assert outdated(image="another") == [True]
    assert outdated(tags={"team": "web"}, max_size=9) == [False]


@pytest.mark.parametrize(
    ("status", "state"),
    [("BUILD", MachineState.PENDING), ("REBOOT", MachineState.RUNNING), ("ERROR", MachineState.STOPPING)],
)
def test_a_status_of_novas_is_a_state_of_ours(nova: Nova, plan: ClusterPlan, status: str, state: MachineState) -> None:
    nova.servers = [server(plan, "nodes", 1, status=status), server(plan, "nodes", 2, status="DELETED")]
    assert [machine.state for machine in connected(nova, plan).groups()[1].machines] == [state]


def test_long_lists_come_in_pages_and_take_one_call_each_and_one_more(nova: Nova, plan: ClusterPlan) -> None:
    nova.servers = [server(plan, "nodes", number) for number in range(1, 6)]
    nova.page = 2
    assert len(connected(nova, plan).groups()[1].machines) == 5
    assert len([request for request in nova.requests if "servers/detail" in request]) <= 4


def test_a_server_is_deleted_once_and_one_that_is_gone_is_no_error(nova: Nova, plan: ClusterPlan) -> None:
    nova.servers = [server(plan, "nodes", 1)]
    own = connected(nova, plan)
    (machine,) = own.groups()[1].machines
    own.terminate(machine)
    own.terminate(machine)
    assert nova.servers == []
    assert own.deregister(machine)
    with pytest.raises(KopsError, match="in no group"):
        own.detach(machine)


def test_what_the_cloud_refuses_is_said_in_its_own_words_with_a_way_out(nova: Nova, plan: ClusterPlan) -> None:
    nova.refuses = True
    with pytest.raises(KopsError, match=r"OpenStack: .*401") as caught:
        connected(nova, plan).groups()
    assert "OS_CLOUD" in str(caught.value.hint)
