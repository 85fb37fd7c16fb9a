"""A client that writes to the cluster all the time, and notices every pause."""

from __future__ import annotations

import ctypes
import http.client
import json
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.e2e import pki
from tests.e2e.stub_cloud import namespace_file

_CLONE_NEWNET = 0x40000000
_PATH = "/api/v1/namespaces/default/configmaps"


class Writer:
    """Updates one ConfigMap through whichever of some API servers answers, five times a second."""

    def __init__(self, namespace: str, addresses: Sequence[str], authority: pki.Authority, directory: Path) -> None:
        client = pki.leaf(authority, "e2e-writer", ["system:masters"])
        pair = directory / "writer.pem"
        pair.write_text(client.certificate + client.key)
        self.context = ssl.create_default_context(cadata=authority.certificate)
        self.context.check_hostname = False
        self.context.load_cert_chain(pair)
        self.namespace, self.addresses = namespace, list(addresses)
        self.writes = self.failures = 0
        self.last = time.monotonic()
        self.longest = 0.0
        """Seconds between two successful writes."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        with namespace_file(self.namespace).open() as handle:
            ctypes.CDLL(None).setns(handle.fileno(), _CLONE_NEWNET)
        turn = 0
        while not self._stop.is_set():
            address = self.addresses[turn % len(self.addresses)]
            try:
                self._write(address)
            except (OSError, http.client.HTTPException):
                self.failures += 1
                turn += 1
                continue
            now = time.monotonic()
            self.writes += 1
            self.longest = max(self.longest, now - self.last)
            self.last = now
            self._stop.wait(0.2)

    def _write(self, address: str) -> None:
        connection = http.client.HTTPSConnection(address, timeout=3, context=self.context)
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "writer"},
            "data": {"n": str(self.writes)},
        }
        try:
            connection.request("PUT", f"{_PATH}/writer", json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 404:
                connection.request("POST", _PATH, json.dumps(body), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
            if answer.status >= 300:
                raise OSError(f"{answer.status}")
        finally:
            connection.close()
