"""Everything that is installed in the cluster, in order; and what is wrong with that order.

The network plug-in and the add-ons say what they deliver, `custom` adds the user's. Names are unique, for they name
resources, and nothing may wait for itself. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.errors import Finding, KeyPath, ManifestError
from kops_pulumi.model import Chart, Delivery, Manifest
from kops_pulumi.plan import custom, given

if TYPE_CHECKING:
    from kops_pulumi.plan.custom import Files
    from kops_pulumi.plugins import AddOn, Cni
    from kops_pulumi.resolve import FullSpec


def build(full: FullSpec, cni: Cni, addons: Sequence[AddOn], files: Files) -> tuple[Delivery, ...]:
    """Sorted by stage and name. Raises ManifestError with every finding."""
    ours = [*cni.deliveries(full), *(found for addon in addons for found in addon.deliveries(full))]
    ours += given.deliveries(full)
    theirs, findings = custom.build(full, files)
    places = _places(full)
    both = [*ours, *theirs]
    twice = list(_twice(both, places))
    findings += [*twice, *_strangers(ours, theirs, places), *([] if twice else _circles(both, places))]
    findings += [*_incomplete(ours), *_same_objects(both, places)]
    if findings:
        raise ManifestError(findings)
    return tuple(sorted(both, key=position))


def position(delivery: Delivery) -> tuple[int, str]:
    """Where a delivery comes in the plan's order."""
    return delivery.stage.order, delivery.name


def needed(delivery: Delivery, all_of_them: Sequence[Delivery]) -> tuple[Delivery, ...]:
    """What must be there first: the nearest earlier stage with anything in it, and whatever `after` names.

    What those wait for themselves is not repeated.
    """
    last = delivery.stage.order - 1 if delivery.waits_for is None else delivery.waits_for.order
    earlier = [other for other in all_of_them if other.stage.order <= min(last, delivery.stage.order - 1)]
    nearest = max((other.stage.order for other in earlier), default=-1)
    return tuple(
        other
        for other in all_of_them
        if (other.stage.order == nearest and other in earlier) or other.name in delivery.after
    )


def _places(full: FullSpec) -> Mapping[str, KeyPath]:
    """Where the user's own add-ons stand in the manifest, by name; the last of that name."""
    return {custom.name_of(addon): ("spec", "addons", i) for i, addon in enumerate(full.cluster.spec.addons or ())}


def _place(name: str, places: Mapping[str, KeyPath]) -> KeyPath:
    return places.get(name, ("spec",))


def _twice(found: Sequence[Delivery], places: Mapping[str, KeyPath]) -> Iterator[Finding]:
    names = [delivery.name for delivery in found]
    for name in sorted({name for name in names if names.count(name) > 1}):
        hint = f"names are unique; taken are: {', '.join(sorted(set(names)))}"
        yield Finding((*_place(name, places), "name"), f"there is another add-on {name!r}", hint)


def _strangers(
    ours: Sequence[Delivery], theirs: Sequence[Delivery], places: Mapping[str, KeyPath]
) -> Iterator[Finding]:
    """The user's `after` names something that is installed; ours may name what this cluster does not have."""
    names = sorted({delivery.name for delivery in (*ours, *theirs)} | set(places))
    for delivery in theirs:
        for index, name in enumerate(delivery.after):
            if name not in names:
                path = (*_place(delivery.name, places), "after", index)
                yield Finding(path, f"there is no add-on {name!r}", f"there are {', '.join(names)}")


def _circles(found: Sequence[Delivery], places: Mapping[str, KeyPath]) -> Iterator[Finding]:
    """Each circle once, told from its first name in the alphabet."""
    graph = {delivery.name: sorted(other.name for other in needed(delivery, found)) for delivery in found}
    seen: set[frozenset[str]] = set()
    for name in sorted(graph):
        circle = _circle(name, graph)
        if circle and frozenset(circle) not in seen:
            seen.add(frozenset(circle))
            ways = " → ".join((*circle, circle[0]))
            own = next((item for item in circle if item in places), circle[0])
            yield Finding((*_place(own, places), "after"), f"add-ons wait for each other: {ways}", "drop one `after`")


def _circle(start: str, graph: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The way from a name back to itself; empty when there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    done: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name in graph.get(way[-1], ()):
            if name == start:
                return way
            if name not in done:
                done.add(name)
                ways.append((*way, name))
    return ()


def _incomplete(ours: Iterable[Delivery]) -> Iterator[Finding]:
    """Charts of ours that a manifest has left without a version or with values that nobody gave."""
    for delivery in ours:
        if not isinstance(delivery.source, Chart):
            continue
        if not delivery.source.version:
            yield Finding(("spec",), f"{delivery.name} has no version of its chart", "set its version in the manifest")
        for keys in custom.missing(delivery.source.values):
            key = ".".join(map(str, keys))
            yield Finding(("spec",), f"{delivery.name} lacks the chart's value {key}", f"see {delivery.why}")


def _same_objects(found: Sequence[Delivery], places: Mapping[str, KeyPath]) -> Iterator[Finding]:
    """No object twice in one manifest: two resources would fight over it."""
    for delivery in found:
        if not isinstance(delivery.source, Manifest):
            continue
        known: set[tuple[str, str, str]] = set()
        for document in delivery.source.documents:
            metadata = document.get("metadata") or {}
            key = (str(document["kind"]), str(metadata.get("namespace") or ""), str(metadata.get("name")))
            if key in known:
                path = _place(delivery.name, places)
                yield Finding(path, f"{delivery.name} has {key[0]} {key[2]} twice", "remove one of them")
            known.add(key)
