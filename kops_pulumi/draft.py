"""A cluster's manifest while a verb edits it: the files' texts as they are and as they shall be.

Every verb that writes a manifest goes this way: open, edit (`manifest.edit`, so comments stay), check (all stages up to
the plan), save. Nothing is written before the check has passed, and files are replaced whole: what is refused changes
nothing. A draft is a value; this module must not print.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kops_pulumi import manifest, pipeline, spec
from kops_pulumi.errors import KopsError, ManifestError, NotFoundError, errors_in
from kops_pulumi.manifest import AppendDocument, Document, Edit, Manifest, RemoveDocument, ReplaceDocument, Set, Unset
from kops_pulumi.pipeline import Planned
from kops_pulumi.spec.written import as_written
from kops_pulumi.store import read_text, replace_files

__all__ = ["Draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """Files and their texts; an absent file has none."""

    before: Mapping[Path, str | None]
    after: Mapping[Path, str]

    @classmethod
    def open(cls, paths: Sequence[Path]) -> Draft:
        """The draft of a manifest's files, still as they are; ManifestError when they are no YAML."""
        texts = {path: read_text(path) for path in paths}
        draft = cls(dict(texts), texts)
        if errors := errors_in(draft.manifest().findings):
            raise ManifestError(errors)
        return draft

    @classmethod
    def new(cls, path: Path, text: str) -> Draft:
        """The draft of a file that shall be made."""
        return cls({path: None}, {path: text})

    def manifest(self) -> Manifest:
        """The documents as they shall be, with their places in the files to come."""
        return manifest.texts({str(path): text for path, text in self.after.items()})

    def find(self, kind: str, name: str = "") -> Document:
        """One document; NotFoundError, with the names that there are, when it is not there."""
        documents = [document for document in self.manifest().documents if document.kind == kind]
        found = next((document for document in documents if name in {"", document.name}), None)
        if found is None:
            names = ", ".join(document.name for document in documents)
            title = f"{kind} {name}".strip()
            raise NotFoundError(f"there is no {title} in the manifest", hint=f"there are: {names}" if names else None)
        return found

    def text_of(self, document: Document) -> tuple[str, int]:
        """A document's own text, comments included, and the line of its file on which it begins, counting from 1."""
        place = document.root.place
        path = next(path for path in self.after if place is not None and str(path) == place.file)
        text = self.after[path]
        parts, documents = manifest.split(text), manifest.loads(text, str(path)).documents
        part = next(p for p, d in zip(parts, documents, strict=True) if d.root.start == document.root.start)
        return part, text[: text.index(part.rstrip("\n"))].count("\n") + 1

    def has(self, kind: str, name: str) -> bool:
        """Whether the document is there."""
        return self.manifest().get(kind, name) is not None

    def edited(self, *changes: Edit) -> Draft:
        """With changes, each in the file that has its document; a new document goes behind others of its kind."""
        texts = dict(self.after)
        for change in changes:
            path = _home(texts, change)
            texts[path] = manifest.edit(texts[path], [change])
        return replace(self, after=texts)

    def with_document(self, data: dict[str, Any], text: str | None = None) -> Draft:
        """With one more document; refused when there is one of that kind and name."""
        (document,) = manifest.from_data([data]).documents
        if self.has(document.kind, document.name):
            raise KopsError(f"{document.title} exists already", hint="`replace -f` overwrites it, `edit` changes it")
        return self.edited(AppendDocument(data, text))

    def without(self, kind: str, name: str) -> Draft:
        """Without a document, which has to be there."""
        self.find(kind, name)
        return self.edited(RemoveDocument(f"{kind}/{name}"))

    def check(self, *, force: bool = False) -> Planned:
        """Run the stages up to the plan on what the files shall say; ManifestError with all findings."""
        return pipeline.run(spec.parse(self.manifest()), force=force)

    @property
    def changed(self) -> bool:
        """Whether saving would change a file."""
        return any(self.before.get(path) != text for path, text in self.after.items())

    def changes(self) -> list[Document]:
        """The documents that are new or say something else, in the order of the files."""
        known = {path: text for path, text in self.before.items() if text is not None}
        old = {d.title: as_written(d) for d in manifest.texts({str(p): t for p, t in known.items()}).documents}
        return [d for d in self.manifest().documents if old.get(d.title) != as_written(d)]

    def gone(self) -> list[str]:
        """Titles of the documents that saving takes away."""
        known = {str(path): text for path, text in self.before.items() if text is not None}
        kept = {document.title for document in self.manifest().documents}
        return [d.title for d in manifest.texts(known).documents if d.title not in kept]

    def save(self) -> tuple[Path, ...]:
        """Replace the changed files, all of them or none, unless somebody changed them meanwhile; returns them.

        A file without any document left is removed.
        """
        changed = {path: text for path, text in self.after.items() if self.before.get(path) != text}
        for path in changed:
            now = read_text(path) if path.exists() else None
            if now != self.before.get(path):
                raise KopsError(f"{path} was changed by somebody else meanwhile", hint="run the same command again")
        replace_files({path: text if _says_something(text) else None for path, text in changed.items()})
        return tuple(changed)


def _home(texts: Mapping[Path, str], change: Edit) -> Path:
    """The file of the document that a change is about, or the one where a new document belongs."""
    holders = {path: manifest.loads(text, str(path)).documents for path, text in texts.items()}
    match change:
        case AppendDocument(data):
            alike = [path for path, found in holders.items() if any(d.kind == data.get("kind") for d in found)]
            return (alike or list(texts))[-1 if alike else 0]
        case Set(document) | Unset(document) | RemoveDocument(document) | ReplaceDocument(document):
            kind, _, name = document.partition("/")
            owners = (path for path, found in holders.items() if _among(found, kind, name))
            return next(owners, next(iter(texts)))


def _among(documents: Iterable[Document], kind: str, name: str) -> bool:
    return any(document.kind == kind and name in {"", document.name} for document in documents)


def _says_something(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith(("#", "---")) for line in text.splitlines())
