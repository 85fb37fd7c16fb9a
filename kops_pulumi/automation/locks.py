"""Who holds a stack's lock, and whether they are still there. Only this machine's processes can be asked."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass

_HOLDER = re.compile(r"created by (?P<user>[^@\s]+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<time>\S+)")
"""How file and bucket backends name a lock's holder: the engine's pkg/backend/diy/lock.go."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a stack's lock."""

    user: str
    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (process {self.pid}) since {self.since}"

    @property
    def gone(self) -> bool:
        """It was a process of this machine, and is no longer there; of other machines nobody knows."""
        return self.host == socket.gethostname() and not _alive(self.pid)


def holder_in(text: str) -> Holder | None:
    """The holder that the engine names in its refusal."""
    found = _HOLDER.search(text)
    return Holder(found["user"], found["host"], int(found["pid"]), found["time"]) if found else None


def _alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        return True
    return False
