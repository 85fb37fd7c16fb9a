"""What a cluster's plan adopts on vSphere: the whole site, as objects of the simulated vCenter."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kops_pulumi.rehearsal.kinds import Adopted
from kops_pulumi.rehearsal.vsphere.facts import (
    CATEGORY,
    COMPUTE_CLUSTER,
    DATACENTER,
    DATASTORE,
    DATASTORE_CLUSTER,
    FOLDER,
    LIBRARY,
    LIBRARY_ITEM,
    MACHINE,
    NETWORK,
    POLICY,
    RESOURCE_POOL,
    SWITCH,
    TAG,
)

if TYPE_CHECKING:
    from kops_pulumi.clouds.vsphere.options import VsphereCluster
    from kops_pulumi.model import ClusterPlan

_GUEST = {"guestId": "ubuntu64Guest", "firmware": "efi", "scsiType": "pvscsi"}


def adopted(plan: ClusterPlan) -> Iterator[Adopted]:
    """Everything that exists before the cluster does."""
    site: VsphereCluster = plan.options
    options = [group.options for group in plan.groups]
    yield _thing(DATACENTER, site.datacenter)
    root = _id(RESOURCE_POOL, f"{site.compute_cluster}/Resources")
    yield Adopted(RESOURCE_POOL, root, {"name": f"{site.compute_cluster}/Resources"})
    cluster = {"name": site.compute_cluster, "resourcePoolId": root}
    yield Adopted(COMPUTE_CLUSTER, _id(COMPUTE_CLUSTER, site.compute_cluster), cluster)
    pools = {site.resource_pool, *(group.resource_pool for group in options)}
    yield from (_thing(RESOURCE_POOL, name) for name in sorted(filter(None, pools)))
    if site.folder:
        yield Adopted(FOLDER, _id(FOLDER, site.folder), {"path": site.folder, "type": "vm"})
    stores = {site.datastore, site.etcd_datastore, *(group.datastore for group in options)}
    yield from (_thing(DATASTORE, name) for name in sorted(filter(None, stores)))
    if site.datastore_cluster:
        yield _thing(DATASTORE_CLUSTER, site.datastore_cluster)
    policies = {site.storage_policy, *(group.storage_policy for group in options)}
    yield from (_thing(POLICY, name) for name in sorted(filter(None, policies)))
    yield from _networks(site, {group.network for group in options})
    yield from _templates(site, {group.image for group in plan.groups})
    yield from _tags(site)


def _networks(site: VsphereCluster, names: set[str]) -> Iterator[Adopted]:
    switch = {"distributedVirtualSwitchUuid": _id(SWITCH, site.distributed_switch)} if site.distributed_switch else {}
    if site.distributed_switch:
        yield _thing(SWITCH, site.distributed_switch)
    for name in sorted(names):
        yield Adopted(NETWORK, _id(NETWORK, name), {"name": name, "type": "DistributedVirtualPortgroup", **switch})


def _templates(site: VsphereCluster, names: set[str]) -> Iterator[Adopted]:
    if site.content_library is None:
        for name in sorted(names):
            yield Adopted(MACHINE, _id(MACHINE, name), {"name": name, "folder": "templates", **_GUEST})
        return
    library = _thing(LIBRARY, site.content_library)
    yield library
    for name in sorted(names):
        inputs = {"name": name, "libraryId": library.id, "type": site.library_item_type}
        yield Adopted(LIBRARY_ITEM, _id(LIBRARY_ITEM, name), inputs)


def _tags(site: VsphereCluster) -> Iterator[Adopted]:
    for category in sorted({category for category, _ in site.tags}):
        yield Adopted(CATEGORY, _id(CATEGORY, category), {"name": category, "cardinality": "MULTIPLE"})
    for category, name in site.tags:
        inputs = {"name": name, "categoryId": _id(CATEGORY, category)}
        yield Adopted(TAG, _id(TAG, f"{category}/{name}"), inputs)


def _thing(kind: str, name: str) -> Adopted:
    return Adopted(kind, _id(kind, name), {"name": name})


def _id(kind: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))
