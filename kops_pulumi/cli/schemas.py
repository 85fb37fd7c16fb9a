"""JSON Schemas of what `-o json` prints, by the name that `kops-pulumi schema` takes; a list is one for one, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Schema = dict[str, Any]
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string"}
_PERHAPS: Schema = {"type": ["string", "null"]}


def _manifest() -> Schema:
    from kops_pulumi.spec.schema import json_schema

    return json_schema()


def _change_report() -> Schema:
    from kops_pulumi.automation import report

    return report.json_schema()


def _documents(title: str, kinds: tuple[str, ...]) -> Callable[[], Schema]:
    """A list of documents as manifests have them; `schema manifest` says what is in each kind."""

    def made() -> Schema:
        kind: Schema = {"enum": list(kinds)} if kinds else _TEXT
        known = {"apiVersion": _TEXT, "kind": kind, "metadata": {"type": "object"}, "spec": {"type": "object"}}
        return _list(title, {"type": "object", "properties": known, "required": ["kind"]})

    return made


def _rows(title: str, **columns: Schema) -> Callable[[], Schema]:
    """A list of flat objects, each with all of these keys."""
    return lambda: _list(title, _object(columns))


def _object(columns: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": dict(columns),
        "required": list(columns),
        "additionalProperties": False,
    }


def _list(title: str, item: Schema) -> Schema:
    return {"$schema": _DRAFT, "title": title, "type": "array", "items": item}


def _choice(*values: str) -> Schema:
    return {"enum": list(values)}


_NUMBER: Schema = {"type": "integer"}
_FLAG: Schema = {"type": "boolean"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}


def _validation() -> Schema:
    """What `validate cluster -o json` prints."""
    group = {"name": _TEXT, "role": _TEXT, "machineType": _TEXT, "min": _NUMBER, "max": _NUMBER, "subnets": _TEXTS}
    node = {"name": _TEXT, "role": _TEXT, "instanceGroup": _PERHAPS, "ready": _FLAG, "version": _TEXT}
    kinds = _choice("dns", "api", "InstanceGroup", "Machine", "Node", "Pod", "Certificate")
    problem = {"kind": kinds, "name": _TEXT, "message": _TEXT, "instanceGroup": _PERHAPS}
    certificate = {"name": _TEXT, "until": {"type": "string", "format": "date-time"}, "days": _NUMBER}
    parts = {"instanceGroups": group, "nodes": node, "problems": problem, "certificates": certificate}
    lists = {name: {"type": "array", "items": _object(item)} for name, item in parts.items()}
    return {"$schema": _DRAFT, "title": "A cluster's health", **_object({"cluster": _TEXT, "valid": _FLAG, **lists})}


SCHEMAS: Mapping[str, Callable[[], Schema]] = {
    "instances": _rows(
        "Machines of a cluster",
        id=_TEXT,
        node=_PERHAPS,
        instanceGroup=_TEXT,
        role=_TEXT,
        state=_choice("pending", "running", "stopping", "warm", "detached"),
        outdated=_FLAG,
        ready={"type": ["boolean", "null"]},
        version=_PERHAPS,
        machineType=_PERHAPS,
        zone=_PERHAPS,
        addresses=_TEXTS,
    ),
    "rolling-update": _rows(
        "Instance groups, and which of their machines would be replaced",
        name=_TEXT,
        role=_TEXT,
        status=_choice("Ready", "NeedsUpdate"),
        needUpdate=_NUMBER,
        ready=_NUMBER,
        min=_NUMBER,
        target=_NUMBER,
        max=_NUMBER,
        nodes=_NUMBER,
        machines=_TEXTS,
    ),
    "validation": _validation,
    "manifest": _manifest,
    "change-report": _change_report,
    "clusters": _documents("kops-pulumi get clusters -o json", ("Cluster",)),
    "instancegroups": _documents("kops-pulumi get instancegroups -o json", ("InstanceGroup",)),
    "sshpublickeys": _documents("kops-pulumi get sshpublickeys -o json", ("SSHCredential",)),
    "all": _documents("kops-pulumi get all -o json, and --dry-run -o json of what writes a manifest", ()),
    "keypairs": _rows(
        "kops-pulumi get keypairs -o json",
        keyset=_TEXT,
        id=_TEXT,
        kind=_choice("authority", "key-pair", "secret-key"),
        status=_choice("primary", "trusted", "distrusted"),
        distrusted={**_PERHAPS, "description": "Since when, RFC 3339."},
    ),
    "secrets": _rows("kops-pulumi get secrets -o json", name=_TEXT, generation=_TEXT),
    "findings": _rows(
        "kops-pulumi validate -f FILE -o json",
        severity=_choice("error", "warning"),
        file=_PERHAPS,
        line={"type": ["integer", "null"], "minimum": 1},
        column={"type": ["integer", "null"], "minimum": 1},
        document=_PERHAPS,
        path=_TEXT,
        message=_TEXT,
        hint=_PERHAPS,
    ),
}
"""A new verb with `-o json` gets its line here and in docs/cli/output.md."""
