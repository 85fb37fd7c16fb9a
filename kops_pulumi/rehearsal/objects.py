"""Objects of a simulated cluster's API, in memory: nodes, pods, budgets, as the API server keeps them.

Every change has a version, so that watches get what came since; evictions heed budgets, and what an evicted pod's
controller would do (another pod elsewhere) is not simulated. This module must not serve HTTP (`api.py`).
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

NODES: Final = "nodes"
PODS: Final = "pods"
BUDGETS: Final = "poddisruptionbudgets"
KINDS: Final = {NODES: "Node", PODS: "Pod", BUDGETS: "PodDisruptionBudget"}

Json = dict[str, Any]


class Refused(Exception):  # noqa: N818 - reads as the answer it is
    """The API says no; with an HTTP status and a reason."""

    def __init__(self, status: int, reason: str, message: str, causes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.causes = status, reason, message, causes


@dataclass
class Objects:
    """All objects of one cluster."""

    items: dict[str, dict[str, Json]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    """By kind and `namespace/name`."""
    history: list[tuple[int, str, str, Json]] = field(default_factory=list)
    """(version, kind, event, object) of every change."""
    lists: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    """How often each kind was listed."""
    forgotten: int = 0
    """Watches from before this version are told that they are too old."""

    def __post_init__(self) -> None:
        self._versions = itertools.count(1)
        self._version = 0
        self.lock = threading.RLock()

    @property
    def version(self) -> int:
        """The version of the last change."""
        return self._version

    def put(self, kind: str, item: Mapping[str, Any]) -> None:
        """Add an object or put it in the place of the one of its name; the same again changes nothing."""
        with self.lock:
            key, new = key_of(item), copy.deepcopy(dict(item))
            old = self.items[kind].get(key)
            if old is not None and _bare(old) == _bare(new):
                return
            self._keep(kind, key, new, "MODIFIED" if old else "ADDED")

    def drop(self, kind: str, key: str) -> None:
        """Take an object away. A node's pods go with it."""
        with self.lock:
            gone = self.items[kind].pop(key, None)
            if gone is None:
                return
            self._note(kind, "DELETED", gone)
            if kind == NODES:
                for pod in [k for k, p in self.items[PODS].items() if p["spec"].get("nodeName") == key.strip("/")]:
                    self.drop(PODS, pod)

    def get(self, kind: str, key: str) -> Json:
        """An object; Refused when it is not there."""
        found = self.items[kind].get(key)
        if found is None:
            raise Refused(404, "NotFound", f'{kind} "{key.strip("/")}" not found')
        return found

    def merge(self, kind: str, key: str, patch: Mapping[str, Any]) -> Json:
        """A merge patch (RFC 7386); Refused when the patch names another version than the object has."""
        with self.lock:
            old = self.get(kind, key)
            expected = (patch.get("metadata") or {}).get("resourceVersion")
            if expected not in (None, old["metadata"]["resourceVersion"]):
                raise Refused(409, "Conflict", "the object has been modified; please apply your changes to the latest")
            return self._keep(kind, key, _merged(old, patch), "MODIFIED")

    def evict(self, key: str) -> None:
        """Let a pod go at once, unless a budget holds it."""
        with self.lock:
            pod = self.get(PODS, key)
            for budget in self.items[BUDGETS].values():
                self._heed(budget, pod)
            self.drop(PODS, key)

    def _heed(self, budget: Json, pod: Json) -> None:
        if not _covers(budget, pod):
            return
        status = budget.setdefault("status", {})
        if int(status.get("disruptionsAllowed", 0)) <= 0:
            name = budget["metadata"]["name"]
            needed, healthy = status.get("desiredHealthy", 1), status.get("currentHealthy", 1)
            cause = f"The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
            message = "Cannot evict pod as it would violate the pod's disruption budget."
            raise Refused(429, "TooManyRequests", message, (cause,))
        status["disruptionsAllowed"] = int(status["disruptionsAllowed"]) - 1

    def since(self, kind: str, version: int) -> Iterator[Json]:
        """Events after a version; Refused when that is too long ago."""
        with self.lock:
            if version < self.forgotten:
                raise Refused(410, "Expired", f"too old resource version: {version}")
            for number, which, event, item in self.history:
                if which == kind and number > version:
                    yield {"type": event, "object": item}

    def _keep(self, kind: str, key: str, item: Json, event: str) -> Json:
        self.items[kind][key] = item
        self._note(kind, event, item)
        return item

    def _note(self, kind: str, event: str, item: Json) -> None:
        self._version = next(self._versions)
        item.setdefault("metadata", {})["resourceVersion"] = str(self._version)
        self.history.append((self._version, kind, event, copy.deepcopy(item)))


def key_of(item: Mapping[str, Any]) -> str:
    """`namespace/name`, `/name` where there are no namespaces."""
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


def _bare(item: Json) -> Json:
    return {**item, "metadata": {key: value for key, value in item["metadata"].items() if key != "resourceVersion"}}


def _merged(old: Json, patch: Mapping[str, Any]) -> Json:
    new = dict(old)
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(new.get(key), dict):
            new[key] = _merged(new[key], value)
        elif key != "resourceVersion":
            new[key] = copy.deepcopy(value)
    return new


def _covers(budget: Json, pod: Json) -> bool:
    wanted = ((budget.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    labels = pod["metadata"].get("labels") or {}
    same = budget["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return same and all(labels.get(key) == value for key, value in wanted.items())
