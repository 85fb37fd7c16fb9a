"""The JSON Schema that editors use."""

from __future__ import annotations

import json

import jsonschema

from kops_pulumi import manifest
from kops_pulumi.spec import schema

CLUSTER = """\
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata: {name: demo.example.com}
spec: {cloudProvider: aws, kubernetesVersion: 1.36, networking: {cilium: {}}}
"""


def problems(text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema.json_schema())
    return [
        error.message for document in manifest.loads(text).documents for error in validator.iter_errors(document.data)
    ]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.json_schema())


def test_the_schema_is_the_same_every_time() -> None:
    assert json.dumps(schema.json_schema()) == json.dumps(schema.json_schema())


def test_every_field_has_a_description() -> None:
    definitions = schema.json_schema()["$defs"]
    silent = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, field in definition.get("properties", {}).items()
        if not field.get("description")
    ]
    assert silent == []


def test_a_good_manifest_passes_and_so_do_kubernetes_objects() -> None:
    assert problems(CLUSTER + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n") == []


def test_a_typo_does_not_pass() -> None:
    assert problems(CLUSTER.replace("networking:", "netwroking:")) == [
        "Additional properties are not allowed ('netwroking' was unexpected)"
    ]


def test_an_unknown_kind_of_our_group_does_not_pass() -> None:
    assert problems(CLUSTER.replace("kind: Cluster", "kind: Clutser"))


def test_deprecated_fields_say_so() -> None:
    field = schema.json_schema()["$defs"]["ClusterSpec"]["properties"]["masterInternalName"]
    assert field["deprecated"] is True
