"""The simulated clusters' own APIs, served on the loopback interface while the context is open.

`/readyz` is what the readiness gate asks (`components/readiness.py`), of any cluster. Below `/clusters/<name>` lies the
API of one cluster, as far as the verbs of its life need it: nodes, pods, budgets, patches of nodes, evictions, watches
that tell what is new and end. It is ready at once, unless a fault of the type `kubernetes:api` says that it is not.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from kops_pulumi.rehearsal.faults import Fault, Operation
from kops_pulumi.rehearsal.objects import BUDGETS, KINDS, NODES, PODS, Objects, Refused

if TYPE_CHECKING:
    from kops_pulumi.rehearsal.store import Store

TYPE: Final = "kubernetes:api"
"""What faults call it; the operation is `read`, the name `readyz`."""
_ROUTES: Final = (
    (re.compile(r"/api/v1/nodes(?:/(?P<name>[^/]+))?"), NODES),
    (re.compile(r"/api/v1/pods"), PODS),
    (re.compile(r"/apis/policy/v1/poddisruptionbudgets"), BUDGETS),
)
_EVICTION: Final = re.compile(r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)/eviction")
_CLUSTER: Final = re.compile(r"/clusters/(?P<cluster>[^/]+)(?P<rest>/.*)")

Lookup = Callable[[str], Objects]
"""The objects of the cluster of that name, brought up to date."""
Trouble = Callable[[], Fault | None]


class Api:
    """Serves `/readyz` and clusters' APIs while the context is open."""

    def __init__(self, store: Store | None = None, lookup: Lookup | None = None) -> None:
        """Faults come from the store; clusters from `lookup`."""

        def trouble() -> Fault | None:
            return store.take_fault(Operation.READ, TYPE, "readyz") if store else None

        found = lookup or _nowhere
        handler = type("Handler", (_Handler,), {"trouble": staticmethod(trouble), "lookup": staticmethod(found)})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def base(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def address(self) -> str:
        """Where it answers `/readyz`."""
        return f"{self.base}/readyz"

    def server(self, cluster: str) -> str:
        """The address of a cluster's API."""
        return f"{self.base}/clusters/{cluster}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    trouble: Trouble
    lookup: Lookup

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_PATCH(self) -> None:
        self._answer(self._patch)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def _answer(self, method: Callable[[Objects, str, Mapping[str, list[str]]], object]) -> None:
        url = urlsplit(self.path)
        if fault := self.trouble():
            self._send(503, _status(503, "ServiceUnavailable", fault.message or "not ready"), fault.message)
            return
        if url.path == "/readyz":
            self._send(200, None)
            return
        try:
            cluster, rest = _inside(url.path)
            self._send(200, method(self.lookup(cluster), rest, parse_qs(url.query)))
        except Refused as error:
            self._send(error.status, _status(error.status, error.reason, error.message, error.causes))

    def _get(self, objects: Objects, path: str, query: Mapping[str, list[str]]) -> object:
        if path == "/readyz":
            return None
        kind, name = _route(path)
        if name:
            return objects.get(kind, f"/{name}")
        if query.get("watch") == ["true"]:
            return list(objects.since(kind, int((query.get("resourceVersion") or ["0"])[0])))
        with objects.lock:
            objects.lists[kind] += 1
            items = list(objects.items[kind].values())
            metadata = {"resourceVersion": str(objects.version)}
            return {"kind": f"{KINDS[kind]}List", "apiVersion": "v1", "metadata": metadata, "items": items}

    def _patch(self, objects: Objects, path: str, _query: object) -> object:
        kind, name = _route(path)
        return objects.merge(kind, f"/{name}", self._body())

    def _post(self, objects: Objects, path: str, _query: object) -> object:
        self._body()
        found = _EVICTION.fullmatch(path)
        if found is None:
            raise Refused(405, "MethodNotAllowed", "only evictions can be posted")
        objects.evict(f"{found['namespace']}/{found['name']}")
        return {"kind": "Status", "apiVersion": "v1", "status": "Success", "code": 201}

    def _delete(self, objects: Objects, path: str, _query: object) -> object:
        kind, name = _route(path)
        found = objects.get(kind, f"/{name}")
        objects.drop(kind, f"/{name}")
        return found

    def _body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        return found

    def _send(self, status: int, body: object, message: str | None = None) -> None:
        """An object as JSON, a watch's events line by line, nothing as `ok`."""
        if isinstance(body, list):
            data = b"".join(json.dumps(event).encode() + b"\n" for event in body)
        else:
            data = b"ok" if body is None else json.dumps(body).encode()
        self.send_response(status, message or None)
        self.send_header("Content-Type", "application/json" if body is not None else "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def _nowhere(cluster: str) -> Objects:
    raise Refused(404, "NotFound", f"there is no cluster {cluster}")


def _inside(path: str) -> tuple[str, str]:
    found = _CLUSTER.fullmatch(path)
    if found is None:
        raise Refused(404, "NotFound", f"there is nothing at {path}")
    return found["cluster"], found["rest"]


def _route(path: str) -> tuple[str, str | None]:
    for pattern, kind in _ROUTES:
        if found := pattern.fullmatch(path):
            return kind, found.groupdict().get("name")
    raise Refused(404, "NotFound", f"there is nothing at {path}")


def _status(code: int, reason: str, message: str, causes: tuple[str, ...] = ()) -> dict[str, Any]:
    details = {"details": {"causes": [{"message": cause} for cause in causes]}} if causes else {}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
        **details,
    }
