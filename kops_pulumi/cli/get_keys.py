"""`get keypairs | secrets`: which keys and secrets a cluster has; what is in them is in encrypted state, not here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from kops_pulumi.cli.complete import complete_keysets
from kops_pulumi.cli.editing import Work, name_option, opened
from kops_pulumi.cli.output import as_json, as_yaml, table
from kops_pulumi.cli.target import cluster_name, complete_names, store_of, store_option
from kops_pulumi.errors import NotFoundError

_OPTION = click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "yaml", "json", "name"]),
    default="table",
    help="Format.",
    show_default=True,
)
Row = dict[str, Any]


@click.command()
@click.argument("keysets", nargs=-1, metavar="[KEYSET]...", shell_complete=complete_keysets)
@click.option("--distrusted", is_flag=True, help="Also those that are accepted no more.")
@name_option
@store_option
@_OPTION
@click.pass_context
def keypairs(
    ctx: click.Context, keysets: tuple[str, ...], distrusted: bool, name: str | None, state: str | None, output: str
) -> None:
    """Authorities and keys of one cluster, by generation: which one signs, which are accepted, which no more.

    Private keys are never shown; certificates are the stack's output `certificateAuthorities`.
    """
    work = opened(store_of(ctx, state), cluster_name(ctx, None, name))
    rows = _keypairs(work)
    known = sorted({row["keyset"] for row in rows})
    if unknown := sorted(set(keysets) - set(known)):
        raise NotFoundError(f"there is no keyset {', '.join(unknown)}", hint=f"there are: {', '.join(known)}")
    wanted = [row for row in rows if (distrusted or row["status"] != "distrusted")]
    _show([row for row in wanted if not keysets or row["keyset"] in keysets], output, "keyset")


@click.command()
@click.argument("cluster", required=False, metavar="[CLUSTER]", shell_complete=complete_names)
@name_option
@store_option
@_OPTION
@click.pass_context
def secrets(ctx: click.Context, cluster: str | None, name: str | None, state: str | None, output: str) -> None:
    """Secrets that `create secret` gave one cluster: names and generations, never their contents."""
    from kops_pulumi.plan import given

    work = opened(store_of(ctx, state), cluster_name(ctx, cluster, name))
    planned = work.planned()
    found = [{"name": name, "generation": generation} for name, generation in given.of(planned.plan).items()]
    _show(found, output, "name", headers=("NAME", "GENERATION"))


def _keypairs(work: Work) -> list[Row]:
    from kops_pulumi.model import CertificateKind

    planned = work.planned()
    since = {(k.metadata.name, key.id): key.distrust_timestamp for k in planned.full.keysets for key in k.spec.keys}
    return [
        {
            "keyset": certificate.key,
            "id": generation.id,
            "kind": certificate.kind.value,
            "status": generation.trust.value,
            "distrusted": since.get((certificate.key, generation.id)),
        }
        for certificate in planned.plan.certificates
        if certificate.kind is not CertificateKind.GIVEN
        for generation in certificate.generations
    ]


def _show(
    rows: Sequence[Row],
    output: str,
    name: str,
    *,
    headers: Sequence[str] = ("KEYSET", "ID", "KIND", "STATUS", "DISTRUSTED"),
) -> None:
    match output:
        case "json":
            click.echo(as_json(rows))
        case "yaml":
            click.echo(as_yaml(rows))
        case "name":
            click.echo("\n".join(dict.fromkeys(str(row[name]) for row in rows)))
        case _:
            click.echo(table(headers, [list(row.values()) for row in rows]))
