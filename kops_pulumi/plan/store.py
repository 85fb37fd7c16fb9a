"""The object store of a cluster: which bucket, what Pulumi puts into it, and which machines may read that.

The layout below the store's address (docs/security.md says who reads what):

    nodes/<role>/<group>/<sha256>.tar.gz   bundles, one group's each
    secrets/control-plane/<name>           authorities with keys, service-account keys, encryption at rest
    secrets/apiserver/<name>               the same without any authority's key; certificates of API servers instead
    secrets/node/dockerconfig.json         credentials of registries, when they are given; control planes have them too
    join/ca.crt                            what workers pin; machines write `token` and `addresses/<machine>` beside it
    join/labels/<group>                    labels that a control plane gives a group's nodes (`plan/labels.py`)
    backups/etcd/<etcd cluster>/…          written by control planes

Where there is no store, each machine is brought what it would read there (`delivered`), under addresses that begin with
`MACHINE`, and two things beside it: `join/token` is its group's own, and `join/machines` says which machines there are.

Pure; a cloud only says how objects are made and readers let in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kops_pulumi.model import (
    CertificateKind,
    ClusterPlan,
    EtcdCluster,
    Group,
    LeafCertificate,
    Role,
    StoreKind,
    StoreObject,
    StorePlan,
)
from kops_pulumi.plan import given, labels
from kops_pulumi.plan.names import backups_prefix, join_prefix, own_bucket, secrets_prefix

if TYPE_CHECKING:
    from kops_pulumi.plugins import Cloud
    from kops_pulumi.spec import Cluster

ENCRYPTION = "encryption-at-rest"
"""Key of the keyset that Secrets are encrypted with in etcd."""
SERVICE_ACCOUNT = "service-account"
CLUSTER_CA = "kubernetes-ca"
DOCKER_FILE = "dockerconfig.json"
MACHINE = "machine:"
"""Base of addresses of what is brought to each machine by itself."""
MACHINES = "join/machines"
"""A line for each machine of the cluster: role, group, name, address (`-` when nobody plans it)."""
ADMIN = "admin"
"""Key of the administrator's certificate."""
KEPT_VERSIONS_DAYS = 30
"""How long an overwritten or deleted object can be brought back."""
ADDRESSES_DAYS = 1
"""Machines write their address again and again; one that is this old is of a machine that is gone."""
SNAPSHOT_DAYS: Mapping[str, int] = {"recent": 2, "hourly": 7, "daily": 90}
"""By the directory that `kops-etcd-snapshot` puts them into."""
UPLOAD_DAYS = 2
"""Until an upload that never ended is thrown away."""
_LABELS = "join/labels/"
_MEMBERS = (Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE)
_AUTHORITIES_OF_SERVERS = ("apiserver-aggregator-ca", "etcd-clients-ca", CLUSTER_CA)
"""What an API server checks others against."""


def plan_store(cluster: Cluster, cloud: Cloud) -> StorePlan | None:
    """Where machines read and write: the manifest's bucket, or one of our own.

    Ours when configBase is absent, of a scheme that machines cannot reach (`memfs://`, `file://`), or has the name
    that we would give (`create cluster` writes it down). None where the cloud has no object store.
    """
    if cloud.store_scheme is None or not cloud.capabilities.object_store:
        return None
    name, base = cluster.metadata.name, urlsplit(cluster.spec.config_base or "")
    own = own_bucket(name)
    if base.scheme != cloud.store_scheme or not base.netloc:
        return StorePlan(cloud.store_scheme, own, name, adopted=False)
    return StorePlan(base.scheme, base.netloc, base.path.strip("/"), adopted=base.netloc != own)


def placed(etcd: Sequence[EtcdCluster], cluster: Cluster, store: StorePlan | None) -> tuple[EtcdCluster, ...]:
    """The etcd clusters with the addresses of their snapshots."""
    return tuple(replace(item, backup_store=_backups(item, cluster, store)) for item in etcd)


def _backups(etcd: EtcdCluster, cluster: Cluster, store: StorePlan | None) -> str | None:
    """Address of an etcd cluster's snapshots: as the manifest says, moved along where configBase itself was.

    Without a store snapshots stay on the members' own disks.
    """
    given = etcd.backup_store
    if store is None:
        return f"{backups_prefix(MACHINE)}/{etcd.name}"
    place = urlsplit(given or "")
    base = (cluster.spec.config_base or "").rstrip("/")
    if given and base and given.startswith(f"{base}/"):
        return f"{store.address}{given.removeprefix(base)}"
    return given if place.scheme == store.scheme else f"{backups_prefix(store.address)}/{etcd.name}"


def objects(plan: ClusterPlan) -> tuple[StoreObject, ...]:
    """Everything that Pulumi puts into the store, sorted by path."""
    found = [*_bundles(plan), *_secrets(plan, Role.CONTROL_PLANE)]
    if plan.groups_of(Role.API_SERVER):
        found += _secrets(plan, Role.API_SERVER)
    if plan.groups_of(Role.NODE):
        found += _registries(plan, Role.NODE)
    found += _labels(plan)
    found.append(StoreObject(f"{join_prefix('')[1:]}/ca.crt", StoreKind.PUBLIC, _MEMBERS, f"trust:{CLUSTER_CA}"))
    return tuple(sorted(found, key=lambda item: item.path))


