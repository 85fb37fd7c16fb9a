"""What validators look at, and the words they share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from kops_pulumi.errors import Finding, KeyPath, Severity

if TYPE_CHECKING:
    from kops_pulumi.plugins import Capabilities
    from kops_pulumi.spec import Cluster, InstanceGroup


@dataclass(frozen=True, slots=True)
class Subject:
    """A resolved manifest under examination, beside what its user wrote."""

    cluster: Cluster
    """With every default filled in."""
    groups: tuple[InstanceGroup, ...]
    written: Cluster
    """Without defaults: to tell what the user chose."""
    capabilities: Capabilities
    cloud: str
    region: str
    force: bool
    """Versions newer than the tool are allowed."""
    makes_ranges: bool = True
    """Subnets without a range get one."""
    complete: bool = True
    """Every instance group of the files is here; a group that could not be read at all is not, and nothing may be said
    about groups that are missing."""

    @property
    def spec(self) -> Any:
        """The resolved spec, untyped: sections that defaults fill are never None, which their types cannot say."""
        return self.cluster.spec

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.cluster.metadata.name or ""


def warning(path: KeyPath, message: str, hint: str | None = None) -> Finding:
    """A doubt that does not stop us."""
    return Finding(path, message, hint, Severity.WARNING)


def closest(wrong: str, known: Iterable[str]) -> str:
    """A hint for a reference that leads nowhere."""
    names = sorted(known)
    match = get_close_matches(wrong, names, n=1)
    if match:
        return f"did you mean {match[0]!r}?"
    return f"there are {', '.join(names)}" if names else "there are none"


def one_of(path: KeyPath, value: Any, allowed: Iterable[str]) -> list[Finding]:
    """A finding when a set value is not among the allowed ones."""
    text = "" if value is None else str(getattr(value, "value", value))
    choices = list(allowed)
    if not text or text in choices:
        return []
    return [Finding(path, f"{text!r} is not one of {', '.join(choices)}", closest(text, choices))]


def duplicates(values: Iterable[Any]) -> list[tuple[int, Any]]:
    """Index and value of everything that was there before."""
    seen: set[Any] = set()
    return [(i, v) for i, v in enumerate(values) if v is not None and (v in seen or seen.add(v))]  # type: ignore[func-returns-value]
