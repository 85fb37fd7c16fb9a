"""The user's files ⇄ documents with positions, overlays with provenance, and edits that keep comments.

Stage one of the story. It knows YAML and nothing of clusters beyond `kind` and `metadata.name`: what a field means is
`spec`'s business. Reading never raises for what a user wrote: everything wrong is a `Finding` of the `Manifest`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kops_pulumi.errors import Finding, KeyPath, Location
from kops_pulumi.manifest.dump import dump, dump_all
from kops_pulumi.manifest.edit import AppendDocument, Edit, RemoveDocument, ReplaceDocument, Set, Unset, edit, split
from kops_pulumi.manifest.nodes import Node, of_data
from kops_pulumi.manifest.overlay import merge_documents
from kops_pulumi.manifest.reader import read

__all__ = [
    "AppendDocument",
    "Document",
    "Edit",
    "Manifest",
    "RemoveDocument",
    "ReplaceDocument",
    "Set",
    "Unset",
    "dump",
    "dump_all",
    "edit",
    "from_data",
    "load",
    "loads",
    "split",
    "texts",
]

STDIN = "-"
"""The file name that means standard input."""


@dataclass(frozen=True)
class Document:
    """One YAML document: a mapping with the place of everything in it."""

    root: Node

    @property
    def kind(self) -> str:
        """`kind`, or an empty text."""
        return _text(self.root, "kind")

    @property
    def api_version(self) -> str:
        """`apiVersion`, or an empty text."""
        return _text(self.root, "apiVersion")

    @property
    def name(self) -> str:
        """`metadata.name`, or an empty text."""
        metadata = self.root.child("metadata")
        return _text(metadata, "name") if metadata else ""

    @property
    def title(self) -> str:
        """`Kind/name`, as findings call the document."""
        return "/".join(part for part in (self.kind, self.name) if part) or "document"

    @cached_property
    def data(self) -> dict[str, Any]:
        """The document as plain data. A plain `1.30` is a number here; `spec` goes back to the source text."""
        data: dict[str, Any] = self.root.plain()
        return data

    def locate(self, path: KeyPath, *, key: bool = False) -> Location | None:
        """Where a value stands, in whichever file gave it; the nearest ancestor when it is absent."""
        return self.root.locate(path, key=key)


@dataclass(frozen=True)
class Manifest:
    """Everything the user's files say, and what is wrong with their YAML."""

    documents: tuple[Document, ...]
    findings: tuple[Finding, ...] = ()
    sources: tuple[str, ...] = ()
    """Names of the files, in the order they were read."""

    def get(self, kind: str, name: str = "") -> Document | None:
        """The first document of that kind (and name)."""
        return next((doc for doc in self.documents if doc.kind == kind and name in {"", doc.name}), None)


def loads(text: str, name: str = STDIN) -> Manifest:
    """Read one text; `name` is what findings call it."""
    roots, findings = read(text, name)
    return Manifest(tuple(Document(root) for root in roots), tuple(findings), (name,))


def load(paths: Sequence[str | Path], overlays: Sequence[str | Path] = ()) -> Manifest:
    """Read files (`-` is standard input) and lay each overlay over them, in order."""
    base = _join(_load_file(path) for path in paths)
    for path in overlays:
        layer = _load_file(path)
        roots, findings = merge_documents(
            [document.root for document in base.documents], [document.root for document in layer.documents]
        )
        base = Manifest(
            tuple(Document(root) for root in roots),
            (*base.findings, *layer.findings, *findings),
            (*base.sources, *layer.sources),
        )
    return base


def texts(named: Mapping[str, str]) -> Manifest:
    """Read several texts as one manifest, by the names that findings call them: files that are being edited."""
    return _join(loads(text, name) for name, text in named.items())


def from_data(documents: Iterable[Mapping[str, Any]]) -> Manifest:
    """A manifest from plain data, for programs that write no file; its findings have no positions."""
    return Manifest(tuple(Document(of_data(dict(document))) for document in documents))


def _load_file(path: str | Path) -> Manifest:
    name = str(path)
    try:
        text = sys.stdin.read() if name == STDIN else Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = f"cannot read the file: {error.strerror}"
        return Manifest((), (Finding((), reason, location=Location(name, 1, 1)),), (name,))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return Manifest((), (Finding((), "the file is not UTF-8 text", location=Location(name, line, 1)),), (name,))
    return loads(text, name)


def _join(parts: Iterable[Manifest]) -> Manifest:
    manifests = list(parts)
    return Manifest(
        tuple(document for manifest in manifests for document in manifest.documents),
        tuple(finding for manifest in manifests for finding in manifest.findings),
        tuple(source for manifest in manifests for source in manifest.sources),
    )


def _text(node: Node, key: str) -> str:
    child = node.child(key)
    return child.text or "" if child is not None and child.text is not None else ""
