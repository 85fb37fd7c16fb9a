"""`create secret` and `delete secret`: what the user gives a cluster in confidence.

The manifest declares that the secret is there, and its generation; the value goes to the stack's encrypted
configuration, `Pulumi.<stack>.yaml` beside the manifest (docs/adr/0018). The next update hands it to the machines, or
to the cluster, by the secret channel.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kops_pulumi.cli.editing import Work, edits
from kops_pulumi.cli.engine import open_state
from kops_pulumi.cli.groups import end
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.target import FILE
from kops_pulumi.errors import ExitCode, KopsError, NotFoundError
from kops_pulumi.store import read_text

_HERE = "kops_pulumi.cli.secrets"
NAMES = ("dockerconfig", "encryptionconfig", "ciliumpassword")
"""As `plan.given.NAMES`, without importing it; a test holds them together."""


@click.command()
@click.option("-f", "--filename", "file", type=FILE, required=True, help="File of credentials: a docker config.json.")
@click.option("--force", is_flag=True, help="Replace the one that is there.")
@edits(cluster=True)
def dockerconfig(work: Work, file: Path, force: bool) -> ExitCode:
    """Credentials of container registries, for the kubelets of all machines."""
    return _given(work, "dockerconfig", _docker(read_text(file), file), force=force)


@click.command()
@click.option("-f", "--filename", "file", type=FILE, required=True, help="File of an EncryptionConfiguration.")
@click.option("--force", is_flag=True, help="Replace the one that is there.")
@edits(cluster=True)
def encryptionconfig(work: Work, file: Path, force: bool) -> ExitCode:
    """How API servers encrypt objects in etcd, instead of the default: Secrets, with a key of the cluster's own."""
    return _given(work, "encryptionconfig", _encryption(read_text(file), file), force=force)


@click.command()
@click.option("-f", "--filename", "file", type=FILE, required=True, help="File of cilium's IPsec key.")
@click.option("--force", is_flag=True, help="Replace the one that is there.")
@edits(cluster=True)
def ciliumpassword(work: Work, file: Path, force: bool) -> ExitCode:
    """The key with which cilium encrypts between machines (networking.cilium.encryptionType: ipsec).

    \b
      echo "3+ rfc4106(gcm(aes)) $(openssl rand -hex 20) 128" > key
    """
    text = read_text(file).strip()
    if not text:
        raise KopsError(f"{file} is empty", hint="see `create secret ciliumpassword --help` for how to make a key")
    return _given(work, "ciliumpassword", text, force=force)


_VERBS = {
    "dockerconfig": Verb(f"{_HERE}:dockerconfig", "Credentials of container registries, for all kubelets."),
    "encryptionconfig": Verb(f"{_HERE}:encryptionconfig", "How API servers encrypt objects in etcd."),
    "ciliumpassword": Verb(f"{_HERE}:ciliumpassword", "The key with which cilium encrypts between machines."),
}
create = LazyGroup("secret", verbs=_VERBS, help="Give a cluster a secret; it is kept encrypted, never in a manifest.")


@click.command()
@click.argument("secret", metavar="{dockerconfig|encryptionconfig|ciliumpassword}", type=click.Choice(NAMES))
@click.option("-y", "--yes", is_flag=True, help="Take it away; without, only tell what would go.")
@edits(cluster=True)
def delete(work: Work, secret: str, yes: bool) -> ExitCode:
    """Take a secret away from a cluster; machines lose it with the next update and roll."""
    if not work.draft.has("Keyset", secret):
        raise NotFoundError(f"{work.name} has no secret {secret}", hint="`get secrets` lists those that it has")
    code = end(work, work.draft.without("Keyset", secret), yes=yes)
    if yes and code == ExitCode.OK and not work.dry_run:
        _kept(work, lambda stack, secrets: secrets.forget(stack, secret))
    return code


def _given(work: Work, name: str, value: str, *, force: bool) -> ExitCode:
    """Declare the secret in the manifest, and keep its value encrypted: first the checks, then both, or none."""
    from kops_pulumi.cli.target import newer_allowed

    there = work.draft.has("Keyset", name)
    if there and not force:
        raise KopsError(f"{work.name} has a secret {name} already", hint="--force gives it a new value")
    draft = work.draft
    if there:
        from kops_pulumi.manifest import Set
        from kops_pulumi.spec.written import as_written

        spec = as_written(draft.find("Keyset", name))["spec"]
        draft = draft.edited(Set(f"Keyset/{name}", ("spec",), _declared(str(int(spec["primaryID"]) + 1))))
    else:
        labels = {"kops.k8s.io/cluster": draft.find("Cluster").name}
        metadata = {"name": name, "labels": labels}
        document = {"apiVersion": "kops.k8s.io/v1alpha2", "kind": "Keyset", "metadata": metadata}
        draft = draft.with_document({**document, "spec": _declared("1")})
    if not work.dry_run:
        draft.check(force=newer_allowed())
        _kept(work, lambda stack, secrets: secrets.keep(stack, name, value))
    return work.finish(draft)


def _declared(generation: str) -> dict[str, Any]:
    return {"type": "Secret", "primaryID": generation, "keys": [{"id": generation}]}


def _kept(work: Work, do: Callable[[Any, Any], None]) -> None:
    """Do something with the stack's secret configuration; rehearsals have made-up values and keep none."""
    if click.get_current_context().find_root().params.get("rehearsing"):
        click.echo("rehearsal: the value is not kept, rehearsed machines get a made-up one", err=True)
        return
    from kops_pulumi.automation import secrets

    stack = open_state(work.draft.find("Cluster").name, work.store)
    do(stack, secrets)
    click.echo(f"wrote the encrypted value to {stack.settings.shared}: commit it with the manifest", err=True)


def _docker(text: str, file: Path) -> str:
    hint = 'it looks like {"auths": {"registry.example.com": {"auth": "…"}}}; `docker login` writes one'
    try:
        found = json.loads(text)
    except ValueError as error:
        raise KopsError(f"{file} is no JSON: {error}", hint=hint) from None
    if not isinstance(found, dict) or not {"auths", "credHelpers", "credsStore"} & found.keys():
        raise KopsError(f"{file} is no docker config.json", hint=hint)
    if "credsStore" in found and "auths" not in found:
        raise KopsError(f"{file} keeps its passwords elsewhere (credsStore), machines could not read them", hint=hint)
    return text.strip()


def _encryption(text: str, file: Path) -> str:
    import yaml

    hint = "https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/ tells what is in it"
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        raise KopsError(f"{file} is no YAML", hint=hint) from None
    resources = found.get("resources") if isinstance(found, dict) else None
    if not resources or not isinstance(resources, list) or found.get("kind") != "EncryptionConfiguration":
        raise KopsError(f"{file} is no EncryptionConfiguration", hint=hint)
    return text.strip()
