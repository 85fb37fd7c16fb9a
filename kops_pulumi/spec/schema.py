"""The API as JSON Schema (draft 2020-12), for editors that check and complete manifests while they are written.

One schema for every document of a manifest: `kind` chooses the branch, documents of other API groups pass. Texts that
kops's readers also take as plain numbers (quantities, versions) may be numbers here; everything else is as strict as
`parse`, which stays the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from kops_pulumi.spec.base import SpecModel
from kops_pulumi.spec.kinds import API_VERSION, GROUP, MODELS
from kops_pulumi.spec.types import NUMBER_LIKE

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MODELINE = "# yaml-language-server: $schema=./kops-pulumi.schema.json"
"""The line at a manifest's head that makes editors use the schema."""


class _Generator(GenerateJsonSchema):
    """Leaves out what an editor would only repeat: generated titles."""

    def field_title_should_be_set(self, _schema: Any) -> bool:
        """Fields are known by their keys."""
        return False


def json_schema() -> dict[str, Any]:
    """The schema of a manifest's documents, the same bytes every time it is dumped."""
    models = sorted(MODELS.values(), key=lambda model: model.__name__)
    references, definitions = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, schema_generator=_Generator
    )
    return {
        "$schema": DRAFT,
        "title": "kops-pulumi manifest",
        "description": "A kops.k8s.io/v1alpha2 document (Cluster, InstanceGroup, Keyset …) or a Kubernetes object.",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}},
        "if": {"properties": {"apiVersion": {"pattern": f"^{GROUP.replace('.', '[.]')}/"}}},
        "then": {
            "properties": {"apiVersion": {"const": API_VERSION}, "kind": {"enum": sorted(MODELS)}},
            "allOf": [_branch(model, references[(model, "validation")]) for model in models],
        },
        "$defs": {name: _tidy(definition) for name, definition in sorted(definitions["$defs"].items())},
    }


def _branch(model: type[SpecModel], reference: Mapping[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {"kind": {"const": model.__name__}}}, "then": dict(reference)}


def _tidy(schema: Any) -> Any:
    """Without the noise of optional fields: no null branch, no null default; numbers where a text may look like one."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {key: _tidy(value) for key, value in schema.items() if not (key == "default" and value is None)}
    branches = [branch for branch in rest.pop("anyOf", []) if branch != {"type": "null"}]
    merged = {**branches[0], **rest} if len(branches) == 1 else {**rest, **({"anyOf": branches} if branches else {})}
    if merged.pop(NUMBER_LIKE, False):
        merged["type"] = ["string", "number"]
    return merged
