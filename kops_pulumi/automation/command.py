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
from contextlib import contextmanager
from typing import IO, Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from kops_pulumi.automation.engine import Engine

OnLine = Callable[[str], Any]


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
        with _hang_ups_interrupt():
            interrupts = self._wait(process)
        result = CommandResult(stdout=output(), stderr=errors(), code=process.returncode)
        if interrupts:
            raise KeyboardInterrupt
        if result.code != 0:
            raise create_command_error(result)
        return result

    def _wait(self, process: subprocess.Popen[str]) -> int:
        """Wait for the engine and pass interrupts on; returns how many there were."""
        interrupts = 0
        while True:
            try:
                process.wait()
            except KeyboardInterrupt:
                interrupts += 1
                process.send_signal(signal.SIGINT if interrupts == 1 else signal.SIGTERM)
                self._on_interrupt(interrupts)
            else:
                return interrupts


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
def _hang_ups_interrupt() -> Iterator[None]:
    """A closed terminal and a polite kill interrupt like ctrl-C: the engine must not be orphaned half-way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
