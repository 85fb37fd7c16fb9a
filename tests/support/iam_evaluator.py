"""A small evaluator of IAM policies: may these documents' holder do this?

The rules are AWS's (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html): an
explicit Deny wins, otherwise one Allow is enough. Where an answer depends on a condition that the caller says nothing
of, it takes the worse one: such an Allow counts, such a Deny does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any


def allowed(documents: Iterable[str], action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
    """Whether the documents allow an action on a resource. `context` has condition keys that are known."""
    statements = [s for text in documents for s in _many(json.loads(text)["Statement"])]
    matching = [s for s in statements if _covers(s, "Action", action) and _covers(s, "Resource", resource)]
    known = {key.lower(): value for key, value in (context or {}).items()}
    denied = any(s["Effect"] == "Deny" and _holds(s, known, unknown=False) for s in matching)
    return not denied and any(s["Effect"] == "Allow" and _holds(s, known, unknown=True) for s in matching)


def _covers(statement: Mapping[str, Any], what: str, value: str) -> bool:
    fold = str.lower if what == "Action" else str
    if f"Not{what}" in statement:
        return not any(_like(fold(pattern), fold(value)) for pattern in _many(statement[f"Not{what}"]))
    return any(_like(fold(pattern), fold(value)) for pattern in _many(statement.get(what, [])))


def _holds(statement: Mapping[str, Any], known: Mapping[str, str], *, unknown: bool) -> bool:
    """Whether all conditions are met; those about what is not known count as `unknown`."""
    return all(
        _met(operator, _many(values), known[key.lower()]) if key.lower() in known else unknown
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _met(operator: str, values: list[Any], actual: str) -> bool:
    negative, base = "Not" in operator, operator.replace("Not", "").removesuffix("IfExists")
    match base.rpartition(":")[2]:
        case "StringEquals" | "ArnEquals":
            found = actual in map(str, values)
        case "StringLike" | "ArnLike":
            found = any(_like(str(value), actual) for value in values)
        case "Bool":
            found = actual.lower() in [str(value).lower() for value in values]
        case _:
            raise ValueError(f"the evaluator does not know the operator {operator}")
    return found != negative


def _like(pattern: str, text: str) -> bool:
    """IAM's wildcards: `*` and `?`, everything else literally."""
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
