"""How results look: tables that fit the terminal, JSON and YAML with one shape, colour only where it helps.

Nothing here decides anything. Colour goes to terminals only, and not when NO_COLOR is set (https://no-color.org).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from kops_pulumi.errors import Finding, Severity


def colourful(*, err: bool = False) -> bool:
    """Whether the stream is a terminal that may be coloured."""
    stream = sys.stderr if err else sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(text: str, colour: str, *, err: bool = False) -> str:
    """The text in a colour, where colours are wanted."""
    return click.style(text, fg=colour) if colourful(err=err) else text


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as they need; on a terminal the widest column gives way, so that no line wraps."""
    lines = [tuple(headers), *(tuple(_cell(value) for value in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    if sys.stdout.isatty():
        widths = _fitted(widths, shutil.get_terminal_size().columns)
    return "\n".join(_line(line, widths) for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(str(item) for item in value)
    return "-" if value is None or value == "" else str(value)


def _fitted(widths: list[int], room: int) -> list[int]:
    gaps = 2 * (len(widths) - 1)
    while sum(widths) + gaps > room and max(widths) > 8:
        widest = widths.index(max(widths))
        widths = [width - (index == widest) for index, width in enumerate(widths)]
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    cut = [cell if len(cell) <= width else cell[: width - 1] + "…" for cell, width in zip(cells, widths, strict=True)]
    return "  ".join(cell.ljust(width) for cell, width in zip(cut, widths, strict=True)).rstrip()


def as_json(data: object) -> str:
    """Two-space JSON, in the order given."""
    return json.dumps(data, indent=2, ensure_ascii=False)


def as_yaml(documents: Sequence[Mapping[str, Any]]) -> str:
    """YAML documents, divided by `---` when there are several."""
    import yaml

    dumped = [
        yaml.dump(dict(document), sort_keys=False, allow_unicode=True, width=120, Dumper=_dumper())
        for document in documents
    ]
    return "---\n".join(dumped).rstrip("\n")


def _dumper() -> Any:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Indents list items under their key, writes long texts as blocks, and never anchors."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return Dumper


def show_findings(findings: Sequence[Finding]) -> None:
    """Findings on stderr, one a line, warnings in yellow."""
    for finding in findings:
        colour = "yellow" if finding.severity is Severity.WARNING else "red"
        click.echo(styled(str(finding), colour, err=True), err=True)


def duration(seconds: float) -> str:
    """`4.2 s` or `3 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if seconds >= 60 else f"{seconds:.1f} s"
