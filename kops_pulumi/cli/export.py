"""`export kubeconfig`: how kubectl reaches a cluster, merged into the user's own file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kops_pulumi.cli.engine import open_state, rehearsable
from kops_pulumi.cli.lazy import LazyGroup, Verb
from kops_pulumi.cli.target import Target, cluster_options
from kops_pulumi.errors import KopsError, NotFoundError

if TYPE_CHECKING:
    from kops_pulumi.automation.stack import ClusterStack
    from kops_pulumi.kubeconfig import Access

_VERBS = {"kubeconfig": Verb("kops_pulumi.cli.export:kubeconfig", "Tell kubectl how to reach a cluster.")}
_CLUSTER_CA = "kubernetes-ca"
_SECONDS = {"h": 3600, "m": 60, "s": 1}


def _life(_ctx: click.Context, _param: click.Parameter, value: str | None) -> timedelta | None:
    """A duration as Go writes it (`18h`, `1h30m`); usage error for anything else."""
    if value is None:
        return None
    parts = re.findall(r"(\d+)([hms])", value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise click.BadParameter(f"{value!r} is not a duration like 18h; write --admin=18h, or the NAME before --admin")
    life = timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in parts))
    if not life:
        raise click.BadParameter("a certificate must live for a while")
    return life


@click.group(cls=LazyGroup, verbs=_VERBS, aliases={"kubecfg": "kubeconfig"})
def export() -> None:
    """Tell kubectl how to reach a cluster."""


@click.command("kubeconfig")
@cluster_options()
@rehearsable
def get_kubeconfig(target: Target) -> None:
    """Print how kubectl reaches a cluster, as a kubeconfig without credentials; nothing is written."""
    from kops_pulumi import kubeconfig as config

    name = target.cluster()
    access = _access(name, open_state(name, target.store), internal=False, life=None)
    click.echo(config.text(access), nl=False)


@click.command()
@cluster_options()
@click.option(
    "--admin",
    callback=_life,
    is_flag=False,
    flag_value="18h",
    metavar="[=DURATION]",
    help="Add a client certificate that may do everything, for this long (18h without a value, 24h at most).",
)
@click.option("--all", "every", is_flag=True, help="Every cluster of the store that is deployed.")
@click.option("--user", metavar="NAME", help="Call as this user of the kubeconfig, who is there already.")
@click.option("--internal", is_flag=True, help="Call the API by the name that its machines use.")
@click.option("--api-server", "server", metavar="URL", help="Call the API at this address instead.")
@click.option("--kubeconfig", "file", type=click.Path(path_type=Path), help="File to write.  [env: KUBECONFIG]")
@click.option(
    "--i-know", is_flag=True, help="Let --admin be longer than 24h: such a certificate cannot be called back."
)
@rehearsable
def kubeconfig(
    target: Target,
    admin: timedelta | None,
    every: bool,
    user: str | None,
    internal: bool,
    server: str | None,
    file: Path | None,
    i_know: bool,
) -> None:
    """Tell kubectl how to reach a cluster: its entry is merged into your kubeconfig and made the current one.

    Everything comes from the stack's state. Without --admin the entry has no credentials: bring your own (an exec
    plug-in or OIDC). All other entries of the file stay as they are; it is written at once or not at all, readable by
    you alone.
    """
    from kops_pulumi.automation import credentials

    if admin and admin > credentials.LONGEST_LIFE and not i_know:
        raise click.UsageError("--admin is limited to 24h, for nobody can call such a certificate back; see --i-know")
    if user and admin:
        raise click.UsageError("--user is somebody who is there already, --admin makes somebody new: give one of them")
    path = _path(file)
    text = _read(path)
    found = list(_accesses(target, every=every, internal=internal, life=admin))
    from kops_pulumi import kubeconfig as config

    for access in found:
        changed = replace(access, server=server or access.server, user=user)
        text = config.merged(text, changed, where=str(path))
    _write(path, text)
    names = ", ".join(access.name for access in found[:-1])
    click.echo(
        f"{f'wrote {names}; ' if names else ''}kubectl's current context is now {found[-1].name} (in {path})", err=True
    )
    if not admin and not user:
        click.echo(
            "The entry has no credentials: add a user of your own (OIDC, an exec plug-in), "
            "or get a certificate for some hours with --admin.",
            err=True,
        )


def _accesses(target: Target, *, every: bool, internal: bool, life: timedelta | None) -> Iterator[Access]:
    """How to call the cluster, or every deployed one of the store; NotFoundError when none is."""
    names = target.store.names() if every else (target.cluster(),)
    left_out = list[str]()
    for name in names:
        try:
            yield _access(name, open_state(name, target.store), internal=internal, life=life)
        except NotFoundError:
            if not every:
                raise
            left_out.append(name)
    if left_out:
        click.echo(f"not deployed, left out: {', '.join(left_out)}", err=True)
    if len(left_out) == len(names):
        raise NotFoundError("none of the store's clusters is deployed", hint="`kops-pulumi update cluster NAME --yes`")


def _access(name: str, stack: ClusterStack, *, internal: bool, life: timedelta | None) -> Access:
    """How to call the cluster, with fresh credentials when they are wanted."""
    from kops_pulumi.automation import credentials
    from kops_pulumi.kubeconfig import Access

    outputs = stack.outputs()
    bundle = (outputs.get("certificateAuthorities") or {}).get(_CLUSTER_CA)
    server = outputs.get("apiServerInternal" if internal else "apiServer")
    if not bundle or not server:
        raise NotFoundError(
            f"{name} is not deployed: its stack has no API", hint="run `kops-pulumi update cluster --yes` first"
        )
    if life is None:
        return Access(name, server, bundle)
    signer = credentials.authority(bundle, stack.revealed())
    made = credentials.issue(signer, life=life, now=credentials.now())
    click.echo(f"{made.user} may do everything until {made.until:%Y-%m-%d %H:%M} UTC", err=True)
    return Access(name, server, bundle, made.certificate, made.private_key)


def forget(name: str) -> Path | None:
    """Take a cluster out of the user's kubeconfig; the file when it was in there."""
    from kops_pulumi import kubeconfig as config

    path = _path(None)
    text = config.without(_read(path), name, where=str(path))
    if text is None:
        return None
    _write(path, text)
    return path


def _path(file: Path | None) -> Path:
    """The file that kubectl would write to: --kubeconfig, the first of KUBECONFIG, ~/.kube/config."""
    listed = [entry for entry in os.environ.get("KUBECONFIG", "").split(os.pathsep) if entry]
    path = file or (Path(listed[0]) if listed else Path.home() / ".kube" / "config")
    return path.expanduser().resolve()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise KopsError(f"cannot read {path}: {reason}", hint="choose another file with --kubeconfig") from error


def _write(path: Path, text: str) -> None:
    """All at once: a new file beside it, for its owner only from its first byte, takes its place."""
    import tempfile

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise KopsError(f"cannot write {path}: {error.strerror}", hint="choose another --kubeconfig") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
