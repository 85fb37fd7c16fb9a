"""The components make what kops's Terraform makes, for every AWS and GCE scenario: counts by type, names, inputs.

Deliberate differences stand in `deviations.py` by name; docs/parity.md says the same to people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from kops_pulumi.model import ClusterPlan
from tests.scenarios import structure
from tests.scenarios.deviations import PROPERTIES, STRUCTURE, PropertyDeviation, StructureDeviation
from tests.scenarios.names import AWS, GCE
from tests.support import recorded, terraform

every_scenario = pytest.mark.parametrize("name", [*AWS, *GCE])
PREFIXES = {"aws": "aws_", "gce": "google_"}
"""Of Terraform's types, by cloud."""


def directory(shared: Path, name: str) -> Path:
    return shared / "scenarios" / name


def found_differences(shared: Path, name: str) -> list[tuple[str, str, str, object, object]]:
    """(type, resource, attribute, kops's value, our value) of every resource that both have."""
    theirs = terraform.read(directory(shared, name) / "kubernetes.tf")
    mine = recorded.cluster(directory(shared, name) / "cluster.yaml")
    return [
        (kind, resource, *difference)
        for kind in structure.NAMED
        for left, right in [(structure.kops(theirs, kind), structure.ours(mine, kind))]
        for resource in sorted(left.keys() & right.keys())
        for difference in structure.differences(left[resource], right[resource])
    ]


def applying(plan: ClusterPlan) -> Iterable[StructureDeviation]:
    """The deviations of a plan's own cloud that hold for it."""
    own = (deviation for deviation in STRUCTURE if deviation.type.startswith(PREFIXES[plan.cloud]))
    return (deviation for deviation in own if deviation.applies(plan))


def allows(deviation: PropertyDeviation, kind: str, attribute: str) -> bool:
    return kind in deviation.types and fnmatchcase(attribute, deviation.attribute)


@every_scenario
def test_there_are_as_many_resources_of_each_type(shared: Path, name: str) -> None:
    theirs = terraform.read(directory(shared, name) / "kubernetes.tf")
    manifest = directory(shared, name) / "cluster.yaml"
    mine = Counter(resource.type for resource in recorded.cluster(manifest))
    more = {kind: mine[token] - len(theirs.get(kind, {})) for kind, token in structure.TYPES.items()}
    expected: Counter[str] = Counter()
    for deviation in applying(recorded.plan_of(manifest)):
        expected[deviation.type] += deviation.more
    assert {kind: count for kind, count in more.items() if count} == {k: n for k, n in expected.items() if n}


@every_scenario
def test_resources_are_called_as_kops_calls_them(shared: Path, name: str) -> None:
    theirs = terraform.read(directory(shared, name) / "kubernetes.tf")
    manifest = directory(shared, name) / "cluster.yaml"
    mine = recorded.cluster(manifest)
    deviations = list(applying(recorded.plan_of(manifest)))
    for kind in structure.NAMED:
        left, right = structure.kops(theirs, kind).keys(), structure.ours(mine, kind).keys()
        counts = [deviation.more for deviation in deviations if deviation.type == kind]
        assert len(left - right) == -sum(count for count in counts if count < 0), kind
        assert len(right - left) == sum(count for count in counts if count > 0), kind


@every_scenario
def test_inputs_are_those_of_kops(shared: Path, name: str) -> None:
    unnamed = [
        difference
        for difference in found_differences(shared, name)
        if not any(allows(deviation, difference[0], difference[2]) for deviation in PROPERTIES)
    ]
    assert unnamed == []


def test_every_property_deviation_is_needed(shared: Path) -> None:
    seen = {(kind, attribute) for name in (*AWS, *GCE) for kind, _, attribute, *_ in found_differences(shared, name)}
    unused = [d.name for d in PROPERTIES if not any(allows(d, kind, attribute) for kind, attribute in seen)]
    assert unused == []


def test_adopted_things_are_never_made(shared: Path) -> None:
    mine = recorded.cluster(directory(shared, "private-shared-subnet") / "cluster.yaml")
    assert [
        r for r in mine if r.type in {"aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/routeTable:RouteTable"}
    ] == []
    tags = [(tag.inputs["resourceId"], tag.inputs["value"]) for tag in mine.of("aws:ec2/tag:Tag")]
    assert sorted(tags) == [("subnet-12345678", "shared"), ("subnet-abcdef", "shared")]
