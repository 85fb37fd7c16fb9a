"""Network plug-ins and the user's own add-ons; what each plug-in needs its own file says (`cni/`, `addons/`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.resolve.validate.subject import Subject, duplicates, warning

NETWORKING = ("spec", "networking")
_CALLABLE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
REMOVED = {"classic", "external", "weave", "romana", "lyftvpc"}


def chosen(subject: Subject) -> list[str]:
    """Attribute names of the plug-ins that the manifest names."""
    networking = subject.spec.networking
    if networking is None:
        return []
    return [name for name in type(networking).model_fields if getattr(networking, name) is not None]


def exactly_one(subject: Subject) -> Iterator[Finding]:
    """One network plug-in, no less and no more."""
    names = chosen(subject)
    if not names:
        yield Finding(NETWORKING, "the cluster has no network plug-in", "set networking.cilium: {}, or another")
    for name in names[1:]:
        message = f"{names[0]} and {name} exclude each other"
        yield Finding((*NETWORKING, name), message, "name exactly one network plug-in")


def own_addons(subject: Subject) -> Iterator[Finding]:
    """The user's add-ons say where they come from; what is wrong with that, and with their order, `plan` finds."""
    addons = subject.spec.addons or []
    for index, name in duplicates(addon.name for addon in addons):
        yield Finding(("spec", "addons", index, "name"), f"there is another add-on {name!r}", "names are unique")
    for index, addon in enumerate(addons):
        path = ("spec", "addons", index)
        given = [key for key in ("manifest", "helm", "python") if getattr(addon, key) is not None]
        if len(given) != 1:
            says = f"says {' and '.join(given)}" if given else "does not say where it comes from"
            yield Finding(path, f"the add-on {says}", "set exactly one of manifest, helm and python")
        if isinstance(addon.manifest, str):
            yield from _address(addon.manifest, (*path, "manifest"))
        if addon.python is not None and not _CALLABLE.fullmatch(addon.python):
            yield Finding((*path, "python"), f"{addon.python!r} names no function", "write package.module:function")


def _address(text: str, path: KeyPath) -> Iterator[Finding]:
    """kops's form: an address without a digest. Control planes read it there, the program reads it here."""
    scheme = text.partition("://")[0] if "://" in text else None
    if scheme == "file":
        yield Finding(path, "file:// addresses mean other files on other machines", "write manifest: {file: …}")
    elif scheme in ("http", "https"):
        hint = "write manifest: {url: …, sha256: …}, so that a preview never moves by itself"
        yield warning(path, "whatever is at this address will be installed", hint)
    elif scheme is not None:
        yield Finding(path, f"{scheme}:// addresses are not read here", "copy it beside the manifest: {file: …}")
