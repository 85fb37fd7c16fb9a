"""`new`: a Pulumi project of the user's own around a first cluster; files only, no engine, no cloud."""

from __future__ import annotations

from pathlib import Path

import click

from kops_pulumi.cli.target import FILE
from kops_pulumi.errors import KopsError

_PROJECT = """\
name: {project}
description: Kubernetes clusters of our own
runtime: python
config:
  manifest:
    type: string
    description: The cluster's manifest, a path from the directory of this file
"""

_PROGRAM = '''\
"""A cluster, and room for what belongs to it: buckets, DNS records, databases."""

import pulumi

from kops_pulumi import Cluster

config = pulumi.Config()
cluster = Cluster("{name}", {{"manifest": config.require("manifest")}})

# Whatever else you make may refer to the cluster: cluster.outputs["networkId"], cluster.outputs["apiServer"], …
for key, value in sorted(cluster.outputs.items()):
    pulumi.export(key, value)
'''

_STACK = """\
config:
  {project}:manifest: {manifest}
"""

_IGNORED = """\
.rehearsal/
.venv/
__pycache__/
"""

_README = """\
# {name}

| file | what it is |
|---|---|
| `{manifest}` | the cluster: kops's manifest, the whole truth |
| `__main__.py` | the Pulumi program: the cluster, and what you add |
| `Pulumi.yaml`, `Pulumi.{stack}.yaml` | the project, and the settings of the stack `{stack}` |

Try it without an account (a simulated cloud, the real engine):

    kops-pulumi validate -f {manifest}
    kops-pulumi rehearse -- pulumi up --stack {stack}

Then for real, with credentials in the environment and a backend of your own (`pulumi login`):

    pip install -r requirements.txt
    pulumi stack init {stack}
    pulumi preview
    pulumi up

Change the manifest, look at `pulumi preview`, and `pulumi up` again.
"""


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    epilog="Every option of `create cluster` is taken too; of these --zones is needed.",
)
@click.argument("name", metavar="NAME")
@click.option("--cloud", default="aws", show_default=True, help="aws, gce, openstack or vsphere.")
@click.option("--dir", "directory", type=FILE, help="Where to put the project; default: ./NAME.")
@click.option("--stack", default="dev", show_default=True, help="Name of the first stack.")
@click.pass_context
def new(ctx: click.Context, name: str, cloud: str, directory: Path | None, stack: str) -> None:
    """Begin a Pulumi project of your own with a cluster in it.

    Writes Pulumi.yaml, the program, a stack's settings, the manifest and a README; files that are there already are
    never touched.
    """
    root = directory or Path(name)
    manifest = f"clusters/{name}/cluster.yaml"
    project = name.replace(".", "-")
    known = {"name": name, "project": project, "stack": stack, "manifest": manifest}
    files = {
        "Pulumi.yaml": _PROJECT,
        "__main__.py": _PROGRAM,
        f"Pulumi.{stack}.yaml": _STACK,
        ".gitignore": _IGNORED,
        "README.md": _README,
        "requirements.txt": f"kops-pulumi[{cloud}]\n",
    }
    there = [path for path in (*files, manifest) if (root / path).exists()]
    if there:
        raise KopsError(f"{root} already has {', '.join(there)}", hint="choose another directory with --dir")
    _make_manifest(name, cloud, root, ctx.args)
    for path, text in files.items():
        _write(root / path, text if path in ("requirements.txt", ".gitignore") else text.format(**known))
        click.echo(f"wrote {root / path}")
    click.echo(f"try it: cd {root} && kops-pulumi rehearse -- pulumi up --stack {stack}", err=True)


def _make_manifest(name: str, cloud: str, root: Path, options: list[str]) -> None:
    """The manifest as `create cluster` writes it; its mistakes are told as if that had been called."""
    from kops_pulumi.cli.create import create

    arguments = ["cluster", name, "--cloud", cloud, "--state", str(root / "clusters"), *options]
    create.main(arguments, prog_name="kops-pulumi create", standalone_mode=False)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise KopsError(f"cannot write {path}: {error.strerror}") from None
