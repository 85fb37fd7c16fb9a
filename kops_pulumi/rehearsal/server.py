"""The gRPC servers that the engine attaches to: one port of the loopback interface per package.

`Servers` starts them and stops them; nothing outlives `stop`. This module must not know any package.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent import futures
from typing import Final, Self

# Without this, gRPC's fork handlers complain when the engine is started from a process that serves.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from kops_pulumi.rehearsal.kinds import Package
from kops_pulumi.rehearsal.lifecycle import Lifecycle
from kops_pulumi.rehearsal.provider import Provider
from kops_pulumi.rehearsal.store import Store

_WORKERS: Final = 8
_MESSAGE_LIMIT: Final = 400 * 1024 * 1024
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
    ("grpc.max_send_message_length", _MESSAGE_LIMIT),
    ("grpc.so_reuseport", 0),
)


class Servers:
    """Simulated providers, up and listening while the context is open."""

    def __init__(self, packages: Iterable[Package], store: Store) -> None:
        self._pool = futures.ThreadPoolExecutor(_WORKERS, thread_name_prefix="rehearsal")
        self._servers: list[grpc.Server] = []
        self.ports: dict[str, int] = {}
        for package in packages:
            server = grpc.server(self._pool, options=_OPTIONS)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(Lifecycle(package, store)), server)
            self.ports[package.name] = server.add_insecure_port("127.0.0.1:0")
            self._servers.append(server)

    @property
    def attachment(self) -> str:
        """The value of PULUMI_DEBUG_PROVIDERS: `aws:41234,tls:41235`."""
        return ",".join(f"{name}:{port}" for name, port in self.ports.items())

    def start(self) -> None:
        """Begin to listen."""
        for server in self._servers:
            server.start()

    def stop(self) -> None:
        """Refuse new calls, let running ones end (at most a second), and free the ports and threads."""
        for stopped in [server.stop(grace=1) for server in self._servers]:
            stopped.wait()
        self._pool.shutdown(wait=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
