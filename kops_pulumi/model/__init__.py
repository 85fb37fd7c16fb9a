"""The neutral values that travel between the stages: what a cluster is made of, on any cloud.

`plan/` builds a `ClusterPlan` from the resolved manifest; `components/` and `clouds/` read it and turn it into Pulumi
resources. Everything here is a frozen dataclass of plain values, so that a plan can be compared, dumped as JSON and
tested without an engine. This package must not import pulumi, know a cloud's name, or compute anything but its JSON.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from kops_pulumi.model.access import (
    Identity,
    IdentityKind,
    Peer,
    PeerKind,
    Permission,
    Protocol,
    Rule,
    ServiceAccountIssuer,
)
from kops_pulumi.model.delivery import HELM_TIMEOUT, Chart, Delivery, Manifest, PythonCode, Remote, Stage
from kops_pulumi.model.endpoints import (
    DnsPlan,
    DnsRecord,
    DnsType,
    Endpoint,
    EndpointKind,
    EndpointSubnet,
    Listener,
    OwnName,
)
from kops_pulumi.model.fleet import Fleet, FleetGroup, Machine, MachineState
from kops_pulumi.model.machines import Bundle, EtcdCluster, EtcdMember, Group, PlannedMachine, UserData, Volume
from kops_pulumi.model.network import Hop, NatGateway, NetworkPlan, PodNetwork, Route, RouteTable, Subnet, SubnetType
from kops_pulumi.model.roles import Late, Role
from kops_pulumi.model.secrets import (
    FIRST,
    Certificate,
    CertificateKind,
    Generation,
    LeafCertificate,
    StoreKind,
    StoreObject,
    StorePlan,
    Trust,
)

__all__ = [
    "FIRST",
    "HELM_TIMEOUT",
    "Bundle",
    "Certificate",
    "CertificateKind",
    "Chart",
    "ClusterPlan",
    "Delivery",
    "DnsPlan",
    "DnsRecord",
    "DnsType",
    "Endpoint",
    "EndpointKind",
    "EndpointSubnet",
    "EtcdCluster",
    "EtcdMember",
    "Fleet",
    "FleetGroup",
    "Generation",
    "Group",
    "Hop",
    "Identity",
    "IdentityKind",
    "Late",
    "LeafCertificate",
    "Listener",
    "Machine",
    "MachineState",
    "Manifest",
    "NatGateway",
    "NetworkPlan",
    "OwnName",
    "Peer",
    "PeerKind",
    "Permission",
    "PlannedMachine",
    "PodNetwork",
    "Protocol",
    "PythonCode",
    "Remote",
    "Role",
    "Route",
    "RouteTable",
    "Rule",
    "ServiceAccountIssuer",
    "SshKey",
    "Stage",
    "StoreKind",
    "StoreObject",
    "StorePlan",
    "Subnet",
    "SubnetType",
    "TerminationQueue",
    "Trust",
    "UserData",
    "Volume",
]


@dataclass(frozen=True, slots=True)
class SshKey:
    """The public key that operators log in with: ours to upload, or an existing one by name."""

    existing_name: str | None = None
    physical_name: str | None = None
    public_key: str | None = None


@dataclass(frozen=True, slots=True)
class TerminationQueue:
    """Cloud events about machines that are about to go, for the termination handler."""

    name: str
    events: tuple[str, ...]
    """Neutral names: group-lifecycle, scheduled-change, state-change, spot-interruption, rebalance."""


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """Everything a cloud needs to know to build the cluster. JSON-dumpable, comparable, free of secrets."""

    name: str
    cloud: str
    region: str
    kubernetes_version: str
    network: NetworkPlan
    rules: tuple[Rule, ...]
    identities: tuple[Identity, ...]
    """Sorted by key."""
    issuer: ServiceAccountIssuer | None
    certificates: tuple[Certificate, ...]
    endpoints: tuple[Endpoint, ...]
    """`api` always; `bastion` when there are bastions behind a load balancer."""
    dns: DnsPlan
    etcd: tuple[EtcdCluster, ...]
    groups: tuple[Group, ...]
    """Sorted by name."""
    ssh_key: SshKey | None
    termination_queue: TerminationQueue | None
    store: str
    """Address of the store, where nodes read their bundles and backups go; see `object_store` (without: `machine:`)."""
    name_limits: Mapping[str, int] = field(default_factory=dict)
    """Longest physical name by kind of resource, from the cloud; `Names.of(plan)` uses it."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """The user's cloudLabels for everything."""
    object_store: StorePlan | None = None
    """The store in parts; None where the cloud has no object store."""
    host_firewall: bool = False
    """The machines themselves keep to `rules`: the cloud has nothing that does."""
    leaves: tuple[LeafCertificate, ...] = ()
    """Certificates that Pulumi makes: the administrator's, and those of API servers. Sorted by key."""
    deliveries: tuple[Delivery, ...] = ()
    """What is installed in the cluster, sorted by stage and name."""
    pod_network: PodNetwork | None = None
    """The network plug-in, as the stack records it."""
    protected: bool = True
    """The engine refuses to delete etcd volumes and authorities' keys; off with `spec.protect: false`."""
    options: Any = None
    """Cluster-wide options that only this cloud knows: a frozen dataclass of `clouds/<cloud>/__init__.py`."""

    def endpoint(self, name: str) -> Endpoint | None:
        """The endpoint of that name, if the cluster has it."""
        return next((endpoint for endpoint in self.endpoints if endpoint.name == name), None)

    def groups_of(self, *roles: Role) -> tuple[Group, ...]:
        """The instance groups with one of these roles."""
        return tuple(group for group in self.groups if group.role in roles)

    def to_data(self) -> dict[str, Any]:
        """The plan as plain JSON types, in a stable order."""
        return {f.name: masked(plain(getattr(self, f.name))) for f in dataclasses.fields(self)}

    def to_json(self) -> str:
        """Canonical JSON: same plan, same bytes."""
        return json.dumps(self.to_data(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def plain(value: Any) -> Any:
    """Dataclasses, enums, tuples and mappings as JSON types, mappings in sorted order."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = (f for f in dataclasses.fields(value) if f.metadata.get("dumped", True))
        return {f.name: plain(getattr(value, f.name)) for f in shown}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in sorted(value.items())}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


_SECRET_PARTS = ("data", "stringData")
_MASK = "[secret]"


def masked(data: Any) -> Any:
    """Plain data as people may see it: Secrets among the objects to install keep their keys and lose their values."""
    if isinstance(data, list):
        return [masked(item) for item in data]
    if not isinstance(data, dict):
        return data
    hidden = _SECRET_PARTS if data.get("kind") == "Secret" and "apiVersion" in data else ()
    return {
        key: dict.fromkeys(value, _MASK) if key in hidden and isinstance(value, dict) else masked(value)
        for key, value in data.items()
    }
