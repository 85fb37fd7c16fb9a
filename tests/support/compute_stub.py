"""Compute Engine's REST API on a local port, as far as a fleet uses it: managers, their machines, operations."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = "https://www.googleapis.com/compute/v1/projects/testproject"
TOKEN = "ya29.fleet"


@dataclass
class ComputeEngine:
    """A project's managed instance groups and machines."""

    managers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By zone/name; `members` are names of machines."""
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By zone/name."""
    requests: list[str] = field(default_factory=list)
    refusals: list[tuple[int, str]] = field(default_factory=list)
    """Status and message of answers spoilt on purpose, used up from the front."""
    failure: str | None = None
    """What the next operation fails with."""
    waits: int = 1
    """How often an operation is waited for until it is done."""
    page: int = 500
    port: int = 0
    serial: int = 0

    def settings(self) -> dict[str, Any]:
        """The provider's settings that lead here."""
        return {"accessToken": TOKEN, "computeCustomEndpoint": f"http://127.0.0.1:{self.port}/", "backoff": 0}

    def manager(self, zone: str, name: str, template: str, size: int, labels: dict[str, str]) -> None:
        """A manager with running machines of its template."""
        key = f"{zone}/{name}"
        template = f"{API}/global/instanceTemplates/{template}"
        self.managers[key] = {"name": name, "zone": f"{API}/zones/{zone}", "targetSize": size, "members": {}}
        self.managers[key] |= {"versions": [{"instanceTemplate": template}], "labels": labels}
        for _ in range(size):
            self.start(key)

    def update(self, key: str, template: str) -> None:
        """Another template for a manager's next machines."""
        self.managers[key]["versions"] = [{"instanceTemplate": f"{API}/global/instanceTemplates/{template}"}]

    def start(self, key: str, name: str | None = None) -> None:
        """Another machine of a manager."""
        self.serial += 1
        manager, zone = self.managers[key], key.partition("/")[0]
        name = name or f"{manager['name']}-{self.serial:04d}"
        manager["members"][name] = manager["versions"][0]["instanceTemplate"]
        self.machines[f"{zone}/{name}"] = {
            "id": str(9000 + self.serial),
            "name": name,
            "zone": f"{API}/zones/{zone}",
            "selfLink": f"{API}/zones/{zone}/instances/{name}",
            "status": "RUNNING",
            "labels": dict(manager["labels"]),
            "labelFingerprint": f"f{self.serial}",
            "machineType": f"{API}/zones/{zone}/machineTypes/n2-standard-2",
            "networkInterfaces": [
                {"networkIP": f"10.0.0.{self.serial}", "accessConfigs": [{"natIP": f"192.0.2.{self.serial}"}]}
            ],
        }


@contextmanager
def serve(engine: ComputeEngine) -> Iterator[ComputeEngine]:
    """Run the stub."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"engine": engine}))
    engine.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield engine
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    engine: ComputeEngine

    def log_message(self, *_: object) -> None:
        """Tests look at what was asked."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        self.engine.requests.append(f"{self.command} {url.path}")
        status, content = self._content(url.path, query, json.loads(text or b"{}"))
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _content(self, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        engine = self.engine
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error": {"message": "who are you"}}
        if engine.refusals:
            status, message = engine.refusals.pop(0)
            return status, {"error": {"message": message}}
        path = path.removeprefix("/projects/testproject/")
        if path.startswith("aggregated/"):
            return 200, self._aggregated(path.partition("/")[2], query)
        if "/operations/" in path:
            return 200, self._operation()
        match = re.fullmatch(r"zones/([^/]+)/(instanceGroupManagers|instances)/([^/]+)(?:/(\w+))?", path)
        assert match, path
        zone, collection, name, verb = match.groups()
        things = engine.managers if collection == "instanceGroupManagers" else engine.machines
        if f"{zone}/{name}" not in things:
            return 404, {"error": {"message": f"The resource '{name}' was not found"}}
        return 200, self._do(f"{zone}/{name}", collection, verb, query, body)

    def _aggregated(self, collection: str, query: dict[str, str]) -> dict[str, Any]:
        things = self.engine.machines if collection == "instances" else self.engine.managers
        wanted = query["filter"]
        if collection == "instances":
            key, _, value = wanted.removeprefix("labels.").partition("=")
            found = [(k, v) for k, v in things.items() if v["labels"].get(key) == value]
        else:
            pattern = re.search(r'"(.*)"', wanted)
            assert pattern
            found = [(k, v) for k, v in things.items() if re.fullmatch(pattern[1], v["name"])]
        start, size = int(query.get("pageToken") or 0), min(int(query["maxResults"]), self.engine.page)
        items: dict[str, Any] = {"zones/empty": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}}
        for key, thing in sorted(found)[start : start + size]:
            scope = items.setdefault(f"zones/{key.partition('/')[0]}", {collection: []})
            scope[collection].append({k: v for k, v in thing.items() if k != "members"})
        more = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        return {"items": items, **more}

    def _operation(self) -> dict[str, Any]:
        engine = self.engine
        engine.waits -= 1
        done = engine.waits <= 0
        failure = {"error": {"errors": [{"message": engine.failure}]}} if done and engine.failure else {}
        return {"name": "op-1", "zone": f"{API}/zones/z", "status": "DONE" if done else "RUNNING", **failure}

    def _do(  # noqa: C901 - one case a call
        self, key: str, collection: str, verb: str | None, query: dict[str, str], body: dict[str, Any]
    ) -> Any:
        engine = self.engine
        zone = key.partition("/")[0]
        things = engine.managers if collection == "instanceGroupManagers" else engine.machines
        thing = things[key]
        asked = [item.rpartition("/")[2] for item in body.get("instances", [])]
        match self.command, verb:
            case "GET", None:
                return {k: v for k, v in thing.items() if k != "members"}
            case "DELETE", None:
                del things[key]
            case "POST", "listManagedInstances":
                members = thing["members"].items()
                return {"managedInstances": [_managed(zone, name, template) for name, template in members]}
            case "POST", "setLabels":
                assert body["labelFingerprint"] == thing["labelFingerprint"]
                thing["labels"] = body["labels"]
            case "POST", "resize":
                for _ in range(int(query["size"]) - thing["targetSize"]):
                    engine.start(key)
                thing["targetSize"] = int(query["size"])
            case "POST", "abandonInstances":
                for name in asked:
                    del thing["members"][name]
                    thing["targetSize"] -= 1
            case "POST", "recreateInstances":
                for name in asked:
                    engine.start(key, name)
            case other:
                raise AssertionError(other)
        return {"name": "op-1", "zone": f"{API}/zones/z", "status": "RUNNING", "operationType": str(verb)}


def _managed(zone: str, name: str, template: str) -> dict[str, Any]:
    return {
        "instance": f"{API}/zones/{zone}/instances/{name}",
        "instanceStatus": "RUNNING",
        "currentAction": "NONE",
        "version": {"instanceTemplate": template},
    }
