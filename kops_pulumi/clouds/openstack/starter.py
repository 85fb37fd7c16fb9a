"""What `create cluster --cloud openstack` writes beside the neutral manifest. Pure.

Flags: `kops_pulumi/cli/cloud_flags.py`, with kops's names. Zones have any names here, so that no region is guessed from
them: the credentials' own counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kops_pulumi.plan.names import regional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kops_pulumi.starter import Wishes


def cluster(wishes: Wishes) -> dict[str, Any]:
    """Further parts of the cluster's `spec`: one subnet for all zones, and `cloudConfig.openstack`."""
    flags = wishes.options
    sections = {
        "router": _present(
            {
                "externalNetwork": flags.get("os_ext_net"),
                "externalSubnet": flags.get("os_ext_subnet"),
                "dnsServers": flags.get("os_dns_servers"),
            }
        ),
        "loadbalancer": _present(
            {
                "floatingSubnet": flags.get("os_lb_floating_subnet"),
                "provider": flags.get("os_octavia_provider"),
                "useOctavia": flags.get("os_octavia"),
            }
        ),
        "blockStorage": _present({"ignore-volume-az": flags.get("os_kubelet_ignore_az")}),
    }
    own = {name: section for name, section in sections.items() if section}
    network = flags.get("os_network")
    subnet = {
        "name": regional(wishes.zones[0]),
        "type": "Private" if wishes.private else "Public",
        "id": next(iter(wishes.subnets), None),
    }
    return {
        "subnets": [_present(subnet)],
        **({"cloudConfig": {"openstack": own}} if own else {}),
        **({"networkID": network} if network else {}),
    }


def _present(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value is not None}
