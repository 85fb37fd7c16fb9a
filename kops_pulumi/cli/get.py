"""`get clusters | instancegroups | sshpublickeys | all`: what manifests say, as written; nothing is contacted.

`get addons` and `get assets`, which plan the cluster, are in `get_delivered.py`; keys and secrets in `get_keys.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from kops_pulumi.cli.complete import complete_groups
from kops_pulumi.cli.editing import from_here, name_option
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.output import as_json, as_yaml, table
from kops_pulumi.cli.target import cluster_name, complete_names, store_of, store_option
from kops_pulumi.errors import NotFoundError
from kops_pulumi.store import Store

_VERBS = {
    "clusters": Verb("kops_pulumi.cli.get:clusters", "Clusters of the store."),
    "instancegroups": Verb("kops_pulumi.cli.get:instancegroups", "Instance groups of one cluster."),
    "instances": Verb("kops_pulumi.cli.get_instances:instances", "Machines of one cluster, with their nodes."),
    "addons": Verb("kops_pulumi.cli.get_delivered:addons", "What is installed in one cluster."),
    "assets": Verb("kops_pulumi.cli.get_delivered:assets", "Every image, chart and file that one cluster fetches."),
    "secrets": Verb("kops_pulumi.cli.get_keys:secrets", "Secrets of one cluster; never their contents."),
    "keypairs": Verb("kops_pulumi.cli.get_keys:keypairs", "Authorities and keys of one cluster, by generation."),
    "sshpublickeys": Verb("kops_pulumi.cli.get:sshpublickeys", "The SSH key that operators log in with."),
    "kubeconfig": Verb("kops_pulumi.cli.export:get_kubeconfig", "Print how kubectl reaches one cluster."),
    "all": Verb("kops_pulumi.cli.get:everything", "Everything in one cluster's manifest."),
}
_ALIASES = {
    "addon": "addons",
    "asset": "assets",
    "cluster": "clusters",
    "ig": "instancegroups",
    "igs": "instancegroups",
    "instance": "instances",
    "instancegroup": "instancegroups",
    "keypair": "keypairs",
    "kubecfg": "kubeconfig",
    "secret": "secrets",
    "sshpublickey": "sshpublickeys",
}

Document = dict[str, Any]


_FORMATS = click.Choice(["table", "yaml", "json", "name"])


@click.group(cls=LazyGroup, verbs=_VERBS, aliases=_ALIASES, invoke_without_command=True)
@click.option("-o", "--output", type=_FORMATS, help="Format, without a command: everything of one cluster.")
@store_option
@click.pass_context
def get(ctx: click.Context, output: str | None, state: str | None) -> None:
    """List clusters, their groups, keys, secrets, add-ons and assets.

    -o json is always a list and -o yaml always a stream of documents, for one result as for many; `schema` has the
    forms. Without a command, with -o: as `get all`.
    """
    if ctx.invoked_subcommand is None:
        if output is None:
            raise click.UsageError(f"get what? there are: {', '.join(_VERBS)}", ctx=ctx)
        _show_all(store_of(ctx, state), cluster_name(ctx, None, None), output)


def _formats(function: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option("-o", "--output", type=_FORMATS, default="table", help="Format.", show_default=True)
    return option(function)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_names)
@store_option
@_formats
@click.pass_context
def clusters(ctx: click.Context, names: tuple[str, ...], state: str | None, output: str) -> None:
    """Clusters of the store, or those that are named."""
    store = store_of(ctx, state)
    found = [_cluster(store, name) for name in (names or store.names())]
    if not found and output == "table":
        click.echo(f"there are no clusters in {store.root}", err=True)
        return
    rows = [(_name(c), c["spec"].get("cloudProvider"), _zones(c), c["spec"].get("kubernetesVersion")) for c in found]
    _show(found, output, ("NAME", "CLOUD", "ZONES", "KUBERNETES"), rows)


@click.command()
@click.argument("groups", nargs=-1, metavar="[GROUP]...", shell_complete=complete_groups)
@name_option
@store_option
@_formats
@click.pass_context
def instancegroups(
    ctx: click.Context, groups: tuple[str, ...], name: str | None, state: str | None, output: str
) -> None:
    """Instance groups of one cluster, or those that are named."""
    store = store_of(ctx, state)
    documents = _documents(store, cluster_name(ctx, None, name) or store.only())
    found = sorted((d for d in documents if d["kind"] == "InstanceGroup"), key=_name)
    missing = sorted(set(groups) - {_name(group) for group in found})
    if missing:
        raise NotFoundError(
            f"there is no instance group {', '.join(missing)}", hint=f"there are: {', '.join(map(_name, found))}"
        )
    _show([g for g in found if not groups or _name(g) in groups], output, _GROUP_HEADERS, None)


@click.command("all")
@name_option
@click.argument("cluster", required=False, metavar="[CLUSTER]", shell_complete=complete_names)
@store_option
@_formats
@click.pass_context
def everything(ctx: click.Context, cluster: str | None, name: str | None, state: str | None, output: str) -> None:
    """Everything in one cluster's manifest."""
    _show_all(store_of(ctx, state), cluster_name(ctx, cluster, name), output)


