"""The simulated cluster's own API, as far as anybody asks it: `/readyz`.

It is ready at once, unless a fault of the type `kubernetes:api` says that it is not. Listens on the loopback interface
while the context is open; the readiness gate finds it by the environment variable (`components/readiness.py`).
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final, Self

from kops_pulumi.rehearsal.faults import Operation

if TYPE_CHECKING:
    from kops_pulumi.rehearsal.store import Store

TYPE: Final = "kubernetes:api"
"""What faults call it; the operation is `read`, the name `readyz`."""


class Api:
    """Answers `/readyz` while the context is open."""

    def __init__(self, store: Store) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fault = store.take_fault(Operation.READ, TYPE, "readyz")
                self.send_response(503 if fault else 200, fault.message or "not ready" if fault else "ok")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}/readyz"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
