"""Findings that only OpenStack can make: values that its services refuse, and options that need one another. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

from kops_pulumi.clouds.openstack import options
from kops_pulumi.clouds.ownership import foreign
from kops_pulumi.errors import Finding, KeyPath
from kops_pulumi.resolve.traits import text
from kops_pulumi.resolve.validate.subject import warning

if TYPE_CHECKING:
    from kops_pulumi.resolve import FullSpec
    from kops_pulumi.spec import Cluster, InstanceGroup

METHODS = ("ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT")
"""https://docs.openstack.org/api-ref/load-balancer/v2/#create-pool"""
_CLOUD: KeyPath = ("spec", "cloudConfig", "openstack")
_MAC = re.compile(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_LONGEST_PAIR_RETRIES = 10
"""https://docs.openstack.org/api-ref/load-balancer/v2/#create-health-monitor"""


def findings(full: FullSpec) -> Sequence[Finding]:
    """All of them, those of other clouds' fields included."""
    document = f"Cluster/{full.cluster.metadata.name}"
    found = [replace(finding, document=document) for finding in (*_cluster(full.cluster), *_balancer(full.cluster))]
    for group in full.groups:
        name = f"InstanceGroup/{group.metadata.name}"
        found += [replace(finding, document=name) for finding in _group(group)]
    return [*found, *_server_groups(full), *foreign(full, "openstack")]


def _cluster(cluster: Cluster) -> Iterator[Finding]:
    scaler = cluster.spec.cluster_autoscaler
    if scaler and scaler.enabled:
        path: KeyPath = ("spec", "clusterAutoscaler", "enabled")
        yield Finding(path, "OpenStack has no groups for the autoscaler to resize", "remove spec.clusterAutoscaler")
    path = ("metadata", "annotations", options.ACCESS_RULES)
    switch = options.notes_of(cluster).get(options.ACCESS_RULES)
    if switch == "Disabled":
        message = "each machine's credential may do everything that you may in the project: workers can read every key"
        yield warning(path, message, "remove it where the services know access rules")
    elif switch is not None:
        yield Finding(path, f"{switch!r} is not a choice", "write Disabled, or remove it")
    if options.of(cluster).insecure_skip_verify:
        message = "credentials are sent to whoever answers in the cloud's name"
        hint = "give the clients the cloud's authority instead"
        yield warning((*_CLOUD, "insecureSkipVerify"), message, hint)


def _balancer(cluster: Cluster) -> Iterator[Finding]:
    cloud = options.of(cluster)
    balancer, monitor = cloud.loadbalancer, cloud.monitor
    path: KeyPath = (*_CLOUD, "loadbalancer", "method")
    method = balancer.method if balancer else None
    if method not in (None, *METHODS):
        yield Finding(path, f"{method!r} is not a balancing method", f"use {', '.join(METHODS)}")
    elif balancer and balancer.provider == options.OVN and method not in (None, options.OVN_METHOD):
        yield Finding(path, f"the ovn provider does not know {method}", f"set {options.OVN_METHOD}, or remove it")
    if balancer and balancer.use_octavia is False:
        hint = "remove it, or remove api.loadBalancer"
        yield Finding((*_CLOUD, "loadbalancer", "useOctavia"), "Octavia is the only load balancer left", hint)
    if monitor and options.seconds(monitor.timeout, 10) >= options.seconds(monitor.delay, 15):
        message = "a check may not take as long as the time between two"
        yield Finding((*_CLOUD, "monitor", "timeout"), message, "make it less than monitor.delay")
    if monitor and not 1 <= (monitor.max_retries or 1) <= _LONGEST_PAIR_RETRIES:
        yield Finding((*_CLOUD, "monitor", "maxRetries"), f"{monitor.max_retries} retries", "use 1 to 10")
    yield from _floating(cluster)


def _floating(cluster: Cluster) -> Iterator[Finding]:
    """A public load balancer needs a floating address; without one it is reached from its own network only."""
    cloud, access = options.of(cluster), cluster.spec.api
    public = access and access.load_balancer and text(access.load_balancer.type) == "Public"
    pool = cloud.loadbalancer and (cloud.loadbalancer.floating_network or cloud.loadbalancer.floating_network_id)
    outside = cloud.router.external_network if cloud.router else None
    if public and not (pool or outside):
        path: KeyPath = ("spec", "api", "loadBalancer", "type")
        hint = "set cloudConfig.openstack.router.externalNetwork, or type: Internal"
        message = "no external network is named, so that the load balancer gets no floating address"
        yield warning(path, message, hint)


def _group(group: InstanceGroup) -> Iterator[Finding]:
    notes = options.notes_of(group)
    affinity, size, boot = (notes.get(key) for key in (options.AFFINITY, options.VOLUME_SIZE, options.VOLUME_BOOT))
    if affinity not in (None, *options.AFFINITIES):
        path = ("metadata", "annotations", options.AFFINITY)
        yield Finding(path, f"{affinity!r} is not a server group policy", f"use {', '.join(options.AFFINITIES)}")
    if boot is not None and boot.lower() not in {"true", "false", "enabled", "disabled"}:
        yield Finding(("metadata", "annotations", options.VOLUME_BOOT), f"{boot!r} is neither true nor false")
    if size is not None and not (size.isdecimal() and int(size)):
        yield Finding(("metadata", "annotations", options.VOLUME_SIZE), f"{size!r} is no size", "a number of GiB")
    for key in sorted(notes):
        if key.startswith(options.ADDRESS_PAIR):
            yield from _pair(key, notes[key])


def _pair(key: str, value: str) -> Iterator[Finding]:
    address, _, mac = value.partition(",")
    path = ("metadata", "annotations", key)
    try:
        ip_network(address.strip(), strict=False)
    except ValueError:
        yield Finding(path, f"{address!r} is neither an address nor a range", "like 192.168.0.0/16")
    if mac and not _MAC.fullmatch(mac.strip()):
        yield Finding(path, f"{mac!r} is not a MAC address", "like 12:34:56:78:90:ab")


def _server_groups(full: FullSpec) -> Iterator[Finding]:
    """Groups that share a server group agree about its policy."""
    seen: dict[str, str] = {}
    for group in sorted(full.groups, key=lambda item: item.metadata.name or ""):
        found = options.group_options(full, group)
        first = seen.setdefault(found.server_group, found.affinity)
        if first != found.affinity:
            message = f"server group {found.server_group} is {first} already, by another instance group"
            hint = "say the same, or set another serverGroupName"
            path = ("metadata", "annotations", options.AFFINITY)
            yield replace(Finding(path, message, hint), document=f"InstanceGroup/{group.metadata.name}")
