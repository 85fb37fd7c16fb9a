"""`cloud.conf`, which the cloud controller and the volume driver read, as text. Pure.

Keys: https://github.com/kubernetes/cloud-provider-openstack/blob/master/docs/openstack-cloud-controller-manager/using-openstack-cloud-controller-manager.md
and …/cinder-csi-plugin/using-cinder-csi-plugin.md. It holds the credential's secret: whoever makes the text marks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kops_pulumi.clouds.openstack.options import OpenStackCluster


@dataclass(frozen=True, slots=True)
class Deployed:
    """What only a deployed cluster knows."""

    auth_url: str
    region: str
    credential_id: str
    credential_secret: str
    floating_network: str | None
    """Id of the network of floating addresses."""
    subnet: str
    """Id of the subnet of Services' load balancers."""


def text(options: OpenStackCluster, deployed: Deployed) -> str:
    """The whole file; sections and keys in a fixed order, absent values left out."""
    sections: dict[str, dict[str, str | None]] = {
        "Global": _global(options, deployed),
        "Networking": _networking(options),
        "LoadBalancer": _balancing(options, deployed),
        "BlockStorage": _disks(options),
        "Metadata": {"search-order": "configDrive,metadataService"},
    }
    return "\n".join(_section(name, values) for name, values in sections.items() if any(values.values()))


def _section(name: str, values: Mapping[str, str | None]) -> str:
    return "".join([f"[{name}]\n", *(f"{key}={value}\n" for key, value in values.items() if value)])


def _global(options: OpenStackCluster, deployed: Deployed) -> dict[str, str | None]:
    return {
        "auth-url": deployed.auth_url,
        "application-credential-id": deployed.credential_id,
        "application-credential-secret": deployed.credential_secret,
        "region": deployed.region,
        "tls-insecure": _flag(value=options.insecure),
    }


def _networking(options: OpenStackCluster) -> dict[str, str | None]:
    """Networks may be several: the file repeats the key."""
    return {
        "ipv6-support-disabled": _flag(value=options.ipv6_support_disabled),
        "public-network-name": "\npublic-network-name=".join(options.public_networks) or None,
        "internal-network-name": "\ninternal-network-name=".join(options.internal_networks) or None,
        "address-sort-order": options.address_sort_order,
    }


def _balancing(options: OpenStackCluster, deployed: Deployed) -> dict[str, str | None]:
    found = options.balancing
    return {
        "floating-network-id": deployed.floating_network,
        "floating-subnet": options.floating_subnet,
        "subnet-id": found.subnet or deployed.subnet,
        "lb-method": found.method,
        "lb-provider": found.provider,
        "flavor-id": found.flavor,
        "create-monitor": "true",
        "monitor-delay": f"{found.delay}s",
        "monitor-timeout": f"{found.timeout}s",
        "monitor-max-retries": str(found.max_retries),
        "manage-security-groups": _flag(value=found.manage_security_groups),
        "enable-ingress-hostname": _flag(value=found.ingress_hostname),
        "ingress-hostname-suffix": found.ingress_hostname_suffix,
    }


def _disks(options: OpenStackCluster) -> dict[str, str | None]:
    return {
        "ignore-volume-az": _flag(value=options.ignore_volume_zone),
        "ignore-volume-microversion": _flag(value=options.ignore_volume_microversion),
    }


def _flag(*, value: bool) -> str | None:
    return "true" if value else None