def _show_all(store: Store, name: str | None, output: str) -> None:
    documents = _documents(store, name or store.only())
    if output == "name":
        click.echo("\n".join(f"{document['kind']}/{_name(document)}" for document in documents))
        return
    _show(documents, output, ("KIND", "NAME"), [(document["kind"], _name(document)) for document in documents])


@click.command()
@name_option
@click.argument("cluster", required=False, metavar="[CLUSTER]", shell_complete=complete_names)
@store_option
@_formats
@click.pass_context
def sshpublickeys(ctx: click.Context, cluster: str | None, name: str | None, state: str | None, output: str) -> None:
    """The SSH key that operators log in with; the public one."""
    store = store_of(ctx, state)
    documents = _documents(store, cluster_name(ctx, cluster, name) or store.only())
    found = [document for document in documents if document["kind"] == "SSHCredential"]
    rows = [(_name(key), *_key_parts(key)) for key in found]
    _show(found, output, ("NAME", "TYPE", "COMMENT"), rows)


def _key_parts(key: Document) -> tuple[str, str]:
    kind, _, rest = str((key.get("spec") or {}).get("publicKey", "")).strip().partition(" ")
    return kind, rest.partition(" ")[2]


_GROUP_HEADERS = ("NAME", "ROLE", "MACHINETYPE", "MIN", "MAX", "SUBNETS")


def _group_row(group: Document) -> tuple[object, ...]:
    spec = group.get("spec") or {}
    return (_name(group), *(spec.get(key) for key in ("role", "machineType", "minSize", "maxSize", "subnets")))


def _show(
    documents: Sequence[Document], output: str, headers: Sequence[str], rows: Iterable[Sequence[object]] | None
) -> None:
    match output:
        case "json":
            click.echo(as_json(documents))
        case "yaml":
            click.echo(as_yaml(documents))
        case "name":
            click.echo("\n".join(map(_name, documents)))
        case _:
            click.echo(table(headers, list(rows if rows is not None else map(_group_row, documents))))


def _documents(store: Store, name: str) -> list[Document]:
    """The manifest's documents as they are written; mistakes in them are `validate`'s business, not ours."""
    from kops_pulumi import manifest
    from kops_pulumi.errors import ManifestError, errors_in
    from kops_pulumi.spec.written import as_written

    loaded = manifest.load([from_here(path) for path in store.paths(name)])
    if errors_in(loaded.findings):
        raise ManifestError(loaded.findings)
    return [{**as_written(document), "kind": document.kind} for document in loaded.documents]


def _cluster(store: Store, name: str) -> Document:
    found = next((d for d in _documents(store, name) if d["kind"] == "Cluster"), None)
    if found is None:
        raise NotFoundError(f"the manifest of {name} has no Cluster document", hint=f"see {store.root / name}")
    return {**found, "spec": found.get("spec") or {}}


def _name(document: Document) -> str:
    return str((document.get("metadata") or {}).get("name", ""))


def _zones(cluster: Document) -> list[str]:
    subnets = cluster["spec"].get("subnets") or ()
    return sorted({str(subnet["zone"]) for subnet in subnets if subnet.get("zone")})
