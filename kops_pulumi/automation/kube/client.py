"""`Kube` over a cluster's real API.

Nodes and pods are listed once and then kept up to date by short watches: what a look at them costs does not grow with
their number, and a connection to a server that is gone is noticed in seconds. When a watch is too old the list is read
again.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from kops_pulumi.automation.kube import NEEDS_UPDATE, NO_BALANCERS, SCHEDULED_TAINT, Budget, Node, Pod, reading
from kops_pulumi.automation.kube.session import MERGE, ApiError, Session, Unreachable
from kops_pulumi.errors import KopsError

PAGE: Final = 500
WATCH_SECONDS: Final = 1
"""How long a watch waits for news; what happened since the last one comes at once."""
AGE: Final = 2.0
"""Seconds for which what was read counts as new."""
_GONE: Final = 410
_CONFLICT: Final = 409
_NOT_FOUND: Final = 404
_TOO_MANY: Final = 429
T = TypeVar("T")


class Feed(Generic[T]):
    """All objects of one kind, by key."""

    def __init__(self, session: Session, path: str, read: Callable[[Any], T]) -> None:
        self.items: dict[str, T] = {}
        self._session, self._path, self._read = session, path, read
        self._version: str | None = None

    def refresh(self) -> None:
        """Read what is new; everything when there is nothing yet, or when what we have is too old to go on from."""
        try:
            if self._version is None:
                self._list()
            else:
                self._watch()
        except ApiError as error:
            if error.status != _GONE:
                raise
            self._version = None
            self._list()

    def _list(self) -> None:
        found: dict[str, T] = {}
        query: dict[str, str] = {"limit": str(PAGE)}
        while True:
            page = self._session.get(f"{self._path}?{urlencode(query)}")
            found |= {_key(item): self._read(item) for item in page.get("items") or ()}
            more = page["metadata"].get("continue")
            if not more:
                break
            query["continue"] = more
        self.items, self._version = found, page["metadata"].get("resourceVersion")

    def _watch(self) -> None:
        query = {
            "watch": "true",
            "resourceVersion": self._version or "",
            "timeoutSeconds": str(WATCH_SECONDS),
            "allowWatchBookmarks": "true",
        }
        for event in self._session.lines(f"{self._path}?{urlencode(query)}"):
            self._apply(event["type"], event["object"])

    def _apply(self, kind: str, item: Any) -> None:
        if kind == "ERROR":
            raise ApiError(int(item.get("code") or 0), item, str(item.get("message") or "the watch broke"))
        self._version = item["metadata"].get("resourceVersion") or self._version
        if kind == "DELETED":
            self.items.pop(_key(item), None)
        elif kind in {"ADDED", "MODIFIED"}:
            self.items[_key(item)] = self._read(item)


def _key(item: Any) -> str:
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


class Cluster:
    """A cluster's API (`kube.Kube`)."""

    def __init__(self, session: Session, now: Callable[[], float] = time.monotonic) -> None:
        self._session, self._now = session, now
        self._nodes = Feed(session, "/api/v1/nodes", reading.node)
        self._pods = Feed(session, "/api/v1/pods", reading.pod)
        self._read_at: float | None = None
        self._problem: str | None = None

    def problem(self) -> str | None:
        """Why what we have may be old; asks."""
        self._refresh()
        return self._problem

    def nodes(self) -> Sequence[Node]:
        """All nodes, sorted by name."""
        self._refresh()
        return sorted(self._nodes.items.values(), key=lambda node: node.name)

    def pods(self) -> Sequence[Pod]:
        """All pods."""
        self._refresh()
        return list(self._pods.items.values())

    def pods_on(self, node: str) -> Sequence[Pod]:
        """The pods of a node, sorted by name."""
        self._refresh()
        return sorted((pod for pod in self._pods.items.values() if pod.node == node), key=lambda pod: pod.key)

    def budgets(self) -> Sequence[Budget]:
        """All PodDisruptionBudgets."""
        found = self._session.get("/apis/policy/v1/poddisruptionbudgets")
        return [reading.budget(item) for item in found.get("items") or ()]

    def mark(self, node: str, *, needed: bool = False) -> None:
        """Add our taint, and with `needed` our annotation. Two writers at once: the second try sees the other's."""
        for last in (False, True):
            item = self._session.get(f"/api/v1/nodes/{node}")
            others = [t for t in item["spec"].get("taints") or () if t["key"] != SCHEDULED_TAINT]
            metadata: dict[str, Any] = {"resourceVersion": item["metadata"].get("resourceVersion")}
            if needed:
                metadata["annotations"] = {NEEDS_UPDATE: ""}
            taints = [*others, {"key": SCHEDULED_TAINT, "effect": "PreferNoSchedule"}]
            try:
                self._patch(node, {"metadata": metadata, "spec": {"taints": taints}})
            except ApiError as error:
                if last or error.status != _CONFLICT:
                    raise
            else:
                return

    def cordon(self, node: str) -> None:
        """Unschedulable, and labelled so that load balancers of Services leave it out."""
        self._patch(node, {"metadata": {"labels": {NO_BALANCERS: ""}}, "spec": {"unschedulable": True}})

    def evict(self, pod: Pod) -> str | None:
        """Through the eviction API, which heeds budgets."""
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
        }
        try:
            self._session.call("POST", f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/eviction", body)
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            return _causes(error) if error.status == _TOO_MANY else error.message
        except Unreachable as error:
            return error.message
        return None

    def delete_node(self, node: str) -> None:
        """DELETE; gone already is fine."""
        try:
            self._session.call("DELETE", f"/api/v1/nodes/{node}")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def _patch(self, node: str, body: object) -> None:
        self._session.call("PATCH", f"/api/v1/nodes/{node}", body, MERGE)

    def _refresh(self) -> None:
        now = self._now()
        if self._read_at is not None and now - self._read_at < AGE:
            return
        try:
            self._nodes.refresh()
            self._pods.refresh()
        except KopsError as error:
            self._problem = error.message
        else:
            self._problem = None
        # An answer may have taken seconds; what it says is as new as its end.
        self._read_at = self._now()


def _causes(error: ApiError) -> str:
    """A refused eviction in the words that name its budget: `The disruption budget db needs 2 healthy pods …`."""
    causes = (error.body.get("details") or {}).get("causes") or ()
    said = [cause["message"] for cause in causes if cause.get("message")]
    return said[0] if said else error.message
