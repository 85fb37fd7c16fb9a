"""Every field path of the API reference (../shared/reference/spec.md) has a field in the typed API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kops_pulumi.spec import shapes
from kops_pulumi.spec.base import SpecModel
from kops_pulumi.spec.cluster import ClusterSpec
from kops_pulumi.spec.instancegroup import InstanceGroupSpec

COMPONENTS = {
    "kubeAPIServer", "kubeControllerManager", "cloudControllerManager", "kubeScheduler", "kubeProxy", "kubelet",
}  # fmt: skip
NOT_FIELDS = {"cloudConfig.vSphere*"}
"""A row of the reference that stands for several fields, each listed below it."""


def knows(model: type[SpecModel], path: str) -> bool:
    """Whether a dotted path (`subnets[].name`) leads to a field."""
    shape = shapes.Shape(model=model)
    for step in path.split("."):
        if shape.model is None:
            return False
        field = shapes.fields(shape.model).get(step.removesuffix("[]"))
        if field is None:
            return False
        shape = field.shape.items if step.endswith("[]") and field.shape.items else field.shape
    return True


def table_paths(text: str) -> Iterator[str]:
    """First column of the tables, `a / b` rows split."""
    for row in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE):
        yield from (path for path in row.split(" / ") if not path.startswith(("metadata", "annotations")))


def listed_paths(text: str) -> Iterator[str]:
    """`* `prefix`: name:type, …` lines."""
    for prefix, names in re.findall(r"^\* `([^`]+)`: (.+)$", text, re.MULTILINE):
        yield from (f"{prefix}.{name}" for name in re.findall(r"([\w-]+):[\w\[\].]", names))


def component_paths(text: str) -> Iterator[str]:
    """`**component** — flags: name:type→--flag, …` paragraphs."""
    for name, flags in re.findall(r"^\*\*(\w+)\*\* — flags: (.+(?:\n  .+)?)", text, re.MULTILINE):
        assert name in COMPONENTS
        yield from (f"{name}.{flag}" for flag in re.findall(r"([A-Za-z]\w*):(?:map\[|\[\]|[a-z])", flags))


def test_every_field_of_the_reference_is_in_the_api(shared: Path) -> None:
    text = (shared / "reference" / "spec.md").read_text(encoding="utf-8")
    cluster, group = text[text.index("## 2.") : text.index("## 4.")], text[text.index("## 4.") : text.index("## 5.")]
    wanted = {*table_paths(cluster), *listed_paths(cluster), *component_paths(cluster)} - NOT_FIELDS
    assert len(wanted) > 900
    assert sorted(path for path in wanted if not knows(ClusterSpec, path)) == []
    assert sorted(path for path in table_paths(group) if not knows(InstanceGroupSpec, path)) == []
