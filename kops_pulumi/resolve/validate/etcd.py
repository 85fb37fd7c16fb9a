"""etcd: clusters, members and where they live (https://etcd.io/docs/latest/faq/, https://kops.sigs.k8s.io/operations/etcd_administration/)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from kops_pulumi.errors import Finding
from kops_pulumi.model import Role
from kops_pulumi.resolve import versions
from kops_pulumi.resolve.traits import of_role, role_of
from kops_pulumi.resolve.validate.subject import Subject, closest, duplicates, warning

CLUSTERS = ("spec", "etcdClusters")
REQUIRED = ("main", "events")
MEMBER = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
MAJOR = 3
ENOUGH_ZONES = 3
"""With fewer zones the loss of one can take the quorum."""


def clusters(subject: Subject) -> Iterator[Finding]:
    """`main` and `events` exist, every name once, one version for all."""
    found = subject.spec.etcd_clusters or []
    names = [cluster.name for cluster in found]
    for name in REQUIRED:
        if name not in names:
            yield Finding(CLUSTERS, f"there is no etcd cluster {name!r}", f"add one named {name}")
    for index, name in duplicates(names):
        yield Finding((*CLUSTERS, index, "name"), f"there is another etcd cluster {name!r}")
    stores = [cluster.backups.backup_store if cluster.backups else None for cluster in found]
    for index, store in duplicates(stores):
        path = (*CLUSTERS, index, "backups", "backupStore")
        yield Finding(path, f"another etcd cluster keeps its backups in {store}", "give each its own place")
    different = sorted({str(cluster.version) for cluster in found if cluster.version})
    for index, cluster in enumerate(found):
        place = (*CLUSTERS, index)
        version = versions.parse(str(cluster.version or ""))
        if version is None or version.major != MAJOR:
            yield Finding((*place, "version"), f"{cluster.version!r} is not a version of etcd {MAJOR}", "like 3.6.12")
        elif len(different) > 1 and index:
            message = f"etcd clusters have different versions: {', '.join(different)}"
            yield Finding((*place, "version"), message, "use one version for all")


def members(subject: Subject) -> Iterator[Finding]:
    """An odd number of members, each with a name of its own, on a control-plane group that exists."""
    homes = {group.metadata.name for group in of_role(subject.groups, Role.CONTROL_PLANE)}
    for index, cluster in enumerate(subject.spec.etcd_clusters or ()):
        path = (*CLUSTERS, index, "etcdMembers")
        found = cluster.etcd_members or []
        if len(found) % 2 == 0:
            message = f"etcd cluster {cluster.name!r} has {len(found)} members"
            yield Finding(path, message, "an odd number: 1, 3 or 5, so that a majority survives")
        for position, name in duplicates(member.name for member in found):
            yield Finding((*path, position, "name"), f"there is another member {name!r} in {cluster.name!r}")
        for position, member in enumerate(found):
            if not MEMBER.fullmatch(member.name or ""):
                hint = "lower-case letters, digits and dashes"
                yield Finding((*path, position, "name"), f"{member.name!r} is not a name", hint)
            if subject.complete and member.instance_group not in homes:
                message = f"there is no control-plane group {member.instance_group!r}"
                yield Finding((*path, position, "instanceGroup"), message, closest(member.instance_group or "", homes))


def coverage(subject: Subject) -> Iterator[Finding]:
    """Every control-plane group runs exactly one member of every etcd cluster."""
    homes = sorted(group.metadata.name or "" for group in of_role(subject.groups, Role.CONTROL_PLANE))
    for index, cluster in enumerate(subject.spec.etcd_clusters or ()):
        counts = Counter(member.instance_group for member in cluster.etcd_members or ())
        path = (*CLUSTERS, index, "etcdMembers")
        misspelt = not counts.keys() <= set(homes)  # the member's own finding says all
        for home in homes:
            if not counts[home] and not misspelt:
                message = f"control-plane group {home!r} has no member of etcd cluster {cluster.name!r}"
                yield Finding(path, message, "add a member, or remove the group")
            elif counts[home] > 1:
                message = f"{counts[home]} members of etcd cluster {cluster.name!r} live on group {home!r}"
                yield Finding(path, message, "one member for each control-plane group")


def zones(subject: Subject) -> Iterator[Finding]:
    """No zone holds half of a quorum: two-zone layouts are allowed, but said aloud."""
    places = {subnet.name: subnet.zone for subnet in subject.spec.subnets or ()}
    groups = {group.metadata.name: group.spec for group in subject.groups if role_of(group) is Role.CONTROL_PLANE}
    for index, cluster in enumerate(subject.spec.etcd_clusters or ()):
        homes = [
            groups[member.instance_group] for member in cluster.etcd_members or () if member.instance_group in groups
        ]
        where = [spec.zones or [zone for name in spec.subnets or () if (zone := places.get(name))] for spec in homes]
        counts = Counter(choice[0] for choice in where if choice)
        if len(homes) >= ENOUGH_ZONES and counts and max(counts.values()) * 2 > len(homes):
            zone = max(counts, key=lambda name: counts[name])
            message = f"{counts[zone]} of {len(homes)} members of {cluster.name!r} are in zone {zone}"
            yield warning((*CLUSTERS, index, "etcdMembers"), message, "spread members over three zones")


def volumes(subject: Subject) -> Iterator[Finding]:
    """Disks are encrypted unless the user insists."""
    for index, cluster in enumerate(subject.spec.etcd_clusters or ()):
        for position, member in enumerate(cluster.etcd_members or ()):
            path = (*CLUSTERS, index, "etcdMembers", position)
            if member.encrypted_volume is False and member.kms_key_id:
                yield Finding(
                    (*path, "kmsKeyId"), "a key for a disk that is not encrypted", "set encryptedVolume: true"
                )
            elif member.encrypted_volume is False:
                message = f"the disk of etcd member {member.name!r} holds every secret and is not encrypted"
                yield warning((*path, "encryptedVolume"), message, "remove encryptedVolume: false")
