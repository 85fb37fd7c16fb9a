"""What `create cluster --cloud vsphere` writes beside the neutral manifest. Pure.

Flags: `kops_pulumi/cli/cloud_flags.py`; those that kops had of old have its names. Addresses are dealt out once, from
the pool of `--vsphere-addresses`, and written down: control planes first, then bastions, then nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kops_pulumi.clouds.vsphere import addresses
from kops_pulumi.clouds.vsphere.options import ADDRESSES
from kops_pulumi.errors import KopsError
from kops_pulumi.plan.names import regional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kops_pulumi.starter import Wishes

_FIELDS: Mapping[str, str] = {
    "vsphere_server": "server",
    "vsphere_datacenter": "datacenter",
    "vsphere_cluster": "cluster",
    "vsphere_resource_pool": "resourcePool",
    "vsphere_folder": "folder",
    "vsphere_datastore": "datastore",
    "vsphere_datastore_cluster": "datastoreCluster",
    "vsphere_etcd_datastore": "etcdDatastore",
    "vsphere_storage_policy": "storagePolicy",
    "vsphere_network": "network",
    "vsphere_template": "template",
    "vsphere_content_library": "contentLibrary",
    "vsphere_vip": "apiVIP",
    "vsphere_load_balancer": "apiLoadBalancer",
    "vsphere_gateway": "gateway",
}
"""Flag → field of `cloudConfig.vsphere`."""
_ORDER = ("ControlPlane", "Bastion", "Node")


def cluster(wishes: Wishes) -> dict[str, Any]:
    """Further parts of the cluster's `spec`: the site, and its one network as the one subnet."""
    flags = wishes.options
    site: dict[str, Any] = {field: flags[flag] for flag, field in _FIELDS.items() if flag in flags}
    servers = flags.get("vsphere_dns_servers") or flags.get("vsphere_coredns_server")
    if servers:
        site["dnsServers"] = [part.strip() for part in str(servers).split(",")]
    subnet = {"name": regional(wishes.zones[0]), "type": "Private" if wishes.private else "Public"}
    if "vsphere_address_range" in flags:
        subnet["cidr"] = flags["vsphere_address_range"]
    return {"subnets": [subnet], "cloudConfig": {"vsphere": site}}


def notes(wishes: Wishes, groups: Mapping[str, tuple[str, int]]) -> dict[str, dict[str, str]]:
    """Annotations by group; `groups` are roles and sizes by name."""
    text = wishes.options.get("vsphere_addresses")
    if text is None:
        return {}
    pool = addresses.parse(str(text))
    if pool is None:
        raise KopsError(f"--vsphere-addresses {text} is no list of addresses", hint="like 10.0.0.20-10.0.0.39")
    needed = sum(size for _, size in groups.values())
    if len(pool) < needed:
        raise KopsError(
            f"--vsphere-addresses has {len(pool)} addresses for {needed} machines", hint="give a longer range"
        )
    found: dict[str, dict[str, str]] = {}
    rest = list(pool)
    for name, (_, size) in sorted(groups.items(), key=lambda item: (_ORDER.index(item[1][0]), item[0])):
        own, rest = rest[:size], rest[size:]
        found[name] = {ADDRESSES: ",".join(own)} if own else {}
    return found
