"""Names: of the cluster, its groups and their labels, and the dates of its defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from kops_pulumi.errors import Finding
from kops_pulumi.model import Role
from kops_pulumi.resolve.traits import dns_none, of_role
from kops_pulumi.resolve.validate.subject import Subject, warning
from kops_pulumi.resolve.versions import DEFAULTS_VERSION, check_kubernetes

if TYPE_CHECKING:
    from kops_pulumi.spec import InstanceGroup

LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""A DNS-1123 label: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/."""
SUBDOMAIN = re.compile(rf"{LABEL}(\.{LABEL})*")
LONGEST = 253
GOSSIP = ".k8s.local"
NAME = ("metadata", "name")
RESERVED_LABELS = {"Name", "KubernetesCluster"}
RESERVED_PREFIXES = ("kops.k8s.io/", "kubernetes.io/cluster/", "k8s.io/role/", "k8s.io/etcd/")
"""By these things are found again: volumes by members, machines by the cloud controller."""


def cluster_name(subject: Subject) -> Iterator[Finding]:
    """The cluster's name is a DNS name; a full one where there is DNS."""
    name, free = subject.name, dns_none(subject.spec)
    if not name:
        yield Finding(NAME, "the cluster has no name", "for example k8s.example.com")
    elif not SUBDOMAIN.fullmatch(name) or len(name) > LONGEST:
        yield Finding(NAME, f"{name!r} is not a DNS name", "lower-case letters, digits, dashes and dots, 253 at most")
    elif name.endswith(GOSSIP) and not free:
        hint = "set topology.dns.type: None, or take a name in a zone you own"
        yield Finding(NAME, f"{name!r} asks for gossip, which ended with kops 1.37", hint)
    elif "." not in name and not free:
        hint = "take a name like prod.example.com, or set topology.dns.type: None"
        yield Finding(NAME, f"{name!r} has no domain, but the cluster uses DNS", hint)


def version(subject: Subject) -> Iterator[Finding]:
    """The Kubernetes version, and the day the defaults are from."""
    written = subject.written.spec.kubernetes_version
    if not written:
        yield Finding(("spec", "kubernetesVersion"), "no Kubernetes version", "write it down, like 1.37.0")
    else:
        yield from check_kubernetes(str(written), force=subject.force)
    day = (subject.cluster.metadata.annotations or {}).get(DEFAULTS_VERSION)
    if day is not None and not _is_day(str(day)):
        yield Finding(("metadata", "annotations", DEFAULTS_VERSION), f"{day!r} is not a date", "like 2026-11-01")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text))


def stores(subject: Subject) -> Iterator[Finding]:
    """Where the cluster's files, keys and secrets lie."""
    spec = subject.spec
    for key, store in (
        ("configBase", spec.config_base),
        ("keyStore", spec.key_store),
        ("secretStore", spec.secret_store),
    ):
        if store and "://" not in store:
            yield Finding(("spec", key), f"{store!r} is not a store", f"like s3://my-state/{subject.name}")


def labels(spec: Any) -> Iterator[Finding]:
    """Cloud labels of a cluster or a group; some names carry the tool's own meaning."""
    for key in sorted(spec.cloud_labels or {}):
        if key in RESERVED_LABELS or key.startswith(RESERVED_PREFIXES):
            yield Finding(("spec", "cloudLabels", key), f"the label {key!r} is the tool's own", "choose another name")


def roles(subject: Subject) -> Iterator[Finding]:
    """There is a control plane, and somewhere to run pods."""
    if not subject.complete:
        return
    if not of_role(subject.groups, Role.CONTROL_PLANE):
        yield Finding(("spec", "etcdClusters"), "no instance group has the role Master", "add a control-plane group")
    if not of_role(subject.groups, Role.NODE):
        yield warning(NAME, "no instance group has the role Node", "add one, or pods have nowhere to run")


def group_name(subject: Subject, group: InstanceGroup) -> Iterator[Finding]:
    """A group's name becomes part of others."""
    del subject
    name = group.metadata.name or ""
    if not re.fullmatch(LABEL, name):
        yield Finding(NAME, f"{name!r} is not a name for a group", "lower-case letters, digits and dashes, 63 at most")
