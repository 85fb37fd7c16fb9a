"""Trouble on purpose: which operations fail, how, and how often.

A `Fault` is data kept in the world's file, so that a fault injected by one process hits a run in another and is used up
across runs. `provider.py` asks `Store.take_fault` before it works. This module must not touch the store.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kops_pulumi.errors import KopsError


class FaultKind(StrEnum):
    """What goes wrong."""

    THROTTLE = "throttle"
    """The cloud says "slow down"; the provider retries (at once) and gives up after `RETRIES`."""
    ERROR = "error"
    """The cloud refuses, for good."""
    PARTIAL = "partial"
    """The object is made, but its initialization fails: the engine keeps it and finishes it in the next run."""
    CRASH = "crash"
    """The object is made, but the answer never arrives: the connection breaks."""
    UNREACHABLE = "unreachable"
    """Nobody answers. A provider that is told to (`deleteUnreachable`) takes deleted objects for gone."""
    SLOW = "slow"
    """The operation takes `seconds` of real time (at most 5)."""


class Operation(StrEnum):
    """What the engine asks for."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    INVOKE = "invoke"


RETRIES = 25
"""How often a provider tries a throttled call (the AWS provider's default `max_retries`)."""
LONGEST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble, for operations whose type and name match."""

    kind: FaultKind
    operation: Operation | None = None
    """None: any."""
    type: str = "*"
    """Glob over type tokens, e.g. `aws:ec2/vpc:Vpc`, `aws:autoscaling/*`."""
    name: str = "*"
    """Glob over logical resource names."""
    times: int = 1
    """How often it strikes."""
    message: str = ""
    """Replaces the usual text of the error."""
    seconds: float = 0.0

    def strikes(self, operation: Operation, type_: str, name: str) -> bool:
        """Whether this fault concerns the operation."""
        return (
            self.operation in (None, operation)
            and fnmatch.fnmatchcase(type_, self.type)
            and fnmatch.fnmatchcase(name, self.name)
        )


def parse(text: str) -> Fault:
    """A fault as people write it: `error,operation=create,type=aws:ec2/*,name=web-*,times=2,seconds=1,message=…`.

    Raises `KopsError` when that is not understood.
    """
    kind, *settings = text.split(",")
    try:
        pairs = [setting.split("=", 1) for setting in settings]
        return Fault(FaultKind(kind), **{key: _SETTINGS[key](value) for key, value in pairs})
    except (KeyError, ValueError) as error:
        hint = f"write {'|'.join(FaultKind)}[,KEY=VALUE]... with the keys {', '.join(_SETTINGS)}"
        raise KopsError(f"cannot read the fault '{text}'", hint=hint) from error


_SETTINGS: Mapping[str, Callable[[str], Any]] = {
    "operation": Operation,
    "type": str,
    "name": str,
    "times": int,
    "seconds": float,
    "message": str,
}
