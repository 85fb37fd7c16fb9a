"""What the cloud controller and the volume driver read to reach vCenter, as texts. Pure.

Both hold the account's password: whoever makes them marks them. Keys:
https://github.com/kubernetes/cloud-provider-vsphere/blob/master/docs/book/cloud_config.md and
https://github.com/kubernetes-sigs/vsphere-csi-driver (docs/book/driver-deployment/installation.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kops_pulumi.clouds.vsphere.options import VsphereCluster

PORT = "443"


@dataclass(frozen=True, slots=True)
class Account:
    """Who the controllers are at vCenter."""

    user: str
    password: str = field(repr=False)


def controller(options: VsphereCluster, account: Account) -> str:
    """`vsphere.conf` of the cloud controller."""
    return _text({"Global": {"port": PORT, "insecure-flag": _flag(options)}, **_center(options, account)})


def storage(options: VsphereCluster, account: Account, cluster: str) -> str:
    """`csi-vsphere.conf` of the volume driver; vCenter tells clusters apart by their name."""
    return _text({"Global": {"cluster-id": cluster}, **_center(options, account)})


def _center(options: VsphereCluster, account: Account) -> Mapping[str, Mapping[str, str]]:
    return {
        f'VirtualCenter "{options.server}"': {
            "user": account.user,
            "password": account.password,
            "port": PORT,
            "insecure-flag": _flag(options),
            "datacenters": options.datacenter,
        }
    }


def _flag(options: VsphereCluster) -> str:
    return "true" if options.insecure else "false"


def _text(sections: Mapping[str, Mapping[str, str]]) -> str:
    """In the syntax of https://pkg.go.dev/gopkg.in/gcfg.v1: values in quotes, backslashes before quotes."""
    lines: list[str] = []
    for title, values in sections.items():
        quoted = ((key, value.replace("\\", "\\\\").replace('"', '\\"')) for key, value in values.items())
        lines += [f"[{title}]", *(f'{key} = "{value}"' for key, value in quoted), ""]
    return "\n".join(lines)
