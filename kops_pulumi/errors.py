"""Every way in which kops_pulumi says no, and the exit code that goes with it.

    KopsError                    base: a message, a way out (`hint`), an exit code; never shown as a traceback
    ├── ManifestError            findings in the user's files
    ├── NotFoundError            the named cluster, group or stack does not exist
    ├── ToolError                engine, language host, SDK or provider missing or too old
    ├── EngineError              the Pulumi engine reported a failure
    └── BusyError                somebody else holds the stack's lock

A `Finding` is one thing that is wrong (or merely suspicious) in a manifest. Stages return findings, all of them at
once; only the edges (CLI, program) turn them into a `ManifestError`. This module must not import any other stage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list indexes from a document's root, as written in YAML: ("spec", "subnets", 0, "cidr")."""


class ExitCode(IntEnum):
    """Exit codes of `kops-pulumi`; documented in docs/cli/exit-codes.md."""

    OK = 0
    FAILED = 1
    FINDINGS = 2
    """The manifest is invalid, or (for `validate cluster`) the cluster is."""
    NOT_FOUND = 3
    MISSING_TOOL = 4
    ENGINE = 5
    BUSY = 6
    USAGE = 64
    INTERRUPTED = 130


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a user's file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake or doubt: where it is, what is wrong, and the way out."""

    path: KeyPath
    """Keys from the document's root."""
    message: str
    hint: str | None = None
    """What the user can do; printed in parentheses."""
    severity: Severity = Severity.ERROR
    document: str | None = None
    """The document it is about: `Kind/name`, e.g. `InstanceGroup/nodes`."""
    location: Location | None = None

    def at(self, location: Location) -> Finding:
        """The same finding with its place in the file."""
        return replace(self, location=location)

    @property
    def dotted(self) -> str:
        """The path as users write it: `spec.subnets[0].cidr`."""
        text = ""
        for key in self.path:
            text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
        return text

    def __str__(self) -> str:
        where = str(self.location) if self.location else self.document
        subject = ": ".join(part for part in (where, self.dotted) if part)
        message = f"{subject}: {self.message}" if subject else self.message
        if self.severity is Severity.WARNING:
            message = f"{subject}: warning: {self.message}" if subject else f"warning: {self.message}"
        return f"{message} ({self.hint})" if self.hint else message


def errors_in(findings: Iterable[Finding]) -> list[Finding]:
    """Only the findings that stop us."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def in_reading_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """As a user goes through the files: by place, those without one first."""
    nowhere = Location("", 0, 0)
    return tuple(sorted(findings, key=lambda f: (f.location or nowhere, f.document or "", f.dotted, f.message)))


class KopsError(Exception):
    """Base of all errors that a user may see: a message and a way out."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class ManifestError(KopsError):
    """The manifest has findings that stop us."""

    exit_code = ExitCode.FINDINGS

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class NotFoundError(KopsError):
    """The named cluster, instance group or stack does not exist."""

    exit_code = ExitCode.NOT_FOUND


class ToolError(KopsError):
    """The engine, the language host, an SDK or a provider is missing or too old."""

    exit_code = ExitCode.MISSING_TOOL


class EngineError(KopsError):
    """The Pulumi engine reported a failure."""

    exit_code = ExitCode.ENGINE


class BusyError(KopsError):
    """Somebody else holds the stack's lock."""

    exit_code = ExitCode.BUSY
