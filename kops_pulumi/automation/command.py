"""The engine as a child process that can be interrupted gracefully.

The Automation API leaves a running engine behind when its caller is interrupted. Here the engine gets a session of its
own, so that ctrl-C reaches us alone: the first one asks it to finish what is in flight and stop, the second stops it at
once.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from kops_pulumi.automation.engine import Engine

OnLine = Callable[[str], Any]

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ATTENTION = 0.1
"""Seconds until an interrupt reaches the engine."""


class EngineCommand(PulumiCommand):
    """`PulumiCommand` for an engine that is already found, and that outlives no interrupt."""

    def __init__(self, engine: Engine, on_interrupt: Callable[[int], None]) -> None:
        # Not the base class's: it would start the CLI once more, only to ask for its version.
        self.command = str(engine.cli)
        self.version = VersionInfo.parse(engine.version)
        self._environment = engine.environment
        self._on_interrupt = on_interrupt

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnLine | None = None,
        on_error: OnLine | None = None,
    ) -> CommandResult:
        """Run one command to its end; CommandError when it fails, KeyboardInterrupt when it was interrupted."""
        with _counted_interrupts() as interrupts:
            process = subprocess.Popen(
                [self.command, "--non-interactive", *args],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env={**additional_env, "PULUMI_AUTOMATION_API": "true"},
                encoding="utf-8",
                start_new_session=True,
            )
            output, errors = _follow(process.stdout, on_output), _follow(process.stderr, on_error)
            self._wait(process, interrupts)
        result = CommandResult(stdout=output(), stderr=errors(), code=process.returncode)
        if interrupts:
            raise KeyboardInterrupt
        if result.code != 0:
            raise create_command_error(result)
        return result

    def _wait(self, process: subprocess.Popen[str], interrupts: list[int]) -> None:
        """Wait for the engine's end and pass interrupts on as they come."""
        passed_on = 0
        while process.returncode is None:
            # Not one long wait: a signal that comes just before it would be noticed only after it.
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_ATTENTION)
            while passed_on < len(interrupts):
                passed_on += 1
                process.send_signal(signal.SIGINT if passed_on == 1 else signal.SIGTERM)
                self._on_interrupt(passed_on)


def _follow(stream: IO[str] | None, on_line: OnLine | None) -> Callable[[], str]:
    """Read a stream in a thread; the result waits for its end and gives the whole text."""
    lines: list[str] = []

    def read() -> None:
        for line in stream or ():
            lines.append(line.rstrip())
            if on_line:
                on_line(lines[-1])

    thread = threading.Thread(target=read, daemon=True)
    thread.start()

    def text() -> str:
        thread.join()
        if stream:
            stream.close()
        return "\n".join(lines)

    return text


@contextmanager
def _counted_interrupts() -> Iterator[list[int]]:
    """The interrupts that come meanwhile: ctrl-C, a closed terminal, a polite kill; none may orphan the engine.

    They are counted and raise nothing, so that none is lost between two lines; only a main thread can do that.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    before = {number: signal.signal(number, lambda number, _frame: came.append(number)) for number in _INTERRUPTS}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
