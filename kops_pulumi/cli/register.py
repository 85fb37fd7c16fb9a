"""`create -f` and `replace -f`: documents that somebody wrote, into the store's manifests.

Files, folders and `-` (standard input) may hold documents of several clusters; each goes where its cluster is. All are
checked before the first is written. A new document keeps its author's text; a replaced one keeps the comments that the
store's file has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli.editing import dry_run_options, finish, from_here
from kops_pulumi.cli.output import as_json, as_yaml, show_findings
from kops_pulumi.cli.target import FILE, newer_allowed, store_of, store_option
from kops_pulumi.errors import ExitCode, Finding, KopsError, Location, ManifestError, NotFoundError, errors_in
from kops_pulumi.store import MANIFEST, Store, read_text

if TYPE_CHECKING:
    from kops_pulumi.draft import Draft
    from kops_pulumi.manifest import Document

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Given:
    """A document as its author wrote it."""

    document: Document
    text: str


@click.command()
@click.option("-f", "--filename", "files", multiple=True, type=FILE, help="A manifest, a folder or -; repeatable.")
@click.option("--force", is_flag=True, help="Also add the documents that are not there yet.")
@store_option
@dry_run_options
@click.pass_context
def replace(
    ctx: click.Context, files: tuple[Path, ...], force: bool, state: str | None, dry_run: bool, output: str
) -> ExitCode:
    """Give documents of the store the contents of files.

    Only what differs is written, so comments stay. A document that is not there is refused, unless --force is given.

    \b
      kops-pulumi get all -o yaml > all.yaml; …; kops-pulumi replace -f all.yaml
      kops-pulumi toolbox template --template t.yaml --values v.yaml | kops-pulumi replace --force -f -
    """
    if not files:
        raise click.UsageError("which documents? give them with -f FILE", ctx=ctx)
    store = store_of(ctx, state)
    drafts, everything = {}, read(files)
    for name, given in by_cluster(everything).items():
        draft = _opened(store, name, given)
        for one in given:
            draft = _replaced(draft, one, force=force)
        drafts[name] = draft
    return conclude(drafts, everything, dry_run=dry_run, output=output)


def register(store: Store, files: tuple[Path, ...], *, dry_run: bool, output: str) -> ExitCode:
    """`create -f`: every document is new; whole clusters, or groups, keys and keysets of clusters that are there."""
    drafts, everything = {}, read(files)
    for name, given in by_cluster(everything).items():
        draft = _opened(store, name, given)
        for one in () if _is_new(draft) else given:
            draft = draft.with_document(one.document.data, one.text)
        drafts[name] = draft
    return conclude(drafts, everything, dry_run=dry_run, output=output)


def remove(store: Store, files: tuple[Path, ...], *, yes: bool, dry_run: bool, output: str) -> ExitCode:
    """`delete -f`: the documents go from their clusters' manifests; whole clusters are another verb's business."""
    drafts, everything = {}, read(files)
    for name, given in by_cluster(everything).items():
        draft = _opened(store, name, [])
        for one in given:
            if one.document.kind == "Cluster":
                hint = f"`kops-pulumi delete cluster {name}` removes it from the cloud"
                raise KopsError(f"{one.document.title} is a whole cluster", hint=hint)
            draft = draft.without(one.document.kind, one.document.name)
        drafts[name] = draft
    if yes or dry_run:
        return conclude(drafts, everything, dry_run=dry_run, output=output)
    for draft in drafts.values():
        draft.check(force=newer_allowed())
        for title in draft.gone():
            click.echo(f"would remove {title}")
    click.echo("Nothing has been removed; --yes takes it out of the manifest.", err=True)
    return ExitCode.OK


def conclude(drafts: Mapping[str, Draft], given: Iterable[Given], *, dry_run: bool, output: str) -> ExitCode:
    """Check all drafts, then print or write all: findings of any leave all as they were."""
    findings = list(_findings(drafts.values(), given))
    if errors_in(findings):
        show_findings(findings)
        return ExitCode.FINDINGS
    if dry_run and len(drafts) > 1:
        from kops_pulumi.spec.written import as_written

        documents = [as_written(document) for draft in drafts.values() for document in draft.changes()]
        click.echo(as_json(documents) if output == "json" else as_yaml(documents))
        return ExitCode.OK
    for name, draft in drafts.items():
        finish(draft, cluster=name, dry_run=dry_run, output=output)
    return ExitCode.OK


def _findings(drafts: Iterable[Draft], given: Iterable[Given]) -> Iterator[Finding]:
    """All findings; those in a text that was given, at the place where its author has it."""
    sources = {one.text.strip("\n"): one.document for one in given}
    for draft in drafts:
        try:
            draft.check(force=newer_allowed())
        except ManifestError as error:
            documents = {document.title: document for document in draft.manifest().documents}
            for finding in error.findings:
                written = documents.get(finding.document or "")
                source = sources.get(draft.text_of(written)[0].strip("\n")) if written else None
                yield _moved(finding, written, source) if written and source else finding


def _moved(finding: Finding, written: Document, source: Document) -> Finding:
    here, there, place = written.root.place, source.root.place, finding.location
    if here is None or there is None or place is None:
        return finding
    return finding.at(Location(there.file, place.line - here.line + there.line, place.column))


def read(files: Iterable[Path]) -> list[Given]:
    """The documents of files, of the YAML files of folders, and of standard input (`-`)."""
    from kops_pulumi import manifest

    found = list[Given]()
    for path in _expanded(files):
        text = sys.stdin.read() if path == STDIN else read_text(path)
        loaded = manifest.loads(text, str(path))
        if errors := errors_in(loaded.findings):
            raise ManifestError(errors)
        found += [Given(*pair) for pair in zip(loaded.documents, manifest.split(text), strict=True)]
    if not found:
        raise KopsError(f"there are no documents in {', '.join(map(str, files))}")
    return found


def by_cluster(given: Iterable[Given]) -> dict[str, list[Given]]:
    """Documents by the cluster that they say they belong to; what says nothing belongs to the only one among them."""
    every = list(given)
    clusters = [one.document.name for one in every if one.document.kind == "Cluster" and one.document.name]
    found = dict[str, list[Given]]()
    for one in every:
        name = one.document.name if one.document.kind == "Cluster" else _label(one.document)
        name = name or (clusters[0] if len(set(clusters)) == 1 else "")
        if not name or "/" in name or name in {".", ".."}:
            path = ("metadata", "name") if one.document.kind == "Cluster" else ("metadata", "labels")
            hint = None if one.document.kind == "Cluster" else "add the label kops.k8s.io/cluster with its cluster"
            finding = Finding(path, "does not say which cluster this is", hint, document=one.document.title)
            raise ManifestError([finding.at(place) if (place := one.document.locate(path)) else finding])
        found.setdefault(name, []).append(one)
    return found


def _expanded(files: Iterable[Path]) -> Iterator[Path]:
    for path in files:
        if path != STDIN and path.is_dir():
            inside = sorted(p for p in path.glob("*.y*ml") if p.is_file() and not p.name.startswith("Pulumi"))
            if not inside:
                raise NotFoundError(f"there are no YAML files in the folder {path}")
            yield from inside
        else:
            yield path


def _label(document: Document) -> str:
    metadata: Any = document.data.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return str(labels.get("kops.k8s.io/cluster") or "") if isinstance(labels, dict) else ""


def _opened(store: Store, name: str, given: list[Given]) -> Draft:
    """The draft of the cluster's files, or of a new file with the given documents when there are none."""
    from kops_pulumi.draft import Draft

    whole = any(one.document.kind == "Cluster" for one in given)
    if name in store.names() or not whole:
        return Draft.open([from_here(path) for path in store.paths(name)])
    text = "---\n".join(one.text for one in given)
    return Draft.new(from_here(store.root / name / MANIFEST), text)


def _is_new(draft: Draft) -> bool:
    return all(text is None for text in draft.before.values())


def _replaced(draft: Draft, one: Given, *, force: bool) -> Draft:
    from kops_pulumi.manifest import Set
    from kops_pulumi.spec.written import replacement

    new = one.document
    if _is_new(draft) or not draft.has(new.kind, new.name):
        if not force:
            raise NotFoundError(f"there is no {new.title} to replace", hint="--force adds what is not there")
        return draft if _is_new(draft) else draft.with_document(new.data, one.text)
    old = draft.find(new.kind, new.name)
    return draft.edited(Set(new.title, (), replacement(new, old)))
