"""Every logical and physical name, in one place (decision 6).

Names are keyed by what the user called things (subnet, group, etcd member), never by a list index, so that reordering a
manifest changes nothing. A physical name that is too long for its kind of resource is cut and gets a hash of the whole
name, the way kops does it (FNV-1a, 32 bits, base32 in lower case), so that clusters made by kops keep their names.
Renaming anything here replaces resources in people's clusters: it needs an alias and an upgrade golden.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kops_pulumi.model.roles import Role

if TYPE_CHECKING:
    from kops_pulumi.model import ClusterPlan

_HASH_LENGTH = 6
_LONGEST_BUCKET = 63
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; GCS allows as many without dots."""
_ROLE_WORD = {
    Role.CONTROL_PLANE: "masters",
    Role.API_SERVER: "apiservers",
    Role.NODE: "nodes",
    Role.BASTION: "bastions",
}
"""kops's plural of each role, part of names that exist in people's clouds."""


def fnv1a_32(text: str) -> int:
    """The 32-bit FNV-1a hash (http://www.isthe.com/chongo/tech/comp/fnv/)."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def short_hash(text: str) -> str:
    """Six characters that stand for a long name (kops: `truncate.HashString`)."""
    digest = fnv1a_32(text).to_bytes(4, "big")
    return base64.b32hexencode(digest).decode().lower().rstrip("=")[:_HASH_LENGTH]


def limited(text: str, limit: int, *, always_hash: bool = False) -> str:
    """`text` if it fits, else its beginning and a hash of the whole; with `always_hash` the hash is there anyway."""
    if len(text) <= limit and not always_hash:
        return text
    return f"{text[: limit - _HASH_LENGTH - 1]}-{short_hash(text)}"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one cluster's things."""

    cluster: str
    limits: Mapping[str, int]
    """Longest physical name by kind of resource (`role`, `load-balancer`, `event-rule`, …)."""

    @classmethod
    def of(cls, plan: ClusterPlan) -> Names:
        """The names for a plan."""
        return cls(plan.name, plan.name_limits)

    @property
    def dashed(self) -> str:
        """The cluster's name for places where dots are not allowed."""
        return self.cluster.replace(".", "-")

    def group(self, name: str, role: Role) -> str:
        """An instance group and its template: `nodes.<cluster>`, `control-plane-a.masters.<cluster>`."""
        if role in (Role.CONTROL_PLANE, Role.API_SERVER):
            return self.fit("group", f"{name}.{_ROLE_WORD[role]}.{self.cluster}")
        return self.fit("group", f"{name}.{self.cluster}")

    def machine(self, group: str, ordinal: int) -> str:
        """One machine of a group without a cloud's group, as kops calls it: `nodes-1-<cluster, dashed>`.

        It becomes a host name, so that no dot may be in it.
        """
        return self.fit("server", f"{group}-{ordinal}-{self.dashed}".replace(".", "-"))

    def role(self, role: Role) -> str:
        """A role's identity and firewall group: `masters.<cluster>`, `nodes.<cluster>`."""
        return self.fit("role", f"{_ROLE_WORD[role]}.{self.cluster}")

    def service_account_role(self, namespace: str, name: str) -> str:
        """The identity of a service account: `<name>.<namespace>.sa.<cluster>`."""
        return self.fit("role", f"{name}.{namespace}.sa.{self.cluster}")

    def volume(self, member: str, etcd_cluster: str) -> str:
        """An etcd member's data volume; a digit may not come first."""
        prefix = "etcd-" if member[:1].isdigit() else ""
        return f"{prefix}{member}.etcd-{etcd_cluster}.{self.cluster}"

    def balancer(self, prefix: str) -> str:
        """A load balancer or target group: always hashed, no dots."""
        return limited(f"{prefix}-{self.dashed}", self.limits.get("load-balancer", 32), always_hash=True)

    def fit(self, kind: str, text: str) -> str:
        """`text` cut to the limit of this kind of resource, hashed when cut."""
        return limited(text, self.limits.get(kind, 255))


_ILLEGAL = re.compile(r"[^A-Za-z0-9._-]+")


def logical(*parts: str) -> str:
    """A Pulumi resource name: the parts joined by dashes; the first is the component's own name."""
    return "-".join(_ILLEGAL.sub("-", part).strip("-") for part in parts)


def regional(zone: str) -> str:
    """What a subnet is called that spans zones: often a zone is its region and one part more, `europe-west3-a`."""
    return re.sub(r"[^a-z0-9-]+", "-", (zone.rpartition("-")[0] or zone).lower())


def own_bucket(cluster: str) -> str:
    """The bucket we make for a cluster that brings none.

    Bucket names are shared by the whole world, so that a hash of the cluster's name is in it; dots would break TLS.
    """
    digest = hashlib.sha256(cluster.encode()).hexdigest()[:8]
    return f"{cluster.replace('.', '-')[: _LONGEST_BUCKET - 14]}-kops-{digest}".lower()


def bundle_prefix(store: str, role: Role) -> str:
    """Where machines of a role find their bundles in the store; each role may read its own prefix and no other's."""
    return f"{store.rstrip('/')}/nodes/{role.value}"


def secrets_prefix(store: str, role: Role) -> str:
    """Secrets of machines of a role; control planes and API servers only, each their own."""
    return f"{store.rstrip('/')}/secrets/{role.value}"


def join_prefix(store: str) -> str:
    """What machines need to join: `ca.crt`, `token`, `addresses/<machine>`."""
    return f"{store.rstrip('/')}/join"


def backups_prefix(store: str) -> str:
    """Snapshots of etcd, `<etcd cluster>/…` below it."""
    return f"{store.rstrip('/')}/backups/etcd"
