"""The user's own units and files: hooks and fileAssets of the manifest, as they get onto machines.

A group's entries come before the cluster's, and the first of a name (a path) wins, so that a group can replace or
switch off what the cluster says. Both are checked by `resolve/validate/files.py`. Pure.

https://kops.sigs.k8s.io/cluster_spec/#hooks, https://kops.sigs.k8s.io/cluster_spec/#fileassets
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from kops_pulumi.bootstrap.node import BundleFile, File, NodeConfig, Unit
from kops_pulumi.errors import Finding
from kops_pulumi.plan.mirrors import Mirrors, qualified
from kops_pulumi.resolve.traits import SPELLINGS

if TYPE_CHECKING:
    from kops_pulumi.model import Role
    from kops_pulumi.spec.nodes import ExecContainer, FileAsset, Hook

UNITS = "/etc/systemd/system"
_SUFFIXES = (
    ".service",
    ".socket",
    ".device",
    ".mount",
    ".automount",
    ".swap",
    ".target",
    ".path",
    ".timer",
    ".slice",
    ".scope",
)
_ASSETS = "/srv/kubernetes/assets"
_ASSET_MODE = "0440"
_RUNTIME = "containerd.service"

T = TypeVar("T")


def units(
    role: Role, cluster: Sequence[Hook] | None, group: Sequence[Hook] | None, mirrors: Mirrors
) -> tuple[Unit, ...]:
    """The hooks of a group's machines, in the manifest's order, the group's first."""
    named = [
        *((hook.name or f"kops-hook-{index}-ig", hook) for index, hook in enumerate(group or ())),
        *((hook.name or f"kops-hook-{index}", hook) for index, hook in enumerate(cluster or ())),
    ]
    chosen = _first(((_unit_name(name), hook) for name, hook in named if _for_role(hook.roles, role)), lambda it: it[0])
    return tuple(
        Unit(name, _unit(name, hook, mirrors))
        for name, hook in chosen
        if not hook.disabled and (hook.manifest or hook.exec_container)
    )


def written(role: Role, cluster: Sequence[FileAsset] | None, group: Sequence[FileAsset] | None) -> tuple[File, ...]:
    """The files of a group's machines, in the manifest's order, the group's first."""
    mine = (asset for asset in (*(group or ()), *(cluster or ())) if _for_role(asset.roles, role))
    return tuple(
        File(path, _content(asset), int(asset.mode or _ASSET_MODE, 8))
        for path, asset in _first(
            ((asset.path or f"{_ASSETS}/{asset.name}", asset) for asset in mine), lambda it: it[0]
        )
    )


def files(node: NodeConfig) -> Mapping[str, BundleFile]:
    """The user's files and units on a group's machines, with the units of the network plug-in."""
    own = {file.path: BundleFile(file.content, file.mode) for file in node.files}
    return own | {f"{UNITS}/{unit.name}": BundleFile.text(unit.text) for unit in (*node.units, *node.hooks)}


def clashes(ours: frozenset[str], spec: Any) -> Iterator[Finding]:
    """A finding for each file and unit of a cluster's or group's spec whose path the bootstrap itself writes."""
    for index, asset in enumerate(spec.file_assets or ()):
        if (asset.path or "") in ours:
            hint = "choose another path, or the setting that this file comes from"
            yield Finding(("spec", "fileAssets", index, "path"), f"{asset.path} is written by the bootstrap", hint)
    for index, hook in enumerate(spec.hooks or ()):
        if hook.name and not hook.disabled and f"{UNITS}/{_unit_name(hook.name)}" in ours:
            message = f"{_unit_name(hook.name)} is a unit of the bootstrap"
            yield Finding(("spec", "hooks", index, "name"), message, "choose another name")


def _first(items: Iterable[T], key: Callable[[T], Any]) -> Iterator[T]:
    """The first item of each key, in order."""
    seen: set[Any] = set()
    for item in items:
        if key(item) not in seen:
            seen.add(key(item))
            yield item


def _for_role(roles: Iterable[str] | None, role: Role) -> bool:
    return not roles or role in {SPELLINGS.get(spelling) for spelling in roles}


def _unit_name(name: str) -> str:
    return name if name.endswith(_SUFFIXES) else f"{name}.service"


def _unit(name: str, hook: Hook, mirrors: Mirrors) -> str:
    """A hook's unit: the user's own, or one around its [Service] part or its container."""
    if hook.use_raw_manifest:
        return _ended(hook.manifest or "")
    container = hook.exec_container
    requires = dict.fromkeys([*(hook.requires or ()), *([_RUNTIME] if container else [])])
    service = "".join(_container(name, container, mirrors)) if container else _ended(hook.manifest or "")
    once = "" if "Type=" in service else "Type=oneshot\n"
    unit = "".join(
        f"{key}={value}\n"
        for key, values in (
            ("Description", [f"Hook {name.rpartition('.')[0]}"]),
            ("Requires", requires),
            ("After", [_RUNTIME] if container else []),
            ("Before", hook.before or ()),
        )
        for value in values
    )
    return f"[Unit]\n{unit}\n[Service]\n{once}{service}\n[Install]\nWantedBy=multi-user.target\n"


def _container(name: str, container: ExecContainer, mirrors: Mirrors) -> Iterator[str]:
    """The user's container with the machine's root at /rootfs, as `kops` runs it, by containerd's own client."""
    image = mirrors.image(qualified(container.image))
    client = ["ctr", "--namespace", "k8s.io"]
    mounts = [
        f"--mount=type=bind,src={source},dst={target},options=rbind:rw"
        for source, target in (("/", "/rootfs"), ("/run/dbus", "/run/dbus"), ("/run/systemd", "/run/systemd"))
    ]
    environment = [f"--env={key}={value}" for key, value in sorted((container.environment or {}).items())]
    task = name.rpartition(".")[0]
    run = [*client, "run", "--rm", "--privileged", "--net-host", *mounts, *environment, image, task]
    yield f"ExecStartPre={_command([*client, 'images', 'pull', image])}\n"
    # What a crashed run left behind has the same name.
    yield f"ExecStartPre=-{_command([*client, 'containers', 'delete', task])}\n"
    yield f"ExecStart={_command([*run, *(container.command or ())])}\n"


def _command(words: Iterable[str]) -> str:
    """A command line for systemd: no word is split, no variable or specifier is put in.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
    """
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%").replace("$", "$$")
    plain = word and all(letter.isalnum() or letter in "-_./:=,@+%$" for letter in word)
    return escaped if plain else f'"{escaped}"'


def _content(asset: FileAsset) -> bytes:
    """The bytes of a file; base64 with or without padding."""
    text = asset.content or ""
    if not asset.is_base64:
        return text.encode()
    clean = "".join(text.split()).rstrip("=")
    return base64.b64decode(clean + "=" * (-len(clean) % 4))


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
