"""docs/reference/spec.md from the API's own JSON Schema: every field with its type, what it means, what replaces it.

    python tools/reference.py        writes the page; tests/unit/tools/test_reference.py holds it to the API

The order of fields is the API's; types that more than one field uses have one table, linked from each of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "spec.md"
DOCUMENTS = ("Cluster", "InstanceGroup", "SSHCredential", "Keyset")

_HEAD = """# Fields of a manifest

<!-- Written by `python tools/reference.py` from kops_pulumi/spec; do not edit. -->

Every document has `apiVersion: kops.k8s.io/v1alpha2`, a `kind` and `metadata`. A field in **bold** is required. The
same facts for editors: `kops-pulumi schema`. How manifests are read is told in [The manifest](../manifest.md).
"""

Schema = Mapping[str, Any]


def page(schema: Schema) -> str:
    """The whole page: the kinds of documents first, then the types in the order in which they are met."""
    definitions: Mapping[str, Schema] = schema["$defs"]
    parts, shown = [_HEAD], set(DOCUMENTS)
    for kind in DOCUMENTS:
        parts.append(_section(kind, definitions[kind], level=2))
        parts += [_section(name, definitions[name], level=3) for name in _inner(kind, definitions, shown)]
    return "\n".join(parts)


def _inner(start: str, definitions: Mapping[str, Schema], shown: set[str]) -> Iterator[str]:
    """The types with fields that are reached from one, depth first; `shown` ones are not repeated."""
    for name in _references(definitions[start]):
        if name not in shown:
            shown.add(name)
            if "properties" in definitions[name]:
                yield name
            yield from _inner(name, definitions, shown)


def _references(schema: Any) -> list[str]:
    """Names of the types that a schema speaks of, in its order, each once."""
    children: Iterable[Any] = ()
    if isinstance(schema, dict):
        if "$ref" in schema:
            return [schema["$ref"].rpartition("/")[2]]
        children = schema.values()
    elif isinstance(schema, list):
        children = schema
    return list(dict.fromkeys(name for child in children for name in _references(child)))


def _section(name: str, schema: Schema, *, level: int) -> str:
    required = set(schema.get("required", ()))
    rows = [
        f"| {f'**`{key}`**' if key in required else f'`{key}`'} | {_type(field)} | {_meaning(field)} |"
        for key, field in schema["properties"].items()
    ]
    head = [
        f"{'#' * level} {name}",
        "",
        schema.get("description", ""),
        "",
        "| field | type | meaning |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def _meaning(field: Schema) -> str:
    text = _cell(field.get("description", ""))
    return f"*Deprecated: {_cell(field['x-kops-replacement'])}.* {text}" if field.get("deprecated") else text


def _type(schema: Schema) -> str:
    """A field's type in a few words; types with fields of their own are links."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(branch) for branch in schema["anyOf"]))
    return _plain_type(schema)


def _plain_type(schema: Schema) -> str:
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema.get('items', {}))}"
        case "object":
            values = schema.get("additionalProperties")
            return f"map of {_type(values)}" if isinstance(values, dict) and values else "map"
        case list() as kinds:
            return " or ".join(kinds)
        case kind:
            return str(kind or "anything")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def main() -> None:
    """Write the page."""
    sys.path.insert(0, str(ROOT))
    from kops_pulumi.spec.schema import json_schema

    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(json_schema()), encoding="utf-8")


if __name__ == "__main__":
    main()
