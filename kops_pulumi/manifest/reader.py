"""YAML text → documents with positions. Reads libyaml's events, so that a hostile file is refused while it is read.

YAML 1.2's core schema decides what a plain scalar is; duplicate keys, foreign tags, deep nesting and exploding aliases
are findings, as are syntax errors, all in the form `file:line:col: message`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from kops_pulumi.errors import Finding, KeyPath, Location, Severity
from kops_pulumi.manifest.nodes import Entry, Node, Scalar, resolve

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_ALIASES = 200
MAX_VALUES = 100_000
"""Values of one file, aliases expanded: far beyond any cluster, far below what would hurt."""

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
ANGLO_BOOLEANS = frozenset(form for word in ("yes", "no", "on", "off") for form in (word, word.title(), word.upper()))
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset(f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null"))


@dataclass(slots=True)
class _Open:
    """A collection that is being read."""

    node: Node
    path: KeyPath
    anchor: str | None
    key: str | None = None
    key_event: Any = None
    size: int = 1
    """Values in it, aliases expanded."""
    end: int = 0
    """Behind the last character of what was read so far."""
    merges: list[Node] = field(default_factory=list)


class _RefusedError(Exception):
    """The file cannot be read on."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def read(text: str, name: str) -> tuple[list[Node], list[Finding]]:
    """The root values of a text's documents, and what is wrong with its YAML; empty documents are left out."""
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        limit = Finding((), f"the file is larger than {MAX_BYTES // 1024} KiB", location=Location(name, 1, 1))
        return [], [limit]
    reader = _Reader(text, name)
    try:
        reader.run(_LOADER(text))
    except _RefusedError as refused:
        reader.findings.append(refused.finding)
    except yaml.YAMLError as error:
        reader.findings.append(_syntax_error(error, text, name))
    return reader.roots, reader.findings


class _Reader:
    """The state of reading one text: open collections, anchors, findings."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.roots: list[Node] = []
        self.findings: list[Finding] = []
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.aliases = 0

    def run(self, loader: Any) -> None:
        """Follow the events of a loader to the end of the text."""
        try:
            while loader.check_event():
                self._event(loader.get_event())
        finally:
            loader.dispose()

    def _event(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._open(event, Node({}, *self._where(event), style="{" if event.flow_style else ""))
            case yaml.SequenceStartEvent():
                self._open(event, Node([], *self._where(event), style="[" if event.flow_style else ""))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self.anchors.clear()

    def _place(self, event: Any) -> Location:
        return Location(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _where(self, event: Any) -> tuple[Location, None, int, int]:
        return self._place(event), None, event.start_mark.index, event.end_mark.index

    def _refuse(self, event: Any, message: str, hint: str | None = None) -> _RefusedError:
        return _RefusedError(Finding((), message, hint, location=self._place(event)))

    def _scalar(self, event: Any) -> None:
        place, _, start, end = self._where(event)
        style = event.style if event.style in {"'", '"', "|", ">"} else ""
        value: Scalar = event.value
        if event.tag not in {None, "!", f"{_TAG}str"}:
            if event.tag not in _TAGS:
                raise self._refuse(event, f"tag {event.tag} is not allowed", "a manifest is plain YAML")
            value = resolve(event.value)
        elif event.tag is None and not style:
            value = resolve(event.value)
        node = Node(value, place, event.value, start, end, style)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1)
        if not self._is_key(event):
            self._anglo_boolean(node)
            end = start + len(self.text[start:end].rstrip()) if style in {"|", ">"} else end
            self._add(event, node, 1, end)

    def _anglo_boolean(self, node: Node) -> None:
        if not node.style and node.text in ANGLO_BOOLEANS:
            truth = "true" if node.text.lower() in {"yes", "on"} else "false"
            message = f"{node.text!r} is text here but a boolean to kops"
            hint = f"write {truth}, or quote it"
            self.findings.append(Finding(self._path(), message, hint, Severity.WARNING, location=node.place))

    def _path(self) -> KeyPath:
        if not self.stack:
            return ()
        top = self.stack[-1]
        step: str | int | None = len(top.node.value) if isinstance(top.node.value, list) else top.key
        return (*top.path, step) if step is not None else top.path

    def _is_key(self, event: Any) -> bool:
        """Whether the scalar is a mapping's next key; keys are their source text (`100:` is "100")."""
        top = self.stack[-1] if self.stack else None
        if top is None or not isinstance(top.node.value, dict) or top.key is not None:
            return False
        key = str(event.value)
        if key in top.node.entries:
            first = top.node.entries[key].place
            message = f"the key is given twice; the first is at {first.line}:{first.column}"
            self.findings.append(Finding((*top.path, key), message, "keep one of them", location=self._place(event)))
        top.key, top.key_event = key, event
        return True

    def _open(self, event: Any, node: Node) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")
        if self.stack and isinstance(self.stack[-1].node.value, dict) and self.stack[-1].key is None:
            raise self._refuse(event, "a key must be a single word, not a list or a mapping")
        self.stack.append(_Open(node, self._path(), event.anchor))

    def _close(self, event: Any) -> None:
        done = self.stack.pop()
        end = event.end_mark.index if done.node.style else done.end
        done.node.end = end
        entries = done.node.value
        for merged in done.merges:
            for key, child in (merged.mapping or {}).items():
                if isinstance(entries, dict):
                    entries.setdefault(key, child)
        if done.anchor:
            self.anchors[done.anchor] = (done.node, done.size)
        self._add(event, done.node, done.size, end)

    def _alias(self, event: Any) -> None:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise self._refuse(event, f"more than {MAX_ALIASES} aliases")
        if self.stack and isinstance(self.stack[-1].node.value, dict) and self.stack[-1].key is None:
            raise self._refuse(event, "an alias cannot be a key")
        if event.anchor not in self.anchors:
            raise self._refuse(event, f"there is no anchor &{event.anchor} before this alias")
        node, size = self.anchors[event.anchor]
        self._add(event, node, size, event.end_mark.index)

    def _add(self, event: Any, node: Node, size: int, end: int) -> None:
        """Put a finished value where it belongs: into its collection, or among the documents."""
        if not self.stack:
            self._root(node)
            return
        top = self.stack[-1]
        top.size, top.end = top.size + size, end
        if top.size > MAX_VALUES:
            raise self._refuse(event, f"more than {MAX_VALUES} values once aliases are expanded")
        alias = isinstance(event, yaml.AliasEvent)
        start = event.start_mark.index if alias else node.start
        if isinstance(top.node.value, list):
            place = self._place(event) if alias else node.place or self._place(event)
            top.node.entries[len(top.node.value)] = Entry(place, start, start, start, end, alias)
            top.node.value.append(node)
        elif isinstance(top.node.value, dict) and top.key is not None:
            self._add_entry(top, top.node.value, node, Entry(*self._key_span(top.key_event), start, end, alias))

    def _key_span(self, event: Any) -> tuple[Location, int, int]:
        return self._place(event), event.start_mark.index, event.end_mark.index

    def _add_entry(self, top: _Open, values: dict[str, Node], node: Node, entry: Entry) -> None:
        key = str(top.key)
        top.key = None
        if key == "<<":
            top.merges.extend(node.items or [node])
        elif key not in top.node.entries:
            values[key] = node
        top.node.entries.setdefault(key, entry)

    def _root(self, node: Node) -> None:
        if node.value is None:
            return
        if isinstance(node.value, dict):
            self.roots.append(node)
            return
        kind = "a list" if isinstance(node.value, list) else "a single value"
        hint = "every document is one object: apiVersion, kind, metadata, spec"
        self.findings.append(Finding((), f"a document must be a mapping, not {kind}", hint, location=node.place))


