"""Legal names on GCE, by kops's rules, so that a cluster made by kops keeps its things (pure).

Names are RFC 1035 labels of at most 63 characters (https://cloud.google.com/compute/docs/naming-resources). kops ends
most of them with the cluster's name; what is too long is cut and ends in a hash, of the cluster's name for these and of
the whole for instance groups.
"""

from __future__ import annotations

import re

from kops_pulumi.model import EtcdCluster, EtcdMember, Role
from kops_pulumi.plan.names import limited, short_hash

LIMIT = 63
ACCOUNT_LIMIT = 30
"""Characters of a service account's id: https://cloud.google.com/iam/docs/service-accounts-create."""
_CUSTOM_ROLE_LIMIT = 64
"""https://cloud.google.com/iam/docs/reference/rest/v1/organizations.roles/create, `roleId`."""
_PREFIX_LIMIT = 32
"""Of a template's name: 26 digits follow it."""
_HASH = 7
"""A dash and six characters."""
_ILLEGAL = re.compile(r"[^a-z0-9-]")

ROLE_WORD = {
    Role.CONTROL_PLANE: "control-plane",
    Role.API_SERVER: "apiserver",
    Role.NODE: "node",
    Role.BASTION: "bastion",
}


def safe(text: str) -> str:
    """Lower case, dashes for what is not allowed, a letter first.

    >>> safe("Nodes.spot")
    'nodes-spot'
    >>> safe("1.example.com")
    'kops-1-example-com'
    """
    clean = _ILLEGAL.sub("-", text.lower())
    return clean if clean[:1].isalpha() else f"kops-{clean.strip('-')}"


def of_cluster(cluster: str, word: str = "", limit: int = LIMIT) -> str:
    """`<word>-<cluster>`; too long: cut, with a hash of the cluster's name at its end."""
    dashed = safe(cluster)
    name = f"{safe(word)}-{dashed}" if word else dashed
    return name if len(name) <= limit else f"{name[: limit - _HASH]}-{short_hash(dashed)}"


def tag(cluster: str, role: Role) -> str:
    """The network tag of a role's machines, which firewall rules speak of."""
    end = f"-k8s-io-role-{ROLE_WORD[role]}"
    return of_cluster(cluster, limit=LIMIT - len(end)) + end


def template_prefix(group: str, cluster: str) -> str:
    """How the names of a group's templates begin; each template has another end."""
    return f"{limited(f'{safe(group)}-{safe(cluster)}', _PREFIX_LIMIT)}-"


def manager(zone: str, group: str, cluster: str) -> str:
    """The managed instance group of an instance group's machines in one zone: it begins with the zone's letter."""
    return limited(f"{zone.rpartition('-')[2]}-{safe(group)}-{safe(cluster)}", LIMIT)


def volume(etcd: EtcdCluster, member: EtcdMember, cluster: str) -> str:
    """An etcd member's disk; a digit may not come first."""
    first = f"etcd-{member.name}" if member.name[:1].isdigit() else member.name
    return of_cluster(cluster, f"{first}-etcd-{etcd.name}")


def account(cluster: str, role: Role) -> str:
    """The id of a role's service account."""
    return of_cluster(cluster, ROLE_WORD[role], ACCOUNT_LIMIT)


def custom_role(cluster: str, key: str) -> str:
    """The id of a custom IAM role: letters, digits, dots and underscores.

    >>> custom_role("a.example.com", "control-plane")
    'kops_a_example_com_control_plane'
    """
    return limited(f"kops-{safe(cluster)}-{key}", _CUSTOM_ROLE_LIMIT).replace("-", "_")
