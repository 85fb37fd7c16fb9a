"""`edit cluster | instancegroup`: a document in the user's editor, checked when it is saved, until it is good.

Mistakes come back as comments at the top of the text. Nothing is written before the whole manifest is good; a text that
is given up stays in a file of its own, and is named.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kops_pulumi.cli.complete import complete_groups
from kops_pulumi.cli.editing import Work, edits
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.target import newer_allowed
from kops_pulumi.errors import ExitCode, Finding, KopsError, ManifestError, ToolError, errors_in

if TYPE_CHECKING:
    from kops_pulumi.draft import Draft
    from kops_pulumi.manifest import Document

_VERBS = {
    "cluster": Verb("kops_pulumi.cli.edit:cluster", "Edit the Cluster document."),
    "instancegroup": Verb("kops_pulumi.cli.edit:instancegroup", "Edit an instance group's document."),
}
_ALIASES = {"clusters": "cluster", "ig": "instancegroup", "instancegroups": "instancegroup"}
_MARK = "#| "
"""Begins the lines that are ours in the editor."""
_EDITORS = ("KUBE_EDITOR", "EDITOR")
"""As kubectl and kops look for it."""


@click.group(cls=LazyGroup, verbs=_VERBS, aliases=_ALIASES)
def edit() -> None:
    """Edit a manifest in $EDITOR (or $KUBE_EDITOR; else vi); it is checked before it is written."""


@click.command()
@edits(cluster=True)
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Set a value instead; repeatable.")
@click.option("--unset", "unsettings", multiple=True, metavar="PATH", help="Take a value away instead; repeatable.")
def cluster(work: Work, settings: tuple[str, ...], unsettings: tuple[str, ...]) -> ExitCode:
    """Edit the Cluster document.

    The editor is opened again with what is wrong as comments; saving the same text once more gives up. An unchanged
    text changes nothing.
    """
    return _edit(work, "Cluster", "", settings, unsettings)


@click.command()
@click.argument("group", metavar="GROUP", shell_complete=complete_groups)
@edits()
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Set a value instead; repeatable.")
@click.option("--unset", "unsettings", multiple=True, metavar="PATH", help="Take a value away instead; repeatable.")
def instancegroup(work: Work, group: str, settings: tuple[str, ...], unsettings: tuple[str, ...]) -> ExitCode:
    """Edit an instance group's document; as `edit cluster`."""
    return _edit(work, "InstanceGroup", group, settings, unsettings)


def _edit(work: Work, kind: str, name: str, settings: tuple[str, ...], unsettings: tuple[str, ...]) -> ExitCode:
    if settings or unsettings:
        from kops_pulumi.cli.set import assigned, removed

        draft = assigned(work.draft, kind, name, settings)
        return work.finish(removed(draft, kind, name, unsettings))
    return work.finish(in_editor(work.draft, work.draft.find(kind, name)))


def in_editor(draft: Draft, document: Document) -> Draft:
    """The draft with what the user made of one document; ManifestError when they gave up on its mistakes."""
    from kops_pulumi.manifest import ReplaceDocument

    text, _ = draft.text_of(document)
    shown, findings, edited = text, list[Finding](), draft
    while True:
        written = _opened(_commented(findings, edited, document) + shown, document)
        saved = "".join(line for line in written.splitlines(keepends=True) if not line.startswith(_MARK.rstrip()))
        if saved.rstrip() in {"", text.rstrip()}:
            return draft
        if findings and saved == shown:
            raise _given_up(saved, document, findings)
        shown = saved
        try:
            _same_document(saved, document)
            edited = draft.edited(ReplaceDocument(document.title, saved))
            edited.check(force=newer_allowed())
        except ManifestError as error:
            findings = errors_in(error.findings)
        else:
            return edited


def _same_document(text: str, document: Document) -> None:
    """ManifestError unless the text is YAML and still that one document."""
    from kops_pulumi import manifest

    loaded = manifest.loads(text, document.title)
    if errors := errors_in(loaded.findings):
        raise ManifestError(errors)
    if [found.title for found in loaded.documents] != [document.title]:
        hint = "`create` makes another document"
        raise ManifestError([Finding((), f"this must stay {document.title} and nothing else", hint)])


def _commented(findings: list[Finding], draft: Draft, document: Document) -> str:
    """The findings as comments; lines are counted in what the editor shows."""
    if not findings:
        return ""
    head = [f"{_MARK}Not written yet. What is wrong:"]
    tail = [f"{_MARK}Saving the same text again gives up.", ""]
    ours = draft.manifest().get(document.kind, document.name)
    first = draft.text_of(ours)[1] if ours else 1
    inside = ours.root.place.file if ours and ours.root.place else None
    shift = len(head) + len(findings) + len(tail) - first
    lines = []
    for finding in findings:
        place = finding.location
        mine = place is not None and (place.file == inside and finding.document == document.title)
        where = f"line {place.line + shift}: " if place and mine else f"{finding.document or 'the text'}: "
        hint = f" ({finding.hint})" if finding.hint else ""
        lines.append(f"{_MARK}{where}{finding.dotted}: {finding.message}{hint}".replace(": : ", ": "))
    return "\n".join([*head, *lines, *tail])


def _opened(text: str, document: Document) -> str:
    """What the user's editor leaves of a text."""
    with tempfile.TemporaryDirectory(prefix="kops-pulumi-") as directory:
        path = Path(directory) / f"{document.kind}-{document.name}.yaml"
        path.write_text(text, encoding="utf-8")
        _run([*_editor(), str(path)])
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise KopsError("what the editor left is no text; nothing has been written") from error


def _editor() -> list[str]:
    found = next((os.environ[name] for name in _EDITORS if os.environ.get(name)), "vi")
    try:
        return shlex.split(found)
    except ValueError:
        raise KopsError(f"EDITOR is no command: {found}", hint="export EDITOR=nano, for instance") from None


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, check=False)
    except OSError as error:
        hint = "export EDITOR=nano, for instance; or use --set PATH=VALUE"
        raise ToolError(f"there is no editor {command[0]}: {error.strerror}", hint=hint) from None
    if done.returncode:
        raise KopsError(f"the editor ended with {done.returncode}; nothing has been written")


def _given_up(text: str, document: Document, findings: list[Finding]) -> ManifestError:
    """The findings; the text is kept for another try."""
    descriptor, name = tempfile.mkstemp(prefix=f"kops-pulumi-{document.name}-", suffix=".yaml")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"Nothing has been written; your text is in {name}", err=True)
    return ManifestError(findings)
