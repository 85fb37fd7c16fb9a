"""What each resource waits for, with nothing said twice: what a dependency waits for itself is left out.

Pulumi's dependencies may be components and providers, which Terraform does not have: a component stands for all that is
in it, a provider for what it waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kops_pulumi.testing import Recording


@dataclass
class Dependencies:
    """The graph of one recording, by URN."""

    edges: Mapping[str, frozenset[str]]
    """Direct dependencies among real resources."""
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, recording: Recording) -> Dependencies:
        """Read a recording."""
        custom = {r.urn for r in recording if r.custom and not r.type.startswith("pulumi:providers:")}
        children: dict[str, list[str]] = {}
        for resource in recording:
            children.setdefault(resource.parent or "", []).append(resource.urn)
        waits = {r.urn: [*r.depends_on, *([r.provider] if r.provider else [])] for r in recording}

        def real(urns: Iterable[str], seen: set[str]) -> set[str]:
            found: set[str] = set()
            for urn in urns:
                if urn in seen:
                    continue
                seen.add(urn)
                if urn in custom:
                    found.add(urn)
                elif "::pulumi:providers:" in urn.replace("$", "::"):
                    found |= real(waits.get(urn, ()), seen)
                else:
                    found |= real(children.get(urn, ()), seen)
            return found

        return cls({urn: frozenset(real(waits[urn], set()) - {urn}) for urn in sorted(custom)})

    def direct(self, urn: str) -> tuple[str, ...]:
        """What this one waits for, without what its other dependencies wait for anyway; sorted."""
        mine = self.edges.get(urn, frozenset())
        further = frozenset[str]().union(*(self._reach(other) for other in mine))
        return tuple(sorted(mine - further))

    def _reach(self, urn: str) -> frozenset[str]:
        """Everything that one waits for, at any distance."""
        if urn not in self._reached:
            mine = self.edges.get(urn, frozenset())
            self._reached[urn] = mine.union(*(self._reach(other) for other in mine))
        return self._reached[urn]
