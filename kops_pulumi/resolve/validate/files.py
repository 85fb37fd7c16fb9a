"""What users add to machines: hooks, files, user data, kernel parameters (https://kops.sigs.k8s.io/cluster_spec/#hooks)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.resolve.validate.subject import duplicates, warning

UNIT = re.compile(r"[\w:.@\\-]+\.(service|socket|target|timer|mount|path|slice|device|automount|swap)")
MODE = re.compile(r"0?[0-7]{3,4}")
SYSCTL = re.compile(r"[\w.*/-]+\s*=.*")


def customisation(spec: Any) -> Iterator[Finding]:
    """Hooks, file assets, user data and kernel parameters of a cluster or of a group: both have the same fields."""
    yield from _hooks(spec.hooks or [])
    yield from _files(spec.file_assets or [])
    for index, line in enumerate(spec.sysctl_parameters or ()):
        if not SYSCTL.fullmatch(line):
            yield Finding(("spec", "sysctlParameters", index), f"{line!r} sets nothing", "like net.core.somaxconn=1024")


def _hooks(hooks: list[Any]) -> Iterator[Finding]:
    for index, name in duplicates(hook.name or None for hook in hooks):
        yield Finding(("spec", "hooks", index, "name"), f"there is another hook {name!r}", "names are unique")
    for index, hook in enumerate(hooks):
        path = ("spec", "hooks", index)
        if hook.disabled:
            continue
        if hook.use_raw_manifest:
            yield from _raw(path, hook)
        elif not hook.manifest and hook.exec_container is None:
            yield warning(path, "the hook does nothing", "give it a manifest or an execContainer")
        elif hook.manifest and hook.exec_container is not None:
            yield Finding(path, "manifest and execContainer exclude each other", "keep one of them")
        for key, units in (("before", hook.before), ("requires", hook.requires)):
            for position, unit in enumerate(units or ()):
                if not UNIT.fullmatch(unit):
                    yield Finding((*path, key, position), f"{unit!r} is not a unit", "like kubelet.service")


def _raw(path: KeyPath, hook: Any) -> Iterator[Finding]:
    if not hook.manifest:
        yield Finding((*path, "manifest"), "useRawManifest without a manifest", "write the whole unit")
    for key, value in (("before", hook.before), ("requires", hook.requires), ("execContainer", hook.exec_container)):
        if value:
            yield Finding((*path, key), f"{key} does not go with useRawManifest", "write it into the unit")


def _files(files: list[Any]) -> Iterator[Finding]:
    for index, name in duplicates(asset.path or asset.name for asset in files):
        yield Finding(
            ("spec", "fileAssets", index), f"another file has the same place, {name}", "give each its own path"
        )
    for index, asset in enumerate(files):
        path = ("spec", "fileAssets", index)
        if not asset.content:
            yield Finding((*path, "content"), f"file {asset.name!r} is empty", "set content")
        if asset.path and not asset.path.startswith("/"):
            yield Finding((*path, "path"), f"{asset.path!r} is not an absolute path", "begin with /")
        if asset.mode and not MODE.fullmatch(asset.mode):
            yield Finding((*path, "mode"), f"{asset.mode!r} is not a file mode", 'like "0440"')
        if asset.is_base64 and asset.content and not _is_base64(asset.content):
            yield Finding(
                (*path, "content"), f"the content of {asset.name!r} is not base64", "encode it, or remove isBase64"
            )


def _is_base64(text: str) -> bool:
    """Standard alphabet; kops insists on leaving the padding out, we take both."""
    clean = "".join(text.split()).rstrip("=")
    try:
        base64.b64decode(clean + "=" * (-len(clean) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
