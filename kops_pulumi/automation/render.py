"""ChangeReport → text for terminals, Markdown for review comments. Pure: the same report gives the same text."""

from __future__ import annotations

import base64
import binascii
import difflib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Final

from kops_pulumi.automation.report import Action, ChangeReport, Difference, Kind, PropertyChange, ResourceChange

SIGNS: Final = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "±",
    Action.DELETE: "-",
    Action.READ: "»",
}
COLOURS: Final = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.DELETE: "red",
    Action.READ: "cyan",
}
_WORDS: Final = {
    Action.CREATE: "to create",
    Action.UPDATE: "to change",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
}
_DONE: Final = {
    Action.CREATE: "created",
    Action.UPDATE: "changed",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
}
_LONGEST_VALUE: Final = 72
_LONGEST_DIFF: Final = 16

Paint = Callable[[str, str], str]
"""Text and colour → text."""


def _colourless(text: str, _colour: str) -> str:
    return text


def summary(report: ChangeReport) -> str:
    """`12 to create, 1 to change; 140 unchanged`."""
    words = _WORDS if report.operation == "preview" else _DONE
    parts = [f"{report.count(action)} {word}" for action, word in words.items() if report.count(action)]
    return f"{', '.join(parts) or 'no changes'}; {report.unchanged} unchanged"


def short_type(token: str) -> str:
    """`aws:ec2/vpc:Vpc` → `aws:ec2:Vpc`."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    return ":".join(part for part in (package, module.split("/")[0], name) if part)


def text(report: ChangeReport, paint: Paint = _colourless) -> str:
    """Every change by component, properties of changed resources under them, the summary last."""
    lines = _drift(report, paint)
    lines += [line for change_lines in _blocks(report, paint) for line in change_lines]
    lines += [f"warning: {message}" for message in report.messages]
    return "\n".join([*lines, summary(report)])


def digest(report: ChangeReport, paint: Paint = _colourless) -> str:
    """Large reports in a few lines: what happens to how many of which type, by component; the summary last."""
    lines = []
    kinds_by_place: defaultdict[tuple[str, Action], Counter[str]] = defaultdict(Counter)
    for change in report.resources():
        kinds_by_place[change.component, change.action][short_type(change.type).rpartition(":")[2]] += 1
    for component, action in sorted(kinds_by_place, key=lambda place: (place[0], list(Action).index(place[1]))):
        kinds = kinds_by_place[component, action]
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        lines.append(paint(f"  {SIGNS[action]} {component or 'stack':10} {counted}", COLOURS[action]))
    return "\n".join([*lines, summary(report)])


def markdown(report: ChangeReport) -> str:
    """The body of a review comment: the summary, then what changes; long lists of creations are folded away."""
    lines = [f"### `{report.stack}`: {summary(report)}", ""]
    for action in (Action.DELETE, Action.REPLACE, Action.UPDATE, Action.CREATE):
        changes = [change for change in report.resources() if change.action is action]
        if not changes:
            continue
        head = f"{len(changes)} {(_WORDS if report.operation == 'preview' else _DONE)[action]}"
        fold = action is Action.CREATE and len(changes) > 10
        lines += [f"<details><summary>{head}</summary>" if fold else f"**{head}**", ""]
        for change in changes:
            lines.append(f"- `{short_type(change.type)}` {change.name}")
            lines += [f"  - `{line}`" for item in change.properties for line in _property(item) if "`" not in line]
        lines += ["", "</details>", ""] if fold else [""]
    lines += [f"> {message}" for message in report.messages]
    return "\n".join(lines).rstrip() + "\n"


def _drift(report: ChangeReport, paint: Paint) -> list[str]:
    """What somebody or something else changed in the cloud; an update takes it back."""
    lines = [line for change in report.drift if change.kind is Kind.RESOURCE for line in _lines(change, paint)]
    return ["drift: the cloud is not as it was last made", *lines] if lines else []


def _blocks(report: ChangeReport, paint: Paint) -> Iterator[list[str]]:
    for component, changes in groupby(report.resources(), key=lambda change: change.component):
        yield [component or "stack"]
        for change in changes:
            yield _lines(change, paint)


def _lines(change: ResourceChange, paint: Paint) -> list[str]:
    head = f"  {SIGNS[change.action]} {short_type(change.type):36} {change.name}"
    note = "  (protected)" if change.protected and change.action in {Action.DELETE, Action.REPLACE} else ""
    properties = [f"      {line}" for item in change.properties for line in _property(item)]
    return [paint(head, COLOURS[change.action]) + note, *properties]


def _property(item: PropertyChange) -> list[str]:
    note = "  (forces replacement)" if item.forces_replacement else ""
    before, after = _readable(item.before), _readable(item.after)
    if "\n" in before or "\n" in after:
        return [f"{item.path}:{note}", *(f"  {line}" for line in _line_diff(before, after))]
    match item.difference:
        case Difference.ADD:
            return [f"{item.path}: {_cut(after)}{note}"]
        case Difference.DELETE:
            return [f"{item.path}: {_cut(before)} → gone{note}"]
        case _:
            return [f"{item.path}: {_cut(before)} → {_cut(after)}{note}"]


def _line_diff(before: str, after: str) -> list[str]:
    """Only the lines that differ, at most a screenful."""
    lines = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    rest = len(lines) - _LONGEST_DIFF
    return [*lines[:_LONGEST_DIFF], f"… {rest} more lines"] if rest > 0 else lines


def _readable(value: Any) -> str:
    """Strings as they are (base64 texts, as user data, decoded), everything else as compact JSON."""
    if not isinstance(value, str):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    if len(value) > 100 and len(value) % 4 == 0:
        try:
            return base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return value
    return value


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 1]}…"
