"""What an operation of the engine did or would do, as a value: the ChangeReport.

`collect.py` builds it from engine events, `render.py` writes it for people, and `to_data` is its JSON, whose schema is
`json_schema`. Same changes, same report: sorted, without times or identifiers of a run. Secrets never get in.
This module must not import pulumi: the schema is printed without it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1


class Action(StrEnum):
    """What happens to a resource, the gravest last."""

    UNCHANGED = "unchanged"
    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


class Kind(StrEnum):
    """What a resource is to the engine."""

    RESOURCE = "resource"
    """A thing in the cloud, or made by the engine itself (keys, certificates)."""
    COMPONENT = "component"
    """A group of resources; exists in the state only."""
    PROVIDER = "provider"


class Difference(StrEnum):
    """How one property differs."""

    ADD = "add"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property's difference; values are plain JSON, secrets read `[secret]`, what is not known yet `[unknown]`."""

    path: str
    difference: Difference
    forces_replacement: bool
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What happens to one resource."""

    action: Action
    type: str
    name: str
    component: str
    """The component it belongs to, e.g. `Network`; empty for the stack's own."""
    kind: Kind
    urn: str
    properties: tuple[PropertyChange, ...] = ()
    """Sorted by path; empty for creations and deletions."""
    protected: bool = False


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """Everything that an operation changes, or would change."""

    stack: str
    operation: str
    """preview, update, refresh or destroy."""
    changes: tuple[ResourceChange, ...]
    """Without unchanged ones; sorted by component, type and name."""
    unchanged: int
    """Resources (of Kind.RESOURCE) that stay as they are."""
    messages: tuple[str, ...] = ()
    """Warnings of the engine and of providers."""
    drift: tuple[ResourceChange, ...] = ()
    """What a refresh, before anything else, found to differ from what was last made; sorted as the changes."""

    @property
    def empty(self) -> bool:
        """Nothing at all changes, components included."""
        return not any(change.action is not Action.READ for change in self.changes)

    def count(self, *actions: Action) -> int:
        """How many resources (of Kind.RESOURCE) any of these happens to; without actions, all that change."""
        wanted = actions or (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
        return sum(1 for change in self.changes if change.kind is Kind.RESOURCE and change.action in wanted)

    def resources(self) -> tuple[ResourceChange, ...]:
        """The changes that a user cares about: resources, not components or providers."""
        return tuple(change for change in self.changes if change.kind is Kind.RESOURCE)

    def to_data(self) -> dict[str, Any]:
        """The report as JSON types; `json_schema` describes it."""
        counts = Counter(change.action for change in self.resources())
        summary = {action.value: counts[action] for action in Action if action is not Action.UNCHANGED}
        return {
            "schemaVersion": SCHEMA_VERSION,
            "stack": self.stack,
            "operation": self.operation,
            "summary": {**summary, "unchanged": self.unchanged},
            "changes": [_change(change) for change in self.changes],
            "messages": list(self.messages),
            "drift": [_change(change) for change in self.drift],
        }


def _change(change: ResourceChange) -> dict[str, Any]:
    return {
        "action": change.action.value,
        "type": change.type,
        "name": change.name,
        "component": change.component,
        "kind": change.kind.value,
        "urn": change.urn,
        "protected": change.protected,
        "properties": [
            {
                "path": item.path,
                "difference": item.difference.value,
                "forcesReplacement": item.forces_replacement,
                "before": item.before,
                "after": item.after,
            }
            for item in change.properties
        ],
    }


def json_schema() -> dict[str, Any]:
    """JSON Schema of `to_data`; additions keep `schemaVersion`, anything else raises it."""
    actions = [action.value for action in Action if action is not Action.UNCHANGED]
    text, count, flag = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kops-pulumi change report",
        "description": "What an operation did or would do. Sorted; free of times and secrets.",
        **_object(
            schemaVersion={"const": SCHEMA_VERSION},
            stack={**text, "description": "The Pulumi stack: the cluster's name."},
            operation={"enum": ["preview", "update", "refresh", "destroy"]},
            summary={
                **_object(**dict.fromkeys((*actions, "unchanged"), count)),
                "description": "Numbers of resources; components and providers are not counted.",
            },
            changes={"type": "array", "items": {"$ref": "#/$defs/change"}},
            messages={"type": "array", "items": text, "description": "Warnings of the engine and of providers."},
            drift={
                "type": "array",
                "items": {"$ref": "#/$defs/change"},
                "description": "With --refresh: what differs in the cloud from what was last made; delete means gone.",
            },
        ),
        "$defs": {
            "change": _object(
                action={"enum": actions},
                type={**text, "description": "Pulumi's type token, e.g. aws:ec2/vpc:Vpc."},
                name={**text, "description": "The logical name."},
                component={**text, "description": "The component it belongs to, e.g. Network."},
                kind={"enum": [kind.value for kind in Kind]},
                urn=text,
                protected={**flag, "description": "The engine refuses to delete it."},
                properties={"type": "array", "items": {"$ref": "#/$defs/property"}},
            ),
            "property": _object(
                path={**text, "description": "Where in the resource's inputs, e.g. tags.Name or ingress[0].protocol."},
                difference={"enum": [difference.value for difference in Difference]},
                forcesReplacement=flag,
                before={"description": "The old value; null when there was none; secrets read [secret]."},
                after={"description": "The new value; [unknown] when only the cloud can tell."},
            ),
        },
    }


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted(properties),
        "properties": properties,
    }
