"""What each neutral permission means on GCE: verb → bindings of IAM roles under conditions (pure).

`VERBS` is the whole policy of this project on GCE, as data; `identity.py` only makes resources of it. What needs no
condition is one custom role of the identity; what has one is a binding of its own, whose condition names the cluster's
own disks, machines or objects. Bindings are the project's: an existing bucket's own policy is not touched.

Limits of conditions (12 logical operators): https://cloud.google.com/iam/docs/conditions-overview#limitations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kops_pulumi.clouds.gce import names
from kops_pulumi.clouds.gce.verbs import VERBS, Allow
from kops_pulumi.model import Role
from kops_pulumi.plan.names import short_hash

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan, Identity, Permission


@dataclass(frozen=True, slots=True)
class Binding:
    """One role that an identity gets: a predefined one, or a custom one with these permissions."""

    key: str
    """Unique among the identity's bindings."""
    role: str | None = None
    permissions: tuple[str, ...] = ()
    condition: str | None = None
    zone: str | None = None
    """What the plan calls the DNS zone that it is bound to; None: the project."""


def bindings(identity: Identity, plan: ClusterPlan) -> tuple[Binding, ...]:
    """Everything that an identity may do, sorted by key."""
    limited: defaultdict[tuple[str | None, tuple[str, ...]], set[str]] = defaultdict(set)
    free: defaultdict[str | None, set[str]] = defaultdict(set)
    predefined: set[str] = set()
    for permission, allow in _allows(identity.permissions):
        if allow.condition is not None:
            condition = allow.condition.format_map(_values(permission, plan))
            limited[allow.role, allow.permissions].add(condition)
        elif allow.role is not None:
            predefined.add(allow.role)
        else:
            free[permission.scope if allow.on_zone else None].update(allow.permissions)
    found = [
        *_free(free),
        *(Binding(_tail(role), role=role) for role in predefined),
        *_limited(limited),
    ]
    return tuple(sorted(found, key=lambda binding: binding.key))


def unknown(permissions: Iterable[Permission]) -> set[str]:
    """Verbs that mean nothing on GCE."""
    return {permission.verb for permission in permissions} - VERBS.keys()


def _allows(permissions: Iterable[Permission]) -> Iterator[tuple[Permission, Allow]]:
    for permission in sorted(set(permissions)):
        for allow in VERBS[permission.verb]:
            yield permission, allow


def _free(free: Mapping[str | None, set[str]]) -> Iterator[Binding]:
    for zone, permissions in free.items():
        key = "machine" if zone is None else f"zone-{zone}"
        yield Binding(key, permissions=tuple(sorted(permissions)), zone=zone)


def _limited(limited: Mapping[tuple[str | None, tuple[str, ...]], set[str]]) -> Iterator[Binding]:
    for (role, permissions), conditions in limited.items():
        key = _tail(role) if role else permissions[0].partition(".")[2].replace(".", "-")
        terms = sorted(conditions)
        whole = terms[0] if len(terms) == 1 else " || ".join(f"({term})" for term in terms)
        yield Binding(key, role=role, permissions=permissions, condition=whole)


def _tail(role: str) -> str:
    return role.rpartition("/")[2].replace(".", "-")


def _values(permission: Permission, plan: ClusterPlan) -> dict[str, str]:
    place = urlsplit(permission.scope)
    key = place.path.strip("/")
    dashed = names.safe(plan.name)
    disks = (f'resource.name.endsWith("-{end}")' for end in (dashed, short_hash(dashed)))
    groups = (names.safe(group.name) for group in plan.groups_of(Role.CONTROL_PLANE))
    machines = (f'resource.name.extract("/instances/{{name}}").startsWith("{group}-")' for group in groups)
    return {
        "bucket": place.netloc,
        "key": key,
        "object": f"projects/_/buckets/{place.netloc}/objects/{key}",
        "own_disks": " || ".join(disks),
        "own_control_planes": " || ".join(machines),
    }
