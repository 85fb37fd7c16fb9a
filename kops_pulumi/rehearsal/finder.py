"""Finds a thing of the simulated cloud by the inputs that it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kops_pulumi.rehearsal.store import Store


class RehearsedFinder:
    """`automation.recovery.Finder` over the simulated cloud."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, type_: str, inputs: Mapping[str, Any]) -> Sequence[str] | None:
        """Ids of objects with the same inputs, but for those that a state has in another form: secrets and defaults."""
        wanted: dict[str, Any] = {
            k: v for k, v in inputs.items() if isinstance(v, str | int | float | bool) and not k.startswith("__")
        }
        tags = {key: value for key, value in (inputs.get("tags") or {}).items() if not key.startswith("__")}
        if tags:
            wanted["tags"] = tags
        return [o.id for o in self._store.objects(type_) if {k: o.inputs.get(k) for k in wanted} == wanted]
