"""Google Cloud on a local port, for scripts that run for real: metadata server, Cloud Storage, Compute Engine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "ya29.not-a-token-of-anything"
PROJECT, ZONE = "testproject", "europe-west3-a"
HERE = f"projects/{PROJECT}/zones/{ZONE}"


@dataclass
class Google:
    """What the stub holds and has seen."""

    objects: dict[str, bytes] = field(default_factory=dict)
    """By bucket/key."""
    types: dict[str, str] = field(default_factory=dict)
    """Content types of objects that have one."""
    write_once: bool = False
    """Objects may be made, but not written again."""
    facts: dict[str, str] = field(default_factory=dict)
    """Metadata, below /computeMetadata/v1/."""
    disks: dict[str, list[str]] = field(default_factory=dict)
    """Who holds each disk, by its address."""
    machines: list[dict[str, Any]] = field(default_factory=list)
    zones: list[dict[str, str]] = field(default_factory=list)
    """Managed zones of Cloud DNS, as it answers them; one a page."""
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By `<zone> <type> <name>`, as they were sent."""
    refusals: list[int] = field(default_factory=list)
    """Answers spoilt on purpose, used up from the front."""
    requests: list[str] = field(default_factory=list)
    port: int = 0
    page: int = 100

    def environment(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.port}"
        return {
            "KOPS_METADATA": url,
            "KOPS_GCS_ENDPOINT": f"{url}/gcs",
            "KOPS_COMPUTE_ENDPOINT": f"{url}/compute",
            "KOPS_CLOUD_DNS_ENDPOINT": f"{url}/dns",
            "KOPS_BACKOFF": "0",
            "KOPS_STALL": "1",
        }


@contextmanager
def serve(google: Google) -> Iterator[Google]:
    """Run the stub; its port is in `google.port`."""
    google.facts = {
        "instance/id": "4711",
        "instance/name": "cp-a-x1",
        "instance/hostname": f"cp-a-x1.{ZONE}.c.{PROJECT}.internal",
        "instance/zone": f"projects/42/zones/{ZONE}",
        "instance/network-interfaces/0/ip": "10.0.0.1",
        "instance/attributes/kops-k8s-io-cluster-label": "c1",
        "project/project-id": PROJECT,
        "instance/service-accounts/default/token": json.dumps({"access_token": TOKEN, "expires_in": 3599}),
        **google.facts,
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"google": google}))
    google.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield google
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    google: Google

    def log_message(self, *_: object) -> None:
        """Tests look at what the scripts did."""

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self._body()
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        status, content, kind = self._content(path, {key: values[0] for key, values in query.items()}, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if kind:
            self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = b""
        while size := int(self.rfile.readline(), 16):
            chunks += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return chunks

    def _content(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, str]:
        google = self.google
        if path.startswith("/computeMetadata/v1/"):
            fact = google.facts.get(path.removeprefix("/computeMetadata/v1/"))
            told = fact is not None and self.headers.get("Metadata-Flavor") == "Google"
            return (200, str(fact).encode(), "application/text") if told else (404, b"", "")
        google.requests.append(f"{self.command} {self.path}")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, b"denied", ""
        if google.refusals:
            message = {"error": {"message": 'on purpose, says "Google"'}}
            return google.refusals.pop(0), json.dumps(message).encode(), "application/json"
        return self._service(path, query, body)

    def _service(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, str]:
        """By the prefix that stands for the host."""
        zones = f"/dns/projects/{PROJECT}/managedZones"
        if path.startswith("/gcs/storage/v1/b/"):
            return self._listing(path.split("/")[5], query)
        if path.startswith("/gcs/"):
            return self._object(unquote(path.removeprefix("/gcs/")), body)
        if path.startswith(zones):
            return self._dns(path.removeprefix(zones), query, body)
        return self._compute(path.removeprefix("/compute/"), query, body)

    def _dns(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, str]:
        """https://cloud.google.com/dns/docs/reference/rest/v1: a set is made once, and then patched."""
        google, json_type = self.google, "application/json"
        if not path:
            at = int(query.get("pageToken", "0"))
            more = {"nextPageToken": str(at + 1)} if at + 1 < len(google.zones) else {}
            return 200, json.dumps({"managedZones": google.zones[at : at + 1], **more}).encode(), json_type
        zone = path.split("/")[1]
        if self.command == "GET":
            found = google.records.get(f"{zone} {query['type']} {query['name']}")
            return 200, json.dumps({"rrsets": [found] if found else []}).encode(), json_type
        sent = json.loads(body)
        key = f"{zone} {sent['type']} {sent['name']}"
        if (key in google.records) is not (self.command == "PATCH"):
            return 409, b'{"error": {"message": "exists already, or does not"}}', json_type
        google.records[key] = sent
        return 200, body, json_type

    def _object(self, name: str, body: bytes) -> tuple[int, bytes, str]:
        objects = self.google.objects
        if self.command == "PUT":
            if self.google.write_once and name in objects:
                text = "<Details>x@y does not have storage.objects.delete access to the object.</Details>"
                return 403, text.encode(), "application/xml"
            objects[name] = body
            return 200, b"", ""
        content = objects.get(name)
        return (404, b"absent", "") if content is None else (200, content, self.google.types.get(name, ""))

    def _listing(self, bucket: str, query: dict[str, str]) -> tuple[int, bytes, str]:
        found = sorted(
            name.removeprefix(f"{bucket}/")
            for name in self.google.objects
            if name.startswith(f"{bucket}/{query.get('prefix', '')}")
        )
        return _page("items", [{"name": name} for name in found], query, self.google.page)

    def _compute(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, str]:
        google = self.google
        if path == f"projects/{PROJECT}/aggregated/instances":
            assert query["filter"] == "labels.k8s-io-cluster-name=c1"
            start = int(query.get("pageToken") or 0)
            zones: dict[str, Any] = {"zones/europe-west3-z": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}}
            for machine in google.machines[start : start + google.page]:
                zones.setdefault(f"zones/{machine['zone']}", {"instances": []})["instances"].append(machine)
            more = {"nextPageToken": str(start + google.page)} if start + google.page < len(google.machines) else {}
            return 200, json.dumps({"items": zones, **more}, indent=2).encode(), "application/json"
        if path.endswith("/attachDisk"):
            asked = json.loads(body)
            assert self.headers.get("Content-Type") == "application/json"
            google.disks[asked["source"]].append(f"https://www.googleapis.com/compute/v1/{path.rpartition('/')[0]}")
            return 200, b'{"status": "RUNNING"}', "application/json"
        if path in google.disks:
            return 200, json.dumps({"users": google.disks[path]} if google.disks[path] else {}).encode(), ""
        return 404, b'{"error": {"message": "not found"}}', "application/json"


def _page(key: str, found: list[Any], query: dict[str, str], size: int) -> tuple[int, bytes, str]:
    start = int(query.get("pageToken") or 0)
    page = found[start : start + size]
    answer: dict[str, Any] = {key: page} if page else {}
    if start + size < len(found):
        answer["nextPageToken"] = str(start + size)
    return 200, json.dumps(answer).encode(), "application/json"
