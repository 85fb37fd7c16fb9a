"""A first manifest from a handful of wishes: what `create cluster` writes.

Only what a user would want to see and keep is written: the wishes, and what must never move by itself later (versions,
images, addresses, the date of the defaults; decision 8). Everything else stays a default of `resolve/`. Secure where
the user says nothing: no SSH from outside, encrypted disks, the API reachable only from where they say. Pure: no files,
no clock, no environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

from kops_pulumi import clouds, manifest, resolve, spec
from kops_pulumi.errors import Finding, KopsError, ManifestError, errors_in
from kops_pulumi.model import Role
from kops_pulumi.plan.names import own_bucket, regional
from kops_pulumi.plugins import Cloud
from kops_pulumi.resolve import versions
from kops_pulumi.spec import assign

API_VERSION: Final = "kops.k8s.io/v1alpha2"
ETCD_CLUSTERS: Final = ("main", "events")

NETWORKING: Final[Mapping[str, Mapping[str, Any]]] = {
    # eBPF instead of kube-proxy, as kops's own `create cluster` has it.
    "cilium": {"cilium": {"enableNodePort": True}},
    "cilium-eni": {"cilium": {"enableNodePort": True, "ipam": "eni"}},
    "cilium-etcd": {"cilium": {"enableNodePort": True, "etcdManaged": True}},
    "calico": {"calico": {}},
    "amazonvpc": {"amazonvpc": {}},
    "kindnet": {"kindnet": {}},
    "flannel": {"flannel": {"backend": "vxlan"}},
    "kube-router": {"kuberouter": {}},
    "gcp": {"gce": {}},
    "cni": {"cni": {}},
}
"""What `--networking` accepts → `spec.networking`."""
_OWN_PROXY: Final = ("cilium", "cilium-eni", "cilium-etcd", "kube-router")

_SERVICES_APART: Final = {"amazonvpc": "100.64.0.0/13"}
"""Where pods live on the cloud's network, services need a range outside of it."""

Document: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user wants of a new cluster; None and empty mean that they do not care."""

    name: str
    cloud: str
    zones: tuple[str, ...]
    admin_access: tuple[str, ...] = ()
    """Ranges that may reach the Kubernetes API; none keeps it closed from outside."""
    ssh_access: tuple[str, ...] = ()
    ssh_public_key: str | None = None
    control_plane_zones: tuple[str, ...] = ()
    control_plane_count: int | None = None
    control_plane_size: str | None = None
    node_count: int | None = None
    node_size: str | None = None
    networking: str = "cilium"
    private: bool = False
    """Machines get no public addresses; utility subnets hold what must be public."""
    bastion: bool = False
    load_balancer: str | None = None
    """Public or Internal."""
    dns: str | None = None
    """Public, Private or None; by default None, and Public when there is a `dns_zone`."""
    dns_zone: str | None = None
    kubernetes_version: str | None = None
    network_cidr: str | None = None
    network_id: str | None = None
    subnets: tuple[str, ...] = ()
    """Ids of existing subnets, one a zone."""
    utility_subnets: tuple[str, ...] = ()
    image: str | None = None
    project: str | None = None
    """The cloud account's project, where a cloud has them."""
    config_base: str | None = None
    """Where the nodes' files go; None takes `default_store`."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Flags that only this cloud has, by name; `clouds/<cloud>/starter.py` knows them."""
    ipv6: bool = False
    """Pods and services on IPv6."""
    cluster: Mapping[str, Any] = field(default_factory=dict)
    """What to lay over the cluster's spec; a None takes a value away."""
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What to lay over the specs of groups, by role."""
    etcd_members: Mapping[str, Any] = field(default_factory=dict)
    """What to lay over every etcd member."""
    settings: tuple[str, ...] = ()
    """Further values of the cluster, `PATH=VALUE` as `set cluster` takes them."""
    removals: tuple[str, ...] = ()
    """Paths of values to take out, as `unset cluster` takes them."""


def write(wishes: Wishes) -> list[Document]:
    """The documents of a new cluster's manifest, checked; ManifestError when the wishes make no cluster."""
    cloud = clouds.get(wishes.cloud)
    draft = _draft(wishes, cloud)
    if wishes.ipv6:
        draft = _dual_stack(draft, cloud)
    full, findings = _resolve(draft, cloud)
    if full is None or errors_in(findings):
        raise ManifestError(_without_places(findings))
    return _written_down(draft, full)


