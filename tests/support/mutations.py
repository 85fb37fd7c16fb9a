"""Breaking manifests at random, for tests that nothing ever raises."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from kops_pulumi import addons, clouds, cni, manifest, spec
from kops_pulumi.resolve import resolve

Path = tuple[str | int, ...]
Documents = list[dict[str, Any]]
Change = tuple[int, str, Any]
ODD: list[Any] = [
    None,
    "",
    "x",
    0,
    -1,
    99,
    True,
    [],
    {},
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/33",
    "1.30",
    "a=b:c",
    ["x"],
    {"name": "x"},
]

CHANGES = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(["set", "drop", "repeat"]), st.sampled_from(ODD)),
    min_size=1,
    max_size=6,
)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every path below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def mutated(documents: Documents, changes: list[Change]) -> Documents:
    """A copy in which things were changed, removed or repeated."""
    documents = copy.deepcopy(documents)
    for number, kind, value in changes:
        found = [path for path in places(documents) if len(path) > 1]
        if not found:
            break
        *parents, last = found[number % len(found)]
        owner: Any = documents
        for key in parents:
            owner = owner[key]
        if kind == "set":
            owner[last] = copy.deepcopy(value)
        elif kind == "drop":
            del owner[last]
        elif isinstance(owner, list):
            owner.append(copy.deepcopy(owner[last]))
    return documents


def resolve_anyhow(documents: Documents) -> None:
    """Parse and resolve; every finding says something about something."""
    parsed = spec.parse(manifest.from_data(documents))
    if parsed.found_cluster is None:
        return
    cloud = clouds.get(parsed.cluster.spec.cloud_provider)
    for finding in resolve(parsed, cloud, cni=cni.for_spec, addons=addons.REGISTRY).findings:
        assert finding.message
        assert finding.document
