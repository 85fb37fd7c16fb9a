"""From settings of the manifest to a component's command line: a table for each component and one rule.

The rule: an attribute of the typed API is the flag of the same words (`audit_log_path` → `--audit-log-path`). A
`Component` names only what does not follow it, what is done elsewhere and why, and which flags a Kubernetes minor no
longer has. Values are written as Kubernetes's flag parser reads them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kops_pulumi.errors import Finding, Severity
from kops_pulumi.spec.base import SpecModel, camel

Arg = dict[str, str]
"""One flag as kubeadm's v1beta4 has it: `{"name": …, "value": …}`; a flag may be given several times."""


@dataclass(frozen=True, slots=True)
class Component:
    """How one section of the manifest becomes flags."""

    section: str
    """Key below `spec`: kubeAPIServer."""
    model: type[SpecModel]
    flags: Mapping[str, str] = field(default_factory=dict)
    """Attribute → flag, where the words differ."""
    repeated: frozenset[str] = frozenset()
    """Attributes whose list is the flag given several times, not a comma list."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Attribute → where it goes instead of a flag of the same value."""
    removed: Mapping[str, int] = field(default_factory=dict)
    """Attribute → the first minor of Kubernetes 1 that refuses its flag."""

    def flag(self, attribute: str) -> str | None:
        """The flag of an attribute; None when it is not simply a flag, or has no effect any more."""
        extra = self.model.model_fields[attribute].json_schema_extra
        dead = isinstance(extra, dict) and bool(extra.get("deprecated"))
        if attribute in self.elsewhere or (dead and attribute not in self.flags):
            return None
        return self.flags.get(attribute, attribute.replace("_", "-"))

    def key(self, attribute: str) -> str:
        """How the manifest spells an attribute."""
        return self.model.model_fields[attribute].alias or camel(attribute)

    def args(self, settings: Mapping[str, Any], minor: int) -> list[Arg]:
        """The flags of settings (under the manifest's keys), sorted; flags that this minor refuses are left out."""
        found: list[Arg] = []
        for attribute in self.model.model_fields:
            flag, value = self.flag(attribute), settings.get(self.key(attribute))
            if flag is None or value is None or minor >= self.removed.get(attribute, minor + 1):
                continue
            found += args(flag, value) if attribute in self.repeated else args(flag, [text(value)])
        return sorted(found, key=lambda arg: arg["name"])

    def findings(self, settings: Mapping[str, Any], minor: int) -> Iterator[Finding]:
        """A warning for each setting whose flag this Kubernetes minor refuses."""
        for attribute, last in self.removed.items():
            if settings.get(self.key(attribute)) is not None and minor >= last:
                yield Finding(
                    ("spec", self.section, self.key(attribute)),
                    f"Kubernetes 1.{last} and newer have no --{self.flag(attribute)}: it has no effect",
                    "remove it",
                    Severity.WARNING,
                )


def args(name: str, values: Iterable[Any]) -> list[Arg]:
    """A flag once for each value, in the given order."""
    return [{"name": name, "value": text(value)} for value in values]


def over(*layers: Iterable[Arg]) -> list[Arg]:
    """Layers of flags as one list, sorted by name: a flag of a later layer replaces all of that name before it."""
    found: dict[str, list[Arg]] = {}
    for layer in layers:
        own: dict[str, list[Arg]] = {}
        for arg in layer:
            own.setdefault(arg["name"], []).append(arg)
        found |= own
    return [arg for name in sorted(found) for arg in found[name]]


def value_of(given: Iterable[Arg], name: str) -> str | None:
    """The value that counts: of a flag's last appearance."""
    return next((arg["value"] for arg in reversed(list(given)) if arg["name"] == name), None)


def text(value: Any) -> str:
    """A value as Go's flag packages read it: lists with commas, mappings as k=v, sorted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ",".join(f"{key}={text(item)}" for key, item in sorted(value.items()))
    if isinstance(value, list | tuple):
        return ",".join(text(item) for item in value)
    return str(value)
