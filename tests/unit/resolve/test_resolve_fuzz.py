"""Whatever a manifest says, resolving gives findings, never an exception."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kops_pulumi import addons, clouds, cni, manifest, spec
from kops_pulumi.resolve import resolve

Path = tuple[str | int, ...]
ODD = [
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


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every path below a document's spec and metadata."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def mutate(documents: list[dict[str, Any]], number: int, kind: str, value: Any) -> None:
    """Change, remove or repeat one thing."""
    found = [path for path in places(documents) if len(path) > 1]
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


def resolve_anyhow(documents: list[dict[str, Any]]) -> None:
    parsed = spec.parse(manifest.from_data(documents))
    if parsed.found_cluster is not None:
        cloud = clouds.get(parsed.cluster.spec.cloud_provider)
        for finding in resolve(parsed, cloud, cni=cni.for_spec, addons=addons.REGISTRY).findings:
            assert finding.message
            assert finding.document


CHANGES = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(["set", "drop", "repeat"]), st.sampled_from(ODD)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_a_broken_manifest_never_raises(sound: Callable[[], list[dict[str, Any]]], changes: list[Any]) -> None:
    documents = sound()
    for number, kind, value in changes:
        mutate(documents, number, kind, value)
    resolve_anyhow(documents)


ENDS = st.sampled_from(["", "x", "::/0", "0.0.0.0/0", "10.0.0.0/8", "100.64.0.0/10", "fd00::/8", "172.20.0.0/31"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("networkCIDR", "nonMasqueradeCIDR", "podCIDR", "serviceClusterIPRange"), ENDS)
    )
)
def test_no_combination_of_ranges_raises(sound: Callable[[], list[dict[str, Any]]], ranges: dict[str, str]) -> None:
    documents = sound()
    documents[0]["spec"] |= ranges
    for subnet in documents[0]["spec"]["subnets"]:
        subnet.pop("cidr")
    resolve_anyhow(documents)
