"""Run any command in a world: `kops-pulumi rehearse -- pulumi up`.

The command gets the world's environment; its exit code is ours; signals that we get are passed on. The providers are
served from this process and gone when it ends. This module must not look at what the command does.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from kops_pulumi.errors import NotFoundError
from kops_pulumi.rehearsal.faults import Fault
from kops_pulumi.rehearsal.seed import seed
from kops_pulumi.rehearsal.world import world

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan

_FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(
    command: Sequence[str],
    path: Path,
    *,
    faults: Sequence[Fault] = (),
    plans: Sequence[ClusterPlan] = (),
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> int:
    """Run the command in the world at `path` and return its exit code (128 + n when signal n ended it).

    Before it, `faults` are injected and everything that the `plans` adopt is made to exist. Raises `NotFoundError` when
    there is no such command, `ToolError` when there is no engine.
    """
    with world(path, environ=environ) as here:
        for fault in faults:
            here.store.inject(fault)
        for plan in plans:
            seed(here.store, plan)
        try:
            process = subprocess.Popen(list(command), env=dict(here.environment), cwd=cwd)
        except FileNotFoundError as error:
            raise NotFoundError(f"there is no command `{command[0]}`") from error
        with _forwarding(process):
            code = process.wait()
        return code if code >= 0 else 128 - code


@contextmanager
def _forwarding(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass signals on while the command runs; it decides what they mean.

    A terminal sends Ctrl-C to both of us, so that one only has to be survived here.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT:
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
