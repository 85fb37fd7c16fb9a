"""Several cloud-init parts as one MIME multipart text, the same bytes for the same parts.

cloud-init reads the parts in order (https://docs.cloud-init.io/en/latest/explanation/format/mime.html). Parts outside
ASCII travel as base64, because mail parsers mangle bare UTF-8.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

_BOUNDARY = "==kops-pulumi=="
_LINE = 76
"""Longest line of base64 (RFC 2045)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: a file name, its content type (`text/x-shellscript`) and its content."""

    name: str
    type: str
    content: str


def join(parts: Sequence[Part]) -> str:
    """The parts in the given order as one multipart text."""
    boundary = _boundary(parts)
    body = "".join(f"--{boundary}\n{_part(part)}\n" for part in parts)
    return f'Content-Type: multipart/mixed; boundary="{boundary}"\nMIME-Version: 1.0\n\n{body}--{boundary}--\n'


def _part(part: Part) -> str:
    ascii_only = part.content.isascii()
    headers = (
        f'Content-Type: {part.type}; charset="{"us-ascii" if ascii_only else "utf-8"}"',
        "MIME-Version: 1.0",
        f"Content-Transfer-Encoding: {'7bit' if ascii_only else 'base64'}",
        f'Content-Disposition: attachment; filename="{part.name}"',
    )
    content = part.content if ascii_only else _base64(part.content)
    return "\n".join((*headers, "", content))


def _base64(content: str) -> str:
    return "\n".join(textwrap.wrap(base64.b64encode(content.encode()).decode(), _LINE))


def _boundary(parts: Sequence[Part]) -> str:
    """A fixed boundary, made longer as long as a part contains it."""
    boundary = _BOUNDARY
    while any(f"--{boundary}" in part.content for part in parts):
        boundary += "="
    return boundary
