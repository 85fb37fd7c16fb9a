"""kops's own manifests parse, round-trip and satisfy the JSON Schema, whatever their cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kops_pulumi import manifest, spec
from kops_pulumi.errors import errors_in
from kops_pulumi.spec import schema
from kops_pulumi.spec.messages import STRAYS

SCENARIOS = 38
WITH_STRAYS = {"minimal_gce_plb_apiserver", "minimal_openstack"}


@pytest.fixture(scope="module")
def manifests(shared: Path) -> dict[str, manifest.Manifest]:
    return {path.parent.name: manifest.load([path]) for path in sorted(shared.glob("scenarios/*/cluster.yaml"))}


def without_strays(kind: str, data: Any, path: str = "") -> Any:
    """Plain data without the named strays."""
    if isinstance(data, list):
        return [without_strays(kind, item, path) for item in data]
    if not isinstance(data, dict):
        return data
    keep = {key: f"{path}.{key}".lstrip(".") for key in data if (kind, f"{path}.{key}".lstrip(".")) not in STRAYS}
    return {key: without_strays(kind, data[key], place) for key, place in keep.items()}


def as_text(data: Any) -> Any:
    """Plain data with every number as text: 3.14 may stand where the API wants "3.14"."""
    if isinstance(data, dict):
        return {key: as_text(value) for key, value in data.items()}
    if isinstance(data, list):
        return [as_text(value) for value in data]
    return data if isinstance(data, bool) else str(data)


def test_every_manifest_parses_without_errors(manifests: dict[str, manifest.Manifest]) -> None:
    assert len(manifests) == SCENARIOS
    errors = {name: errors_in(spec.parse(each).findings) for name, each in manifests.items()}
    assert {name: found for name, found in errors.items() if found} == {}


def test_only_the_named_strays_are_ignored(manifests: dict[str, manifest.Manifest]) -> None:
    ignoring = {
        name
        for name, each in manifests.items()
        if any(finding.message == "unknown field, ignored" for finding in spec.parse(each).findings)
    }
    assert ignoring == WITH_STRAYS


def test_every_document_becomes_a_model_or_passes_as_an_object(manifests: dict[str, manifest.Manifest]) -> None:
    for each in manifests.values():
        parsed = spec.parse(each)
        models = [parsed.cluster, *parsed.groups, *parsed.ssh_keys]
        assert len(models) + len(parsed.objects) == len(each.documents)


def test_dump_gives_back_what_the_file_says(manifests: dict[str, manifest.Manifest]) -> None:
    for each in manifests.values():
        parsed = spec.parse(each)
        models: list[spec.Cluster | spec.InstanceGroup] = [parsed.cluster, *parsed.groups]
        for model in models:
            document = parsed.document(model)
            assert document is not None
            assert as_text(spec.dump(model)) == as_text(without_strays(document.kind, document.data))


def test_a_dumped_manifest_parses_to_the_same_models(manifests: dict[str, manifest.Manifest]) -> None:
    for each in manifests.values():
        first = spec.parse(each)
        text = manifest.dump_all([*(spec.dump(model) for model in (first.cluster, *first.groups)), *first.objects])
        again = spec.parse(manifest.loads(text))
        assert errors_in(again.findings) == []
        assert (again.cluster, again.groups, again.objects) == (first.cluster, first.groups, first.objects)


def test_every_document_satisfies_the_schema(manifests: dict[str, manifest.Manifest]) -> None:
    validator = jsonschema.Draft202012Validator(schema.json_schema())
    problems = [
        (name, document.title, error.message)
        for name, each in manifests.items()
        for document in each.documents
        for error in validator.iter_errors(without_strays(document.kind, document.data))
    ]
    assert problems == []


def test_editing_a_scalar_changes_one_line_of_any_manifest(shared: Path) -> None:
    for path in sorted(shared.glob("scenarios/*/cluster.yaml")):
        text = path.read_text(encoding="utf-8")
        edited = manifest.edit(text, [manifest.Set("Cluster", ("spec", "kubernetesVersion"), "1.37.0")])
        lines = list(zip(text.splitlines(), edited.splitlines(), strict=True))
        assert [new for old, new in lines if old != new] == ["  kubernetesVersion: 1.37.0"]
        assert manifest.edit(text, [manifest.Set("Cluster", ("spec", "channel"), "stable")]) == text
