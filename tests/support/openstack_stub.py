"""OpenStack on a local port, for scripts that run for real: the metadata service, Keystone, Swift.

Swift keeps to the access rules of the credential that a token was made with, as keystonemiddleware does
(https://docs.openstack.org/api-ref/identity/v3/#application-credentials); what they do not allow is in `refused`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from kops_pulumi.clouds.openstack.verbs import AccessRule

ACCOUNT = "AUTH_0123"
ID, SECRET = "credential-1", "s3cr3t-of-nobody"  # opens nothing


@dataclass
class OpenStack:
    """What the stub holds and has seen."""

    rules: Sequence[AccessRule] = (AccessRule("object-store", "GET", "/**"), AccessRule("object-store", "PUT", "/**"))
    secret: str = SECRET
    """The one that Keystone accepts now."""
    facts: dict[str, str] = field(default_factory=dict)
    """`meta` of the metadata; what is not here is as the engine has it."""
    objects: dict[str, bytes] = field(default_factory=dict)
    """By container/object."""
    faults: list[int] = field(default_factory=list)
    """Answers of Swift that are spoilt on purpose, used up from the front."""
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    page: int = 10_000
    expired: bool = False
    """The next token is not accepted any more."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def metadata(self, **more: str) -> str:
        """As Nova writes it: one line, keys in no particular order."""
        meta = {
            "kops_auth_url": f"{self.url}/identity/v3",
            "kops_store_url": f"{self.url}/v1/{ACCOUNT}",
            "kops_credential_id": ID,
            "security-credentials": SECRET,
            **self.facts,
            **more,
        }
        data = {
            "uuid": "83679162-1378-4288-a2d4-70e13ec132aa",
            "meta": meta,
            "keys": [{"name": "key", "type": "ssh", "data": "ssh-ed25519 AAAA"}],
            "hostname": "nodes-1-c1.novalocal",
            "name": "nodes-1-c1",
            "availability_zone": "nova",
        }
        return json.dumps(data)


@contextmanager
def serve(cloud: OpenStack) -> Iterator[OpenStack]:
    """Run the stub; its port is in `cloud.port`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"cloud": cloud}))
    server.daemon_threads = True
    cloud.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    cloud: OpenStack

    def log_message(self, *_: object) -> None:
        """Tests look at `requests` instead."""

    def do_GET(self) -> None:
        self._answer(b"")

    def do_PUT(self) -> None:
        self._answer(self._body())

    def do_POST(self) -> None:
        self._answer(self._body())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, body: bytes) -> None:
        self.cloud.requests.append(f"{self.command} {self.path}")
        status, content, token = self._content(urlsplit(self.path).path, body)
        self.send_response(status)
        if token:
            self.send_header("X-Subject-Token", token)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _content(self, path: str, body: bytes) -> tuple[int, bytes, str]:
        if path == "/openstack/latest/meta_data.json":
            return 200, self.cloud.metadata(**{"security-credentials": self.cloud.secret}).encode(), ""
        if path == "/identity/v3/auth/tokens":
            return self._token(body)
        if self.cloud.faults:
            return self.cloud.faults.pop(0), b"on purpose", ""
        if self.headers.get("X-Auth-Token") != f"token-of-{self.cloud.secret}":
            return 401, b"", ""
        if not any(_allows(rule, self.command, path) for rule in self.cloud.rules):
            self.cloud.refused.append(f"{self.command} {path}")
            return 401, b"", ""
        return (*self._swift(unquote(path).removeprefix(f"/v1/{ACCOUNT}/"), body), "")

    def _token(self, body: bytes) -> tuple[int, bytes, str]:
        found = json.loads(body)["auth"]["identity"]["application_credential"]
        if found != {"id": ID, "secret": self.cloud.secret}:
            return 401, b"", ""
        return 201, b'{"token": {}}', f"token-of-{self.cloud.secret}"

    def _swift(self, name: str, body: bytes) -> tuple[int, bytes]:
        if self.command == "PUT":
            self.cloud.objects[name] = body
            return 201, b""
        if "/" in name:
            found = self.cloud.objects.get(name)
            return (404, b"absent") if found is None else (200, found)
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        prefix, marker = f"{name}/{query.get('prefix', '')}", query.get("marker", "")
        names = sorted(key.removeprefix(f"{name}/") for key in self.cloud.objects if key.startswith(prefix))
        shown = [key for key in names if key > marker][: self.cloud.page]
        return (200, "".join(f"{key}\n" for key in shown).encode()) if shown else (204, b"")


def _allows(rule: AccessRule, method: str, path: str) -> bool:
    """`*` is one segment, `**` any number, as the middleware reads them."""
    pattern = re.sub(r"\\\*\\\*|\\\*", lambda found: ".+" if len(found[0]) > 2 else "[^/]+", re.escape(rule.path))
    return rule.service == "object-store" and rule.method == method and re.fullmatch(pattern, path) is not None
