"""The configuration of one group's nodes as plain data: what the manifest says for machines of that group.

It depends on the cluster-wide settings, on the group's role and on the group itself, never on another group: a label
changed on one group changes that group's digest, and so that group's user data, alone. The machine-side contents (unit
files, kubeadm phases) are made from this by later parts of `bootstrap`. Pure; JSON types only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kops_pulumi.model import Role, plain
from kops_pulumi.plan.endpoints import internal_api_name
from kops_pulumi.resolve.traits import SPELLINGS

if TYPE_CHECKING:
    from pydantic import BaseModel

    from kops_pulumi.model import ClusterPlan, Group
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import ClusterSpec, InstanceGroup

_FORMAT = 1
"""Raised when readers of older configurations could not read a newer one."""

_EVERYWHERE = ("assets", "cluster_dns_domain", "egress_proxy", "ntp")
"""Cluster-wide settings that every machine needs. What only add-ons read stays out: it must replace no machine."""
_CONTROL_PLANE = (
    "additional_sans",
    "authentication",
    "authorization",
    "encryption_config",
    "kube_api_server",
    "kube_controller_manager",
    "kube_dns",
    "kube_proxy",
    "kube_scheduler",
    "service_account_issuer_discovery",
    "use_host_certificates",
)
"""Cluster-wide settings that only machines with control-plane components need to know."""
_COUNTED = "apiServerCount"
"""Follows the number of control planes and is read by nobody since endpoints are leases: it would replace machines."""


def node_config(plan: ClusterPlan, full: FullSpec, group: Group) -> dict[str, Any]:
    """The configuration of a group's nodes; keys as in the manifest."""
    spec = full.cluster.spec
    own = next(candidate for candidate in full.groups if candidate.metadata.name == group.name)
    serving = group.role in (Role.CONTROL_PLANE, Role.API_SERVER)
    return {
        "format": _FORMAT,
        "cluster": plan.name,
        "cloud": plan.cloud,
        "region": plan.region,
        "group": group.name,
        "role": group.role.value,
        "kubernetesVersion": plan.kubernetes_version,
        "labels": plain(group.node_labels),
        "taints": list(group.taints),
        "network": _network(plan, spec),
        "api": _api(plan),
        "etcd": _etcd(plan, group) if serving else [],
        "settings": _settings(spec, (*_EVERYWHERE, *(_CONTROL_PLANE if serving else ()))),
        "kubelet": _kubelet(spec, own, group.role),
        "containerd": _data(spec.containerd) | _data(own.spec.containerd),
        "fileAssets": _by_key("path", group.role, spec.file_assets, own.spec.file_assets),
        "hooks": _by_key("name", group.role, spec.hooks, own.spec.hooks),
        "packages": _union(spec.packages, own.spec.packages),
        "sysctlParameters": _union(spec.sysctl_parameters, own.spec.sysctl_parameters),
        "updatePolicy": own.spec.update_policy or spec.update_policy,
        "volumeMounts": [_data(mount) for mount in own.spec.volume_mounts or ()],
    }


def canonical(config: Mapping[str, Any]) -> bytes:
    """The one way to write a configuration down: its digest is taken of these bytes."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _network(plan: ClusterPlan, spec: ClusterSpec) -> dict[str, Any]:
    network = plan.network
    return {
        "plugin": next(iter(_data(spec.networking)), None),
        "ipv6": network.ipv6,
        "networkCIDR": network.cidr,
        "podCIDR": network.pod_cidr,
        "serviceClusterIPRange": network.service_cidr,
        "clusterDNS": network.cluster_dns_ip,
    }


def _api(plan: ClusterPlan) -> dict[str, Any]:
    """How the API is called; not where its load balancer stands, which is nothing to a node."""
    endpoint = plan.endpoint("api")
    return {
        "publicName": endpoint.dns_name if endpoint else None,
        "internalName": internal_api_name(plan.name),
        "reachedBy": endpoint.kind.value if endpoint else None,
        "dns": plan.dns.type.value,
    }


def _etcd(plan: ClusterPlan, group: Group) -> list[dict[str, Any]]:
    """Every etcd cluster's members, and which of them run on this group's machines."""
    return [
        {
            "name": cluster.name,
            "version": cluster.version,
            "clientPort": cluster.client_port,
            "peerPort": cluster.peer_port,
            "members": [member.name for member in cluster.members],
            "here": [member.name for member in cluster.members if member.group == group.name],
            "backupStore": cluster.backup_store,
        }
        for cluster in plan.etcd
    ]


def _settings(spec: ClusterSpec, names: Iterable[str]) -> dict[str, Any]:
    aliased = _data(spec, include=names)
    aliased.get("kubeAPIServer", {}).pop(_COUNTED, None)
    return {key: value for key, value in sorted(aliased.items()) if value not in (None, {})}


def _kubelet(spec: ClusterSpec, own: InstanceGroup, role: Role) -> dict[str, Any]:
    """Settings of the kubelet: the cluster's, then those for control planes, then the group's; later ones win."""
    control_plane = spec.master_kubelet if role is Role.CONTROL_PLANE else None
    return _data(spec.kubelet) | _data(control_plane) | _data(own.spec.kubelet)


def _by_key(
    key: str, role: Role, cluster: Iterable[BaseModel] | None, group: Iterable[BaseModel] | None
) -> list[dict[str, Any]]:
    """Entries of the group, then of the cluster, that are for this role; the first of a key wins, order is kept."""
    found: dict[str, dict[str, Any]] = {}
    for position, entry in enumerate(_data(item) for item in (*(group or ()), *(cluster or ()))):
        roles = {SPELLINGS.get(spelling) for spelling in entry.pop("roles", None) or ()}
        if not roles or role in roles:
            found.setdefault(str(entry.get(key) or f"#{position}"), entry)
    return list(found.values())


def _union(*lists: Iterable[str] | None) -> list[str]:
    """All entries once, in the user's order: the cluster's, then the group's."""
    return list(dict.fromkeys(entry for entries in lists for entry in entries or ()))


def _data(model: BaseModel | None, include: Iterable[str] | None = None) -> dict[str, Any]:
    """A model's set fields as JSON types under the manifest's own keys."""
    if model is None:
        return {}
    dumped: dict[str, Any] = model.model_dump(
        mode="json", by_alias=True, exclude_none=True, include=None if include is None else set(include)
    )
    return dumped