def bundle(plan: ClusterPlan, item: StoreObject) -> bytes | None:
    """The bytes of a group's bundle; None for every other object."""
    if item.kind is not StoreKind.BUNDLE:
        return None
    bundles = {f"bundle:{group.name}": group.bundle for group in plan.groups}
    found = bundles[item.content]
    return found.content if found else None


def expiring(plan: ClusterPlan, place: StorePlan) -> dict[str, tuple[str, int]]:
    """Prefixes of the bucket whose objects go by themselves, and after how many days; by a rule's name, sorted."""
    rules = {"join-addresses": (place.key("join/addresses/"), ADDRESSES_DAYS)}
    for cluster in plan.etcd:
        base = (cluster.backup_store or "").removeprefix(f"{place.scheme}://{place.bucket}/")
        if base and "://" not in base:
            rules |= {f"etcd-{cluster.name}-{kind}": (f"{base}/{kind}/", days) for kind, days in SNAPSHOT_DAYS.items()}
    return dict(sorted(rules.items()))


def delivered(plan: ClusterPlan, group: Group) -> tuple[StoreObject, ...]:
    """What each machine of a group is brought where there is no store, sorted by path: only what it would read."""
    if group.role is Role.BASTION:
        return ()
    serves = group.role is Role.CONTROL_PLANE
    found = [
        item
        for item in objects(plan)
        if group.role in item.readers
        and (item.kind is not StoreKind.BUNDLE or item.content == f"bundle:{group.name}")
        and (serves or not item.path.startswith(_LABELS))
    ]
    own = [] if serves else [StoreObject("join/token", StoreKind.SECRET, (group.role,), f"token:{group.name}")]
    known = [
        StoreObject(f"join/tokens/{name}", StoreKind.SECRET, (group.role,), f"token:{name}")
        for name in (joining(plan) if serves else ())
    ]
    machines = StoreObject(MACHINES, StoreKind.PUBLIC, _MEMBERS, "machines")
    return tuple(sorted((*found, *own, *known, machines), key=lambda item: item.path))


def joining(plan: ClusterPlan) -> tuple[str, ...]:
    """Groups whose machines join with a token that is made beforehand: those of clusters without a store."""
    if plan.object_store is not None:
        return ()
    return tuple(group.name for group in plan.groups_of(Role.API_SERVER, Role.NODE))


def _bundles(plan: ClusterPlan) -> Iterator[StoreObject]:
    for group in plan.groups:
        if group.bundle is not None:
            yield StoreObject(group.bundle.path, StoreKind.BUNDLE, (group.role,), f"bundle:{group.name}")


def _labels(plan: ClusterPlan) -> Iterator[StoreObject]:
    for group in plan.groups:
        if group.role is not Role.BASTION:
            lines = "".join(f"{key}={value}\n" for key, value in sorted(labels.given(group.node_labels).items()))
            yield StoreObject(f"{_LABELS}{group.name}", StoreKind.PUBLIC, _MEMBERS, f"text:{lines}")


def _secrets(plan: ClusterPlan, role: Role) -> Iterator[StoreObject]:
    """A role's secrets. Only control planes get authorities' keys; API servers get certificates made for them."""
    prefix = secrets_prefix("", role)[1:]
    whole = role is Role.CONTROL_PLANE

    def one(name: str, kind: StoreKind, content: str) -> StoreObject:
        return StoreObject(f"{prefix}/{name}", kind, (role,), content)

    for item in plan.certificates:
        match item.kind:
            case CertificateKind.AUTHORITY if whole or item.key in _AUTHORITIES_OF_SERVERS:
                yield one(f"{item.key}.crt", StoreKind.PUBLIC, f"trust:{item.key}")
                if whole:
                    yield one(f"{item.key}.key", StoreKind.SECRET, f"key:{item.key}")
            case CertificateKind.KEY_PAIR:
                yield one(f"{item.key}.pub", StoreKind.PUBLIC, f"public:{item.key}")
                yield one(f"{item.key}.key", StoreKind.SECRET, f"key:{item.key}")
            case CertificateKind.SECRET_KEY if item.key == ENCRYPTION:
                own = f"given:{given.ENCRYPTION}" if given.ENCRYPTION in given.of(plan) else "encryption"
                yield one("encryption-config.yaml", StoreKind.SECRET, own)
    yield from _registries(plan, role)
    if not whole:
        for leaf in server_leaves(plan.leaves):
            yield one(f"{leaf.key}.crt", StoreKind.PUBLIC, f"certificate:{leaf.key}")
            yield one(f"{leaf.key}.key", StoreKind.SECRET, f"private:{leaf.key}")


def _registries(plan: ClusterPlan, role: Role) -> Iterator[StoreObject]:
    """Credentials of container registries, which every kubelet reads, when the user gave some."""
    if given.DOCKER in given.of(plan):
        path = f"{secrets_prefix('', role)[1:]}/{DOCKER_FILE}"
        yield StoreObject(path, StoreKind.SECRET, (role,), f"given:{given.DOCKER}")


def server_leaves(leaves: Sequence[LeafCertificate]) -> tuple[LeafCertificate, ...]:
    """The certificates of API servers: all that are neither people's nor an etcd client's of pods."""
    return tuple(leaf for leaf in leaves if leaf.authority in _AUTHORITIES_OF_SERVERS and leaf.key != ADMIN)
