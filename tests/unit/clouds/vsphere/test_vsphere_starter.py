"""`create cluster --cloud vsphere`: what the flags become, and that addresses are dealt out once."""

from __future__ import annotations

from typing import Any

import pytest

from kops_pulumi import starter
from kops_pulumi.clouds.vsphere.options import ADDRESSES
from kops_pulumi.errors import KopsError, ManifestError
from kops_pulumi.starter import Wishes

FLAGS = {
    "vsphere_server": "vcenter.example.net",
    "vsphere_datacenter": "dc1",
    "vsphere_cluster": "compute",
    "vsphere_datastore": "fast",
    "vsphere_network": "machines",
    "vsphere_template": "ubuntu",
    "vsphere_vip": "10.20.0.5",
    "vsphere_gateway": "10.20.0.1",
    "vsphere_address_range": "10.20.0.0/24",
    "vsphere_addresses": "10.20.0.10-10.20.0.20",
}


def written(**options: Any) -> list[dict[str, Any]]:
    flags = {key: value for key, value in {**FLAGS, **options}.items() if value is not None}
    zones = ("rack-a", "rack-b", "rack-c")
    wishes = Wishes(
        "lab.example.net", "vsphere", zones, control_plane_count=3, private=True, bastion=True, options=flags
    )
    return starter.write(wishes)


def addresses(documents: list[dict[str, Any]]) -> dict[str, str]:
    return {d["metadata"]["name"]: d["metadata"]["annotations"][ADDRESSES] for d in documents[1:]}


def test_flags_become_the_site_and_its_one_network() -> None:
    spec = written(vsphere_coredns_server="10.20.0.2")[0]["spec"]
    site = spec["cloudConfig"]["vsphere"]
    assert (site["server"], site["apiVIP"], site["dnsServers"]) == ("vcenter.example.net", "10.20.0.5", ["10.20.0.2"])
    assert [subnet["cidr"] for subnet in spec["subnets"]] == ["10.20.0.0/24"]
    assert "configBase" not in spec


def test_addresses_are_dealt_out_to_control_planes_bastions_and_nodes() -> None:
    assert addresses(written()) == {
        "control-plane-rack-a": "10.20.0.10",
        "control-plane-rack-b": "10.20.0.11",
        "control-plane-rack-c": "10.20.0.12",
        "bastions": "10.20.0.13",
        "nodes-rack-a": "10.20.0.14",
        "nodes-rack-b": "10.20.0.15",
        "nodes-rack-c": "10.20.0.16",
    }


@pytest.mark.parametrize("pool", ["10.20.0.10-10.20.0.12", "some"])
def test_a_pool_that_does_not_do_is_refused(pool: str) -> None:
    with pytest.raises(KopsError, match="--vsphere-addresses"):
        written(vsphere_addresses=pool)


def test_several_control_planes_without_addresses_are_refused() -> None:
    with pytest.raises(ManifestError, match="each needs a fixed address"):
        written(vsphere_addresses=None)
