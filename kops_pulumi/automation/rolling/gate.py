"""Waiting until the cluster is valid again: some times in a row, and not for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from kops_pulumi.automation.rolling.context import Context, Process, ValidationTimeout, pause
from kops_pulumi.automation.rolling.events import What
from kops_pulumi.automation.rolling.settings import VALIDATION_TICK
from kops_pulumi.errors import KopsError

_SHOWN: Final = 5
_SHARES: Final = (0.5, 0.9)
"""Parts of the patience after which the cloud is asked again: our own picture of it may be old."""


def valid(ctx: Context, group: str, count: int, when: str) -> Process:
    """Yield until the cluster is valid `count` times in a row, as far as the group is concerned.

    Raises ValidationTimeout when patience is over; with `fail_on_validate_error` off, that is a warning.
    """
    if ctx.options.cloud_only:
        return
    started, passes, asks = ctx.now(), 0, iter(_SHARES)
    next_ask = next(asks, None)
    while True:
        found = ctx.view.problems(group)
        passes = 0 if found else passes + 1
        if passes >= count:
            ctx.tell(What.VALID, group, detail=when)
            return
        waited = ctx.now() - started
        if waited >= ctx.options.validation_timeout:
            _give_up(ctx, group, when, [str(problem) for problem in found])
            return
        if found:
            ctx.tell(What.VALIDATING, group, detail=f"{when}: {_few([str(problem) for problem in found], 1)}")
        if next_ask is not None and waited >= next_ask * ctx.options.validation_timeout:
            next_ask = next(asks, None)
            ctx.view.ask()
        yield from pause(ctx, VALIDATION_TICK)


def _give_up(ctx: Context, group: str, when: str, found: list[str]) -> None:
    limit = ctx.options.validation_timeout
    message = f"the cluster is not valid {limit:.0f} s {when} ({group}):\n  " + _few(found, _SHOWN, "\n  ")
    if ctx.options.fail_on_validate_error:
        raise ValidationTimeout(message, hint="mend this and run the same command again: it goes on where it stopped")
    ctx.tell(What.WARNING, group, detail=message)


def _few(lines: list[str], number: int, between: str = "; ") -> str:
    rest = len(lines) - number
    return between.join(lines[:number] + ([f"and {rest} more"] if rest > 0 else []))


def patiently(ctx: Context, call: Callable[[], object], until: float) -> Iterator[None]:
    """Try a call to the API until it succeeds; its error is raised when the time is over."""
    while True:
        try:
            call()
        except KopsError:
            if ctx.now() >= until:
                raise
        else:
            return
        yield
