"""`toolbox node`: what a machine of an instance group will get, exactly, without a machine.

Prints a part, or writes its files below a directory under the paths that they have on the machine. Values that only
deployed resources have stand as `@late(…)@` marks, as in the plan. Offline.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kops_pulumi.cli.target import Target, cluster_options
from kops_pulumi.errors import KopsError, NotFoundError

if TYPE_CHECKING:
    from kops_pulumi.model import Group

PARTS = ("user-data", "bundle", "kubeadm", "units")
_USER_DATA = "user-data"
_ARCHIVE = "bundle.tar.gz"
_KUBEADM = ("kubeadm/", "etcd/", "root/etc/kubernetes/")
_UNITS = ("root/etc/systemd/",)


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    mode: int


@click.command()
@cluster_options()
@click.option("--instance-group", "--ig", "group", required=True, metavar="NAME", help="Instance group.")
@click.option(
    "--part", type=click.Choice(PARTS), help="What to show; with --out everything by default, else user-data."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write files below this directory.")
def node(target: Target, group: str, part: str | None, out: Path | None) -> None:
    """What a machine of an instance group will get, exactly.

    `user-data` is what it boots with, `bundle` every file that it fetches then, `kubeadm` the documents and static pods
    among these, `units` its systemd units.
    """
    found = _group(target, group)
    if out is None:
        click.echo(_text(_files(found, part or _USER_DATA), alone=part in (None, _USER_DATA)), nl=False)
        return
    files: dict[str, _File] = {}
    for wanted in (part,) if part else (_USER_DATA, "bundle"):
        files |= _files(found, wanted)
    if part in (None, "bundle") and found.bundle:
        files[_ARCHIVE] = _File(found.bundle.content, 0o644)
    for path, file in files.items():
        place = out / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
        place.chmod(file.mode)
    click.echo(f"{len(files)} files written to {out}", err=True)


def _group(target: Target, name: str) -> Group:
    groups = target.load().plan.groups
    match = next((group for group in groups if group.name == name), None)
    if match is None:
        raise NotFoundError(
            f"there is no instance group {name}", hint=f"there are: {', '.join(group.name for group in groups)}"
        )
    return match


def _files(group: Group, part: str) -> Mapping[str, _File]:
    """The files of a part by their path in the bundle, sorted; KopsError when the group has none."""
    if part == _USER_DATA:
        if group.user_data is None:
            raise KopsError(f"machines of {group.name} get no user data", hint="bastions get the manifest's own only")
        return {_USER_DATA: _File(group.user_data.text.encode(), 0o644)}
    if group.bundle is None:
        raise KopsError(f"machines of {group.name} fetch no bundle", hint="bastions are no nodes; see --part user-data")
    files = _unpacked(group.bundle.content)
    prefixes = {"kubeadm": _KUBEADM, "units": _UNITS}.get(part, ("",))
    return {path: file for path, file in files.items() if path.startswith(prefixes)}


def _unpacked(archive: bytes) -> Mapping[str, _File]:
    """The files of a bundle."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        opened = ((entry, tar.extractfile(entry)) for entry in tar.getmembers())
        return {entry.name: _File(file.read(), entry.mode) for entry, file in opened if file is not None}


def _text(files: Mapping[str, _File], *, alone: bool) -> str:
    """Files one after the other, each under a line with its path on the machine and its mode."""
    if alone:
        return "".join(_shown(file.content) for file in files.values())
    return "\n".join(f"# ---- {_place(path)} {file.mode:04o}\n{_shown(file.content)}" for path, file in files.items())


def _place(path: str) -> str:
    """Where a file of the bundle gets on the machine."""
    return path.removeprefix("root") if path.startswith("root/") else f"/opt/kops-pulumi/current/{path}"


def _shown(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return f"({len(content)} bytes)\n"
    return text if not text or text.endswith("\n") else f"{text}\n"
