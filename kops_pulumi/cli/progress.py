"""What long work looks like while it runs: a live view with elapsed time on a terminal, plain lines elsewhere.

Everything goes to stderr, so that stdout stays the result. `rich` is imported only when there is a terminal.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from kops_pulumi.automation.render import short_type
from kops_pulumi.cli.output import colourful, duration

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent, StepEventMetadata
    from rich.console import RenderableType

    from kops_pulumi.automation.stack import Watch

_QUIET_OPS = {"same", "read", "refresh", "discard", "replace", "remove-pending-replace"}
_DOING = {"create": "creating", "update": "updating", "delete": "deleting", "create-replacement": "creating"}
_DONE = {"create": "created", "update": "updated", "delete": "deleted", "create-replacement": "replaced"}
_ROWS = 8


@contextmanager
def watching(title: str, *, quiet: bool = False) -> Iterator[Watch]:
    """Show an operation while it runs; the value is the `watch` of ClusterStack's operations."""
    if quiet:
        yield lambda _event: None
    elif colourful(err=True):
        with _live(title) as view:
            yield view
    else:
        lines = Lines(title)
        yield lines
        lines.close()


class Lines:
    """One line per thing that happened, with the time since the start: for logs."""

    def __init__(self, title: str) -> None:
        self.started = time.monotonic()
        click.echo(f"{title} …", err=True)

    def __call__(self, event: EngineEvent) -> None:
        """Print operations when they are done or have failed; a preview does nothing, so it prints nothing."""
        if event.res_outputs_event and not event.res_outputs_event.planning:
            self._line(event.res_outputs_event.metadata, _DONE)
        elif event.res_op_failed_event:
            self._line(event.res_op_failed_event.metadata, {}, "FAILED")
        elif reason := _reason(event):
            click.echo(f"{time.monotonic() - self.started:7.1f} s  waiting   {reason}", err=True)

    def _line(self, step: StepEventMetadata, words: dict[str, str], word: str = "") -> None:
        word = word or words.get(step.op.value, "")
        if word and _is_thing(step):
            elapsed = f"{time.monotonic() - self.started:7.1f} s"
            click.echo(f"{elapsed}  {word:8} {short_type(step.type)}  {_name(step)}", err=True)

    def close(self) -> None:
        """Say how long it took."""
        click.echo(f"  took {duration(time.monotonic() - self.started)}", err=True)


class LiveView:
    """The operations in flight, newest last, and counts of what is done; redrawn by rich."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.started = time.monotonic()
        self._lock = threading.Lock()
        self._running: dict[str, tuple[str, float]] = {}
        self._done: Counter[str] = Counter()
        self._reasons: dict[str, str] = {}
        self._waiting = ""

    def __call__(self, event: EngineEvent) -> None:
        """Take one event, on the Automation API's thread."""
        with self._lock:
            if event.resource_pre_event:
                self._begin(event.resource_pre_event.metadata)
            elif event.res_outputs_event:
                self._end(event.res_outputs_event.metadata)
            elif event.res_op_failed_event:
                self._end(event.res_op_failed_event.metadata, failed=True)
            elif event.diagnostic_event and event.diagnostic_event.urn in self._running:
                self._reasons[event.diagnostic_event.urn or ""] = _first_line(event.diagnostic_event.message)
            elif reason := _reason(event):
                self._waiting = reason

    def _begin(self, step: StepEventMetadata) -> None:
        self._waiting = ""  # something goes on
        if step.op.value not in _QUIET_OPS and _is_thing(step):
            text = f"{_DOING.get(step.op.value, step.op.value):9} {short_type(step.type)}  {_name(step)}"
            self._running[step.urn] = (text, time.monotonic())

    def _end(self, step: StepEventMetadata, *, failed: bool = False) -> None:
        self._running.pop(step.urn, None)
        self._reasons.pop(step.urn, None)
        if not _is_thing(step):
            return
        word = "failed" if failed else _DONE.get(step.op.value, "looked at")
        self._done[word] += 1

    def _because(self, urn: str) -> str:
        return f"  {self._reasons[urn]}" if urn in self._reasons else ""

    def __rich__(self) -> RenderableType:
        """Draw: head with spinner and counts, then what is in flight, with what it waits for where that is known."""
        from rich.console import Group
        from rich.spinner import Spinner
        from rich.text import Text

        with self._lock:
            now = time.monotonic()
            counts = ", ".join(f"{count} {word}" for word, count in sorted(self._done.items()))
            head = f" {self.title}  {duration(now - self.started)}  {counts}"
            running = [
                f"   {now - since:6.1f} s  {text}{self._because(urn)}" for urn, (text, since) in self._running.items()
            ]
            running += [f"   {'':8}  waiting   {self._waiting}"] if self._waiting else []
        rows = [Text(line, overflow="ellipsis", no_wrap=True) for line in running]
        more = [Text(f"   … and {len(rows) - _ROWS} more")] if len(rows) > _ROWS else []
        return Group(Spinner("dots", text=head), *rows[:_ROWS], *more)


@contextmanager
def _live(title: str) -> Iterator[LiveView]:
    from rich.console import Console
    from rich.live import Live

    view = LiveView(title)
    with Live(view, console=Console(file=sys.stderr), refresh_per_second=8, transient=True):
        yield view


def _reason(event: EngineEvent) -> str:
    """What one of our components says that it waits for (the API's readiness); empty for everything else."""
    said = event.diagnostic_event
    if said is None or said.severity != "info" or not said.urn:
        return ""
    own_type = said.urn.split("::")[2].rpartition("$")[2]  # its parents' types stand before it
    return _first_line(said.message) if own_type.startswith("kops:") else ""


def _first_line(message: str) -> str:
    """A message without the engine's colour marks, cut at its first line."""
    plain = re.sub(r"<\{%.*?%\}>", "", message).strip()
    return plain.splitlines()[0] if plain else ""


def _is_thing(step: StepEventMetadata) -> bool:
    """Components, providers and the stack itself are bookkeeping: nobody waits for them."""
    return not step.type.startswith(("pulumi:", "kops:"))


def _name(step: StepEventMetadata) -> str:
    return step.urn.rpartition("::")[2]