def default_store(cluster: str, cloud: Cloud) -> str | None:
    """The cluster's own bucket (`plan.names.own_bucket`); None where the cloud has no object store."""
    return f"{cloud.store_scheme}://{own_bucket(cluster)}/{cluster}" if cloud.store_scheme else None


def _draft(wishes: Wishes, cloud: Cloud) -> list[Document]:
    _check(wishes)
    controls = _control_planes(wishes)
    cluster: Document = {
        "apiVersion": API_VERSION,
        "kind": "Cluster",
        "metadata": {"name": wishes.name, "annotations": {versions.DEFAULTS_VERSION: versions.NEWEST_DEFAULTS}},
        "spec": _present(_cluster_spec(wishes, cloud, list(controls))),
    }
    own = clouds.starter(wishes.cloud)
    if own is not None:
        _lay_over(cluster["spec"], own.cluster(wishes))
    _lay_over(cluster["spec"], wishes.cluster)
    cluster = _set(cluster, wishes)
    plans = [
        *(_Plan(name, "ControlPlane", (zone,), 1, wishes.control_plane_size) for name, zone in controls.items()),
        *(_Plan(f"nodes-{zone}", "Node", (zone,), n, wishes.node_size) for zone, n in _nodes(wishes).items() if n),
        *([_Plan("bastions", "Bastion", wishes.zones, 1, _small(wishes, cloud))] if wishes.bastion else []),
    ]
    groups = [_group(wishes, cloud, plan) for plan in plans]
    if own is not None and hasattr(own, "notes"):
        for name, more in own.notes(wishes, {plan.name: (plan.role, plan.size) for plan in plans}).items():
            next(group for group in groups if group["metadata"]["name"] == name)["metadata"]["annotations"] = more
    for group in groups:
        group["spec"] |= wishes.groups.get(group["spec"]["role"], {})
    keys = [_ssh_key(wishes.name, wishes.ssh_public_key)] if wishes.ssh_public_key else []
    return [cluster, *groups, *keys]


def _small(wishes: Wishes, cloud: Cloud) -> str | None:
    """A bastion's machine type: the cloud's usual one; where every site has its own, that of nodes."""
    usual = cloud.defaults(versions.NEWEST_DEFAULTS).machine_types
    return None if Role.BASTION in usual else wishes.node_size


def _check(wishes: Wishes) -> None:
    """Wishes that contradict each other before there is any manifest to check."""
    if not wishes.zones:
        raise KopsError("a cluster needs a zone", hint="name one or more with --zones")
    pairs = (("--subnets", wishes.subnets), ("--utility-subnets", wishes.utility_subnets))
    for flag, ids in pairs:
        if ids and len(ids) != len(wishes.zones):
            raise KopsError(f"{flag} names {len(ids)} subnets for {len(wishes.zones)} zones", hint="give one a zone")
    if wishes.subnets and not wishes.network_id:
        raise KopsError("--subnets are of an existing network", hint="name it with --network-id")
    if wishes.ipv6 and wishes.private:
        hint = "leave out --topology private: IPv6 machines are reached by nobody without a rule, or write the subnets"
        raise KopsError("--ipv6 makes public subnets", hint=hint)
    if wishes.bastion and not wishes.private:
        raise KopsError("a bastion is of no use where machines are public", hint="add --topology private")


def _cluster_spec(wishes: Wishes, cloud: Cloud, controls: Sequence[str]) -> Document:
    networking = dict(NETWORKING[wishes.networking])
    dns = wishes.dns or ("Public" if wishes.dns_zone else "None")
    balanced = bool(wishes.load_balancer) or wishes.private or dns == "None"
    balancer = {"type": wishes.load_balancer or "Public", "class": "Network"}
    members = dict(zip(_member_names(controls), controls, strict=True))
    etcd = (*ETCD_CLUSTERS, "cilium") if wishes.networking == "cilium-etcd" else ETCD_CLUSTERS
    return {
        "cloudProvider": wishes.cloud,
        "kubernetesVersion": wishes.kubernetes_version or f"1.{versions.newest_minor()}.0",
        "configBase": wishes.config_base or default_store(wishes.name, cloud),
        "project": wishes.project,
        "api": {"loadBalancer": balancer} if balanced and cloud.capabilities.load_balancer else {"dns": {}},
        "authorization": {"rbac": {}},
        "etcdClusters": [_etcd(name, members, wishes, cloud) for name in etcd],
        "iam": {"allowContainerRegistry": True},
        "kubeProxy": {"enabled": False} if wishes.networking in _OWN_PROXY else None,
        "kubelet": {"anonymousAuth": False},
        "kubernetesApiAccess": list(wishes.admin_access),
        "networkCIDR": wishes.network_cidr,
        "networkID": wishes.network_id,
        "nonMasqueradeCIDR": "::/0" if wishes.ipv6 else None,
        "networking": networking,
        "serviceClusterIPRange": _SERVICES_APART.get(wishes.networking),
        "sshAccess": list(wishes.ssh_access),
        "subnets": _subnets(wishes, cloud),
        "topology": {"dns": {"type": dns}},
        "dnsZone": wishes.dns_zone,
    }


