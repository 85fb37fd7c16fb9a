"""`create cluster` writes the manifest of a new cluster; `create -f` registers manifests you have. No cloud is touched.

The flags are tables (those of one cloud alone: `cloud_flags.py`); what they mean is `starter.py`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kops_pulumi.cli import cloud_flags, create_flags
from kops_pulumi.cli.complete import complete_versions, complete_zones
from kops_pulumi.cli.editing import dry_run_options, from_here
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.output import as_json, as_yaml
from kops_pulumi.cli.target import FILE, cluster_name, store_of, store_option
from kops_pulumi.errors import ExitCode
from kops_pulumi.store import read_text

if TYPE_CHECKING:
    from kops_pulumi.starter import Wishes

_VERBS = {
    "cluster": Verb("kops_pulumi.cli.create:cluster", "Write the manifest of a new cluster."),
    "instancegroup": Verb("kops_pulumi.cli.groups:create", "Add an instance group to a cluster."),
    "keypair": Verb("kops_pulumi.cli.keypairs:create", "Add a generation of an authority or key, for a rotation."),
    "secret": Verb("kops_pulumi.cli.secrets:create", "Give a cluster a secret, kept encrypted."),
    "sshpublickey": Verb("kops_pulumi.cli.sshkeys:create", "Say which SSH key operators log in with."),
}
_ALIASES = {"ig": "instancegroup", "keypairs": "keypair", "secrets": "secret", "sshpublickeys": "sshpublickey"}
_CLOUDS = ("aws", "gce", "openstack", "vsphere")
_NETWORKING = (
    "cilium",
    "cilium-eni",
    "cilium-etcd",
    "calico",
    "amazonvpc",
    "kindnet",
    "flannel",
    "kube-router",
    "gcp",
    "cni",
)
"""As `starter.NETWORKING`, without importing it; a test holds them together."""


@click.group(cls=LazyGroup, verbs=_VERBS, aliases=_ALIASES, invoke_without_command=True)
@click.option("-f", "--filename", "files", multiple=True, type=FILE, help="A manifest, a folder or -; repeatable.")
@store_option
@dry_run_options
@click.pass_context
def create(ctx: click.Context, files: tuple[Path, ...], state: str | None, dry_run: bool, output: str) -> ExitCode:
    """Write the manifest of a new cluster, or more of one: groups, keys, secrets.

    With -f: documents that you have, of one cluster or several; all must be new. Nothing here touches a cloud.
    """
    if files:
        from kops_pulumi.cli.register import register

        return register(store_of(ctx, state), files, dry_run=dry_run, output=output)
    if ctx.invoked_subcommand is None:
        raise click.UsageError("say what: `create cluster NAME`, or `create -f FILE`", ctx=ctx)
    return ExitCode.OK


class Comma(click.ParamType[tuple[str, ...]]):
    """`a,b,c`, as kops takes its lists."""

    name = "list"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:  # noqa: ARG002
        """The parts, without spaces around them and without empty ones."""
        parts = value if isinstance(value, tuple) else str(value).split(",")
        return tuple(part.strip() for part in parts if part.strip())


COMMA = Comma()


_CHOICE = click.Choice
_FLAGS: tuple[cloud_flags.Flag, ...] = (
    ("--cloud", {"type": _CHOICE(_CLOUDS), "default": "aws", "show_default": True, "help": "Where it is to run."}),
    ("--zones", {"type": COMMA, "required": True, "shell_complete": complete_zones,
                 "help": "Zones of the machines, comma-separated."}),
    ("--control-plane-zones", {"type": COMMA, "default": (), "shell_complete": complete_zones,
                               "help": "Zones for control planes; default: --zones."}),
    ("--control-plane-count", {"type": click.IntRange(1), "help": "1, 3 or 5; default: 1, or one a given zone."}),
    ("--control-plane-size", {"help": "Machine type of control planes."}),
    ("--node-count", {"type": click.IntRange(0), "help": "Number of nodes; default: one a zone."}),
    ("--node-size", {"help": "Machine type of nodes."}),
    ("--networking", {"type": _CHOICE(_NETWORKING), "default": "cilium", "show_default": True, "metavar": "CNI",
                      "help": f"One of {', '.join(_NETWORKING)}."}),
    ("-t --topology", {"type": _CHOICE(["public", "private"]), "default": "public", "show_default": True,
                    "help": "Private machines have no public addresses."}),
    ("--bastion", {"is_flag": True, "help": "Add a bastion (private topology)."}),
    ("--api-loadbalancer-type", {"type": _CHOICE(["public", "internal"]),
                                 "help": "The API's load balancer; public by default if private or without DNS."}),
    ("--dns", {"type": _CHOICE(["public", "private", "none"]),
               "help": "Where the API can be looked up; default: none, or public with --dns-zone."}),
    ("--dns-zone", {"help": "Hosted zone, by name or id."}),
    ("--kubernetes-version", {"shell_complete": complete_versions,
                              "help": "Default: the newest minor that this version supports."}),
    ("--ssh-public-key", {"type": click.Path(exists=True, dir_okay=False, path_type=Path),
                          "help": "File of the operators' public key."}),
    ("--admin-access", {"type": COMMA, "default": (),
                        "help": "Ranges that may reach the API, comma-separated; default: none from outside."}),
    ("--ssh-access", {"type": COMMA, "default": (), "help": "Ranges that may log in by SSH; default: none."}),
    ("--network-cidr", {"help": "IPv4 range of the new network."}),
    ("--network-id", {"help": "Existing network to use; never changed."}),
    ("--subnets", {"type": COMMA, "default": (), "help": "Existing subnets, one a zone."}),
    ("--utility-subnets", {"type": COMMA, "default": (), "help": "Existing public subnets beside private ones."}),
    ("--image", {"help": "Machine image; default: the newest we know, written down exactly."}),
    ("--project", {"help": "Project of the cloud account (GCE)."}),
    ("--config-base", {"help": "Where the nodes' files go, e.g. s3://bucket/NAME; default: a bucket of its own."}),
)  # fmt: skip
_SET: cloud_flags.Flag = (
    "--set",
    {"multiple": True, "metavar": "PATH=VALUE", "help": "More, as `set cluster` takes it; repeatable."},
)


def _flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """All flags that describe the new cluster, in the order of the table."""
    for name, options in reversed((*_FLAGS, *create_flags.FLAGS, *cloud_flags.every(), _SET)):
        function = click.option(*name.split(), **options)(function)
    return function


@click.command()
@click.argument("name", required=False, metavar="NAME")
@click.option("--name", "name_flag", metavar="NAME", help="The cluster's name, as an option.  [env: KOPS_CLUSTER_NAME]")
@_flags
@click.option("-y", "--yes", is_flag=True, help="Make it in the cloud at once, as `update cluster --yes`.")
@click.option("--target", hidden=True, default="direct")
@click.option("--out", hidden=True)
@dry_run_options
@store_option
@click.pass_context
def cluster(
    ctx: click.Context,
    /,
    *,
    name: str | None,
    name_flag: str | None,
    state: str | None,
    yes: bool,
    target: str,
    out: str | None,
    dry_run: bool,
    output: str,
    **flags: Any,
) -> Any:
    """Write the manifest of a new cluster to clusters/NAME/cluster.yaml.

    Defaults are kops's, but closed where kops is open: nobody outside reaches the API without --admin-access, nor logs
    in by SSH without --ssh-access. Versions, images and addresses are written down, so that nothing moves by itself.

    \b
      kops-pulumi create cluster prod.example.com --zones eu-central-1a,eu-central-1b,eu-central-1c \\
        --control-plane-count 3 --topology private --bastion --admin-access 203.0.113.0/24
    """
    from kops_pulumi import starter

    given = cluster_name(ctx, name, name_flag)
    if not given:
        raise click.UsageError("which name shall the cluster have? give NAME", ctx=ctx)
    documents = starter.write(_wishes(given, dict(flags)))
    _remark(documents[0]["spec"], flags)
    if dry_run:
        click.echo(as_json(documents) if output == "json" else as_yaml(documents))
        return None
    path = store_of(ctx, state).add(given, as_yaml(documents) + "\n")
    click.echo(f"wrote {from_here(path)}")
    if not yes and target == "direct":
        click.echo(f"see what it becomes: kops-pulumi update cluster {given}", err=True)
        return None
    return _first_update(ctx, {"name": given, "state": state, "yes": yes, "target": target, "out": out})


def _first_update(ctx: click.Context, wanted: dict[str, Any]) -> Any:
    """`update cluster` of what was just written, with those of the options that it has."""
    from kops_pulumi.cli.update import cluster as update

    known = {parameter.name: parameter for parameter in update.params}
    if wanted["target"] != "direct" and "target" not in known:
        raise click.UsageError(f"--target {wanted['target']} is for `update cluster`", ctx=ctx)
    given = {name: value for name, value in wanted.items() if name in known and value is not None}
    return ctx.invoke(update, **given)


def _remark(spec: dict[str, Any], flags: dict[str, Any]) -> None:
    """What a user should know of the defaults that they took."""
    if not flags["admin_access"]:
        click.echo("nobody outside the network may reach the API: name who may with --admin-access", err=True)
    if not flags["config_base"] and "configBase" in spec:
        click.echo(f"the nodes' files go to a bucket of the cluster's own: {spec['configBase']}", err=True)


def _wishes(name: str, flags: dict[str, Any]) -> Wishes:
    from kops_pulumi.starter import Wishes

    key: Path | None = flags.pop("ssh_public_key")
    balancer, dns = flags.pop("api_loadbalancer_type"), flags.pop("dns")
    return Wishes(
        name=name,
        ssh_public_key=read_text(key) if key else None,
        private=flags.pop("topology") == "private",
        load_balancer=balancer and balancer.capitalize(),
        dns=dns and dns.capitalize(),
        options=cloud_flags.taken(flags["cloud"], flags),
        settings=tuple(_setting(text) for text in flags.pop("set")),
        **create_flags.taken(name, flags),
        **flags,
    )


def _setting(text: str) -> str:
    """The text itself, when it can be a `PATH=VALUE` of the cluster."""
    if "=" not in text or not text.startswith(("spec.", "metadata.", "cluster.")):
        raise click.UsageError(f"--set {text}: write it as spec.field=value")
    return text
