"""Network plug-ins and the user's own add-ons; what each plug-in needs its own file says (`cni/`, `addons/`)."""

from __future__ import annotations

from collections.abc import Iterator

from kops_pulumi.errors import Finding
from kops_pulumi.resolve.validate.subject import Subject, closest, duplicates

NETWORKING = ("spec", "networking")
REMOVED = {"classic", "external", "weave", "canal", "romana", "lyftvpc"}


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
    """The user's add-ons say where they come from, and in which order."""
    addons = subject.spec.addons or []
    names = {addon.name for addon in addons if addon.name}
    for index, name in duplicates(addon.name for addon in addons):
        yield Finding(("spec", "addons", index, "name"), f"there is another add-on {name!r}", "names are unique")
    for index, addon in enumerate(addons):
        path = ("spec", "addons", index)
        given = [key for key in ("manifest", "helm", "python") if getattr(addon, key) is not None]
        if len(given) != 1:
            says = f"says {' and '.join(given)}" if given else "does not say where it comes from"
            yield Finding(path, f"the add-on {says}", "set exactly one of manifest, helm and python")
        if isinstance(addon.manifest, str) and addon.manifest.startswith("file://"):
            yield Finding((*path, "manifest"), "machines cannot read files of yours", "write manifest: {file: …}")
        for position, name in enumerate(addon.after or ()):
            if name not in names:
                yield Finding((*path, "after", position), f"there is no add-on {name!r}", closest(name, names))