def _etcd(name: str, members: Mapping[str, str], wishes: Wishes, cloud: Cloud) -> Document:
    encrypted = {"encryptedVolume": True} if cloud.capabilities.volume_encryption else {}
    volume = {**encrypted, **wishes.etcd_members}
    return {
        "name": name,
        "etcdMembers": [{"name": m, "instanceGroup": group, **volume} for m, group in members.items()],
    }


def _subnets(wishes: Wishes, cloud: Cloud) -> list[Document]:
    kind = "Private" if wishes.private else "Public"
    if not cloud.capabilities.zonal_subnets:
        region = regional(wishes.zones[0])
        return [{"name": region, "region": region, "type": kind}]
    ids = dict(zip(wishes.zones, wishes.subnets, strict=False))
    utility_ids = dict(zip(wishes.zones, wishes.utility_subnets, strict=False))
    main = [
        _present({"name": z, "zone": z, "type": kind, "id": ids.get(z), "ipv6CIDR": _slice(wishes, index)})
        for index, z in enumerate(wishes.zones)
    ]
    utility = [
        _present({"name": f"utility-{z}", "zone": z, "type": "Utility", "id": utility_ids.get(z)}) for z in wishes.zones
    ]
    return main + (utility if wishes.private else [])


def _slice(wishes: Wishes, index: int) -> str | None:
    """The subnet's part of the network's own IPv6 block."""
    return f"/64#{index:x}" if wishes.ipv6 else None


def _dual_stack(draft: list[Document], cloud: Cloud) -> list[Document]:
    """With the IPv4 ranges that the subnets of public machines have as well: those of the same cluster without IPv6."""
    cluster, *others = draft
    spec = {key: value for key, value in cluster["spec"].items() if key != "nonMasqueradeCIDR"}
    spec["subnets"] = [{k: v for k, v in subnet.items() if k != "ipv6CIDR"} for subnet in spec["subnets"]]
    full, findings = _resolve([{**cluster, "spec": spec}, *others], cloud)
    if full is None or errors_in(findings):
        raise ManifestError(_without_places(findings))
    ranges = {subnet.name: subnet.cidr for subnet in full.cluster.spec.subnets or ()}
    subnets = [_present({**subnet, "cidr": ranges.get(subnet["name"])}) for subnet in cluster["spec"]["subnets"]]
    return [{**cluster, "spec": {**cluster["spec"], "subnets": subnets}}, *others]


