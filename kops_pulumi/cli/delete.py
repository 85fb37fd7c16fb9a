"""`delete`: the verbs that take things away, and `delete -f`; a whole cluster is `delete_cluster.py`."""

from __future__ import annotations

from pathlib import Path

import click

from kops_pulumi.cli.editing import dry_run_options
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.target import FILE, store_of, store_option
from kops_pulumi.errors import ExitCode

_VERBS = {
    "cluster": Verb("kops_pulumi.cli.delete_cluster:cluster", "Remove a cluster from the cloud."),
    "instance": Verb("kops_pulumi.cli.rolling:instance", "Replace one machine; --yes does it."),
    "instancegroup": Verb("kops_pulumi.cli.groups:delete", "Take an instance group out of the manifest."),
    "keypair": Verb("kops_pulumi.cli.keypairs:delete", "Remove distrusted keys for good."),
    "secret": Verb("kops_pulumi.cli.secrets:delete", "Take a secret away from a cluster."),
    "sshpublickey": Verb("kops_pulumi.cli.sshkeys:delete", "Take the operators' SSH key out of the manifest."),
}
_ALIASES = {"ig": "instancegroup", "keypairs": "keypair", "secrets": "secret", "sshpublickeys": "sshpublickey"}


@click.group(cls=LazyGroup, verbs=_VERBS, aliases=_ALIASES, invoke_without_command=True)
@click.option(
    "-f", "--filename", "files", multiple=True, type=FILE, help="Documents to take out; a file, a folder or -."
)
@click.option("-y", "--yes", is_flag=True, help="With -f: take them out; without, only tell what would go.")
@store_option
@dry_run_options
@click.pass_context
def delete(
    ctx: click.Context, files: tuple[Path, ...], yes: bool, state: str | None, dry_run: bool, output: str
) -> ExitCode:
    """Remove a cluster from the cloud, or documents from its manifest.

    With -f: the groups, keys and objects that files name go from the manifests of their clusters.
    """
    if files:
        from kops_pulumi.cli.register import remove

        return remove(store_of(ctx, state), files, yes=yes, dry_run=dry_run, output=output)
    if ctx.invoked_subcommand is None:
        raise click.UsageError("say what: `delete cluster NAME`, or `delete -f FILE`", ctx=ctx)
    return ExitCode.OK
