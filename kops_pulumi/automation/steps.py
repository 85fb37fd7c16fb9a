"""Run one long external command so that a person sees that it lives, and why it failed.

Used by set-up and by `engine_install`, before anything is installed: standard library only. It must not print; progress
goes to `say`.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from kops_pulumi.errors import ToolError

Say = Callable[[str], None]
"""Takes one line of progress."""

HEARTBEAT_SECONDS = 15
"""How often a long step says that it is still alive."""

_TAIL_LINES = 12
_NETWORK_SIGNS = (
    "connection refused",
    "connection timed out",
    "could not resolve",
    "dial tcp",
    "dns error",
    "error sending request",
    "failed to establish a new connection",
    "i/o timeout",
    "name resolution",
    "network is unreachable",
    "newconnectionerror",
    "no such host",
    "tls handshake",
)
_NETWORK_HINT = (
    "the network or a proxy is in the way: check HTTPS_PROXY (and GOPROXY or PIP_INDEX_URL), then run it again"
)


def run(
    command: Sequence[str | Path],
    environ: Mapping[str, str],
    *,
    say: Say,
    what: str,
    cwd: Path | None = None,
    limit: float = float("inf"),
    hint: str | None = None,
) -> None:
    """Run `command` for at most `limit` seconds; raises `ToolError` with its last lines and a way out when it fails."""
    started = time.monotonic()
    say(f"{what} …")
    with tempfile.TemporaryFile(mode="w+", errors="replace") as log:
        process = subprocess.Popen(command, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            code = _wait(process, started, what, say, limit)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if code != 0:
            tail = _tail(log)
            raise ToolError(f"{what} failed (exit code {code})\n{tail}", hint=_way_out(tail) or hint)
    say(f"{what}: done in {time.monotonic() - started:.1f} s")


def _wait(process: subprocess.Popen[bytes], started: float, what: str, say: Say, limit: float) -> int:
    while True:
        try:
            return process.wait(timeout=min(HEARTBEAT_SECONDS, limit))
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
            if elapsed >= limit:
                raise ToolError(f"{what} took more than {limit:.0f} s") from None
            say(f"{what} … {elapsed:.0f} s")


def _tail(log: IO[str]) -> str:
    log.seek(0)
    return "\n".join(log.read().splitlines()[-_TAIL_LINES:])


def _way_out(output: str) -> str | None:
    """A hint when the command's own words sound like a broken network."""
    words = output.lower()
    return _NETWORK_HINT if any(sign in words for sign in _NETWORK_SIGNS) else None
