"""Flags of `create cluster` that only some clouds have, one table a cloud.

A flag's value reaches `clouds/<cloud>/starter.py` in `Wishes.options`, by the flag's name with underscores; a flag of
another cloud than the chosen one is a mistake. This module must stay cheap to import: `--help` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import click

Flag: TypeAlias = tuple[str, dict[str, Any]]
"""Names and keyword arguments of a `click.option`; the default stays None, so that it shows what was given."""

_GCE: tuple[Flag, ...] = (
    ("--gce-service-account", {"metavar": "EMAIL", "help": "Existing service account of all machines (GCE)."}),
)

_OPENSTACK: tuple[Flag, ...] = (
    ("--os-ext-net", {"metavar": "NAME", "help": "Network outside: router, floating addresses (OpenStack)."}),
    ("--os-ext-subnet", {"metavar": "NAME", "help": "Subnet of that network for the router (OpenStack)."}),
    ("--os-lb-floating-subnet", {"metavar": "NAME", "help": "Subnet of floating addresses (OpenStack)."}),
    ("--os-octavia", {"is_flag": True, "default": None, "help": "Use Octavia; it is the only choice (OpenStack)."}),
    ("--os-octavia-provider", {"metavar": "NAME", "help": "Octavia provider, such as amphora or ovn (OpenStack)."}),
    ("--os-dns-servers", {"metavar": "LIST", "help": "DNS servers of the subnets, with commas (OpenStack)."}),
    ("--os-network", {"metavar": "ID", "help": "Existing network; as --network-id (OpenStack)."}),
    (
        "--os-kubelet-ignore-az",
        {"is_flag": True, "default": None, "help": "Volumes have other zones than machines (OpenStack)."},
    ),
)

_VSPHERE: tuple[Flag, ...] = (
    ("--vsphere-server", {"metavar": "HOST", "help": "Host name of vCenter (vSphere)."}),
    ("--vsphere-datacenter", {"metavar": "NAME", "help": "Datacenter of the machines (vSphere)."}),
    ("--vsphere-cluster", {"metavar": "NAME", "help": "Compute cluster of the machines (vSphere)."}),
    ("--vsphere-resource-pool", {"metavar": "PATH", "help": "Existing resource pool; default: a new one (vSphere)."}),
    ("--vsphere-folder", {"metavar": "PATH", "help": "Existing inventory folder; default: a new one (vSphere)."}),
    ("--vsphere-datastore", {"metavar": "NAME", "help": "Datastore of disks (vSphere)."}),
    ("--vsphere-datastore-cluster", {"metavar": "NAME", "help": "Datastore cluster, instead (vSphere)."}),
    ("--vsphere-etcd-datastore", {"metavar": "NAME", "help": "Datastore of control planes and etcd (vSphere)."}),
    ("--vsphere-storage-policy", {"metavar": "NAME", "help": "Storage policy of all disks (vSphere)."}),
    ("--vsphere-network", {"metavar": "NAME", "help": "Port group of the machines (vSphere)."}),
    ("--vsphere-template", {"metavar": "NAME", "help": "Template that machines are cloned from (vSphere)."}),
    ("--vsphere-content-library", {"metavar": "NAME", "help": "Library that has the template (vSphere)."}),
    ("--vsphere-vip", {"metavar": "ADDRESS", "help": "Free address for the Kubernetes API (vSphere)."}),
    ("--vsphere-load-balancer", {"metavar": "ADDRESS", "help": "Load balancer of yours, instead (vSphere)."}),
    ("--vsphere-addresses", {"metavar": "LIST", "help": "Fixed addresses, as A-B,C; default: DHCP (vSphere)."}),
    ("--vsphere-address-range", {"metavar": "CIDR", "help": "Range of the machines' network (vSphere)."}),
    ("--vsphere-gateway", {"metavar": "ADDRESS", "help": "Gateway of fixed addresses (vSphere)."}),
    ("--vsphere-dns-servers", {"metavar": "LIST", "help": "DNS servers of fixed addresses (vSphere)."}),
    ("--vsphere-coredns-server", {"metavar": "ADDRESS", "help": "kops's name of --vsphere-dns-servers (vSphere)."}),
)

FLAGS: Mapping[str, tuple[Flag, ...]] = {"gce": _GCE, "openstack": _OPENSTACK, "vsphere": _VSPHERE}
"""By the cloud whose flags they are."""


def every() -> tuple[Flag, ...]:
    """All of them, cloud after cloud."""
    return tuple(flag for flags in FLAGS.values() for flag in flags)


def taken(cloud: str, flags: dict[str, Any]) -> dict[str, Any]:
    """Take these flags out of `flags`; those that were given, by name. A flag of another cloud is refused."""
    given: dict[str, Any] = {}
    for owner, table in FLAGS.items():
        for text, _ in table:
            name = text.split()[0].lstrip("-").replace("-", "_")
            value = flags.pop(name)
            if value in (None, (), False):
                continue
            if owner != cloud:
                raise click.UsageError(f"{text.split()[0]} is for {owner}, the cluster is to run on {cloud}")
            given[name] = value
    return given
