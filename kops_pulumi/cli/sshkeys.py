"""`create sshpublickey` and `delete sshpublickey`: the key that operators log in with, in the manifest."""

from __future__ import annotations

from pathlib import Path

import click

from kops_pulumi.cli.editing import Work, edits
from kops_pulumi.cli.groups import end
from kops_pulumi.cli.target import FILE
from kops_pulumi.errors import ExitCode, KopsError
from kops_pulumi.store import read_text

_NAME = "admin"
"""As kops names the one key of a cluster."""


@click.command()
@click.option("-i", "--ssh-public-key", "file", type=FILE, required=True, help="File of the public key.")
@edits(cluster=True)
def create(work: Work, file: Path) -> ExitCode:
    """Say which SSH key operators log in with; the public one, machines get it when they are made."""
    key = read_text(file).strip()
    if "PRIVATE KEY" in key:
        raise KopsError(f"{file} is a private key", hint=f"give the public one: {file}.pub")
    cluster = work.draft.find("Cluster").name
    return work.finish(
        work.draft.with_document(
            {
                "apiVersion": "kops.k8s.io/v1alpha2",
                "kind": "SSHCredential",
                "metadata": {"name": _NAME, "labels": {"kops.k8s.io/cluster": cluster}},
                "spec": {"publicKey": key},
            }
        )
    )


@click.command()
@click.option("-y", "--yes", is_flag=True, help="Take it out; without, only tell what would go.")
@edits(cluster=True)
def delete(work: Work, yes: bool) -> ExitCode:
    """Take the operators' SSH key out of the manifest; machines made from then on do not have it."""
    draft = work.draft
    keys = [document.name for document in draft.manifest().documents if document.kind == "SSHCredential"]
    if not keys:
        draft.find("SSHCredential")
    for name in keys:
        draft = draft.without("SSHCredential", name)
    return end(work, draft, yes=yes)