def _control_planes(wishes: Wishes) -> dict[str, str]:
    """Group name → zone: one singleton group per control plane, dealt out over the zones."""
    zones = wishes.control_plane_zones or wishes.zones
    count = wishes.control_plane_count or (len(zones) if wishes.control_plane_zones else 1)
    rounds = -(-count // len(zones))
    dealt = [(zone, turn) for turn in range(rounds) for zone in zones][:count]
    several = {zone for zone, turn in dealt if turn}
    return {f"control-plane-{zone}{f'-{turn + 1}' if zone in several else ''}": zone for zone, turn in sorted(dealt)}


def _nodes(wishes: Wishes) -> dict[str, int]:
    """Zone → number of nodes, the first zones taking what does not divide."""
    count = len(wishes.zones) if wishes.node_count is None else wishes.node_count
    each, rest = divmod(count, len(wishes.zones))
    return {zone: each + (position < rest) for position, zone in enumerate(wishes.zones)}


def _member_names(groups: Sequence[str]) -> list[str]:
    """Group names without what they have in common: `a, b, c` of three zones; bare digits become `etcd-1`, …"""
    shortest = min(len(name) for name in groups)
    common = next((i for i in range(shortest - 1) if len({name[i] for name in groups}) > 1), shortest - 1)
    short = [name[common:].strip("-") for name in groups]
    return [f"etcd-{name}" if name.isdigit() else name for name in short]


@dataclass(frozen=True, slots=True)
class _Plan:
    """One instance group to be written."""

    name: str
    role: str
    zones: tuple[str, ...]
    size: int
    machine_type: str | None


def _group(wishes: Wishes, cloud: Cloud, plan: _Plan) -> Document:
    zonal = cloud.capabilities.zonal_subnets
    prefix = "utility-" if plan.role == "Bastion" else ""
    subnets = [f"{prefix}{zone}" for zone in plan.zones] if zonal else [regional(plan.zones[0])]
    body = {
        "role": plan.role,
        "machineType": plan.machine_type,
        "image": wishes.image,
        "minSize": plan.size,
        "maxSize": plan.size,
        "subnets": subnets,
        "zones": None if zonal else list(plan.zones),
    }
    metadata = {"name": plan.name, "labels": {spec.CLUSTER_LABEL: wishes.name}}
    return {"apiVersion": API_VERSION, "kind": "InstanceGroup", "metadata": metadata, "spec": _present(body)}


def _ssh_key(cluster: str, public_key: str) -> Document:
    return {
        "apiVersion": API_VERSION,
        "kind": "SSHCredential",
        "metadata": {"name": "admin", "labels": {spec.CLUSTER_LABEL: cluster}},
        "spec": {"publicKey": public_key.strip()},
    }


def _resolve(draft: Sequence[Document], cloud: Cloud) -> tuple[resolve.FullSpec | None, tuple[Finding, ...]]:
    text = yaml.safe_dump_all(draft, sort_keys=False)
    parsed = spec.parse(manifest.loads(text, "new cluster"))
    if errors_in(parsed.findings):
        return None, tuple(parsed.findings)
    resolution = resolve.resolve(parsed, cloud)
    return resolution.full, (*parsed.findings, *resolution.findings)


def _without_places(findings: Sequence[Finding]) -> list[Finding]:
    """The draft is no file: its line numbers would mean nothing to anybody."""
    return [Finding(f.path, f.message, f.hint, f.severity, f.document) for f in errors_in(findings)]


def _written_down(draft: Sequence[Document], full: resolve.FullSpec) -> list[Document]:
    """The draft with what must not move later: addresses, machine types, images."""
    groups = {group.metadata.name: group.spec for group in full.groups}
    cluster, *others = draft
    ranges = {subnet.name: subnet.cidr for subnet in full.cluster.spec.subnets or ()}
    body = {**cluster["spec"], "networkCIDR": full.cluster.spec.network_cidr}
    body["subnets"] = [_present({**s, "cidr": s.get("cidr") or ranges.get(s["name"])}) for s in body["subnets"]]
    return [
        {**cluster, "spec": dict(sorted(_present(body).items()))},
        *(_fixed(document, groups) for document in others),
    ]


def _fixed(document: Document, groups: Mapping[str, spec.InstanceGroupSpec]) -> Document:
    if document["kind"] != "InstanceGroup":
        return document
    group = groups[document["metadata"]["name"]]
    return {
        **document,
        "spec": {**document["spec"], **_present({"machineType": group.machine_type, "image": group.image})},
    }


def _set(cluster: Document, wishes: Wishes) -> Document:
    """The cluster with the user's own values set and taken out; a path that leads nowhere is a finding."""
    for text in wishes.settings:
        for found in assign.assignments(text, "Cluster", cluster):
            cluster = assign.assigned(cluster, found)
    for text in wishes.removals:
        for path in assign.removals(text, "Cluster", cluster):
            cluster = assign.removed(cluster, path)
    return cluster


def _lay_over(place: Document, more: Mapping[str, Any]) -> None:
    """Lay values over others, mappings key by key; a None takes one away."""
    for key, value in more.items():
        if value is None:
            place.pop(key, None)
        elif isinstance(value, Mapping):
            _lay_over(place.setdefault(key, {}), value)
        else:
            place[key] = value


def _present(mapping: Mapping[str, Any]) -> Document:
    return {key: value for key, value in mapping.items() if value is not None}
