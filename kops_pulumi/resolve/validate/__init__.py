"""Validation: every rule between fields, one function a section, all findings at once.

A section is a generator over a `Subject` (and a group): it names the conflict in the user's words and the way out, and
it survives whatever earlier sections found wrong. Single fields' syntax is `spec`'s, what only one cloud, network
plug-in or add-on can know is theirs; this package must not know a cloud's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from kops_pulumi.errors import Finding
from kops_pulumi.resolve.validate import (
    components,
    endpoints,
    etcd,
    files,
    groups,
    identity,
    names,
    network,
    plugins,
    ranges,
)
from kops_pulumi.resolve.validate.subject import Subject

if TYPE_CHECKING:
    from kops_pulumi.spec import InstanceGroup

__all__ = ["Subject", "check"]

ClusterSection: TypeAlias = Callable[[Subject], Iterator[Finding]]
SharedSection: TypeAlias = Callable[[Any], Iterator[Finding]]
GroupSection: TypeAlias = "Callable[[Subject, InstanceGroup], Iterator[Finding]]"

CLUSTER_SECTIONS: tuple[ClusterSection, ...] = (
    names.cluster_name,
    names.version,
    names.stores,
    names.roles,
    network.identities,
    network.adoption,
    network.places,
    network.ways_out,
    network.written_down,
    network.reachable_subnets,
    ranges.network,
    ranges.pods_and_services,
    ranges.ipv6_ranges,
    endpoints.dns,
    endpoints.names,
    endpoints.balancer,
    endpoints.access,
    endpoints.egress_proxy,
    etcd.clusters,
    etcd.members,
    etcd.coverage,
    etcd.zones,
    etcd.volumes,
    identity.iam,
    identity.policies,
    identity.discovery,
    identity.authorization,
    components.flags,
    components.api_server,
    components.runtime,
    plugins.exactly_one,
    plugins.own_addons,
)
GROUP_SECTIONS: tuple[GroupSection, ...] = (
    names.group_name,
    groups.size,
    groups.place,
    groups.machine,
    groups.labels,
    groups.disks,
    groups.runtime,
)

SHARED_SECTIONS: tuple[SharedSection, ...] = (names.labels, files.customisation, groups.warm_pool)
"""About fields that clusters and groups both have; they get the spec."""


def check(subject: Subject) -> Iterator[Finding]:
    """All findings about the cluster, then about each group, each with its document."""
    cluster = f"Cluster/{subject.name}"
    for section in CLUSTER_SECTIONS:
        yield from (replace(finding, document=cluster) for finding in section(subject))
    for both in SHARED_SECTIONS:
        yield from (replace(finding, document=cluster) for finding in both(subject.spec))
    for group in subject.groups:
        document = f"InstanceGroup/{group.metadata.name}"
        for check_group in GROUP_SECTIONS:
            yield from (replace(finding, document=document) for finding in check_group(subject, group))
        for both in SHARED_SECTIONS:
            yield from (replace(finding, document=document) for finding in both(group.spec))