_SYNTAX = (
    ("tab character", "a tab cannot indent", "use spaces"),
    ("mapping values are not allowed", "a colon where no key can be", "quote the value, or mend the indentation"),
    ("could not find expected ':'", "a colon is missing behind this key", None),
    ("did not find expected key", "this line does not fit the mapping it stands in", "check its indentation"),
    ("did not find expected '-' indicator", "this line does not fit the list it stands in", "check its indentation"),
    ("unexpected end of stream", "the file ends inside a quoted text", "close the quotes"),
    ("did not find expected ',' or", "the list or mapping in brackets is not closed", "check commas and brackets"),
    ("did not find expected node content", "a value is missing here, or a bracket is not closed", None),
    ("undefined alias", "an alias without an anchor before it", None),
    ("control characters", "the file has characters that YAML does not allow", None),
    ("special characters", "the file has characters that YAML does not allow", None),
)
"""libyaml's complaints, in the words of somebody who looks at the file."""


def _syntax_error(error: yaml.YAMLError, text: str, name: str) -> Finding:
    """libyaml's complaint about the text as a finding with its position."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    if "found character that cannot start any token" in problem and mark is not None:
        lines = text.splitlines()
        rest = lines[mark.line][mark.column :] if mark.line < len(lines) else ""
        problem = "tab character" if rest.startswith("\t") else f"a value cannot begin with {rest[:1]!r}; quote it"
    message, hint = next(((ours, way) for theirs, ours, way in _SYNTAX if theirs in problem), (problem, None))
    location = Location(name, mark.line + 1, mark.column + 1) if mark is not None else _first_control(text, name)
    return Finding((), f"YAML: {message}", hint, location=location)


def _first_control(text: str, name: str) -> Location:
    """Where the first character stands that YAML does not allow; libyaml gives no mark for it."""
    found = _NOT_YAML.search(text)
    before = text[: found.start()] if found else ""
    return Location(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
