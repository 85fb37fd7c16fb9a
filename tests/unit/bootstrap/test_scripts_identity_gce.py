"""GCE's identity library and the fetch script with it, against a stub of the metadata server and of Cloud Storage."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kops_pulumi.bootstrap import bundle

FILES = Path(bundle.__file__).parent / "files"
TOKEN = "ya29.not-a-token-of-anything"
TOKEN_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"


@dataclass
class Google:
    """What the stub holds, and the answers it spoils on purpose, used up from the front."""

    objects: dict[str, bytes] = field(default_factory=dict)
    accepted: str = TOKEN
    faults: list[int] = field(default_factory=list)
    port: int = 0

    def environment(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.port}"
        return {"KOPS_METADATA": url, "KOPS_GCS_ENDPOINT": f"{url}/gcs", "KOPS_BACKOFF": "0", "KOPS_STALL": "1"}


class _Handler(BaseHTTPRequestHandler):
    google: Google

    def log_message(self, *_: object) -> None:
        """Tests look at what the scripts did."""

    def do_GET(self) -> None:
        status, content = self._content()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _content(self) -> tuple[int, bytes]:
        if self.path == TOKEN_PATH:
            if self.headers.get("Metadata-Flavor") != "Google":
                return 403, b""
            return 200, f'{{"access_token":"{TOKEN}","expires_in":3599,"token_type":"Bearer"}}'.encode()
        if self.headers.get("Authorization") != f"Bearer {self.google.accepted}":
            return 401, b"denied"
        if self.google.faults:
            return self.google.faults.pop(0), b"on purpose"
        content = self.google.objects.get(self.path.removeprefix("/gcs/"))
        return (404, b"absent") if content is None else (200, content)


@pytest.fixture
def google() -> Iterator[Google]:
    held = Google()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"google": held}))
    held.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


def run(google: Google, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {**os.environ, **google.environment(), **environment}
    return subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=60)


def get(google: Google, address: str, target: Path) -> int:
    script = f"set -euo pipefail; . {FILES}/identity-gce.sh; cloud_get {address} {target}"
    return run(google, "bash", "-c", script).returncode


def test_an_object_is_read_with_the_machines_own_token(google: Google, tmp_path: Path):
    google.objects["b/nodes/x"] = bytes(range(256)) * 40
    assert get(google, "gs://b/nodes/x", tmp_path / "out") == 0
    assert (tmp_path / "out").read_bytes() == google.objects["b/nodes/x"]


@pytest.mark.parametrize(("accepted", "address"), [("another", "gs://b/nodes/x"), (TOKEN, "gs://b/none")])
def test_a_refusal_or_an_absent_object_leaves_no_file(google: Google, tmp_path: Path, accepted: str, address: str):
    google.objects["b/nodes/x"], google.accepted = b"secret", accepted
    assert get(google, address, tmp_path / "out") != 0
    assert not (tmp_path / "out").exists()


def test_fetch_gets_checks_and_runs_the_bundle_once_the_store_recovers(google: Google, tmp_path: Path):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        script = b"#!/usr/bin/env bash\necho booted\n"
        entry = tarfile.TarInfo("boot.sh")
        entry.size, entry.mode = len(script), 0o755
        tar.addfile(entry, io.BytesIO(script))
    content = archive.getvalue()
    sha256 = hashlib.sha256(content).hexdigest()
    google.objects[f"b/nodes/{sha256}.tar.gz"], google.faults = content, [503, 500]
    (tmp_path / "etc/kops-pulumi").mkdir(parents=True)
    (tmp_path / "opt/kops-pulumi/boot").mkdir(parents=True)
    (tmp_path / "etc/kops-pulumi/node.env").write_text(
        f"KOPS_BUNDLE=gs://b/nodes/{sha256}.tar.gz\nKOPS_SHA256={sha256}\n"
    )
    for path, file in bundle.first_files("gce").items():
        if path.startswith("/opt"):
            (tmp_path / path.lstrip("/")).write_bytes(file.content)
    fetched = run(google, "bash", str(tmp_path / "opt/kops-pulumi/boot/fetch.sh"), KOPS_ROOT=str(tmp_path))
    assert fetched.returncode == 0, fetched.stderr
    assert fetched.stdout.splitlines() == [f"bundle {sha256} is here", "booted"]
    assert fetched.stderr.count("again in 0 s") == 2
