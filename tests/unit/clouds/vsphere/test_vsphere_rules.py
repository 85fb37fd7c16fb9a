"""What only vSphere can find wrong, and what its options mean."""

from __future__ import annotations

import copy
from hashlib import sha256
from typing import Any

import pytest

from kops_pulumi.clouds.vsphere import cloudconf, guestinfo, hardware, verbs
from kops_pulumi.clouds.vsphere.cloudconf import Account
from kops_pulumi.clouds.vsphere.options import ADDRESSES, VsphereGroup
from kops_pulumi.errors import Finding, ManifestError, Severity
from kops_pulumi.model import EndpointKind, Permission
from tests.support import clouds
from tests.support.clouds.row import Document
from tests.support.clouds.vsphere import ROW, SITE


def documents(site: dict[str, Any] | None = None, cloud_config: dict[str, Any] | None = None) -> list[Document]:
    """A sound manifest with three control planes, changed; None removes a field."""
    found = copy.deepcopy(clouds.documents(ROW, 3, bastion=True))
    config = found[0]["spec"]["cloudConfig"]
    config["vsphere"] |= site or {}
    config["vsphere"] = {key: value for key, value in config["vsphere"].items() if value is not None}
    config |= cloud_config or {}
    return found


def group(found: list[Document], name: str) -> Document:
    return next(document for document in found if document["metadata"]["name"] == name)


def findings(found: list[Document], severity: Severity = Severity.ERROR) -> list[str]:
    try:
        every: tuple[Finding, ...] = clouds.planned(found).findings
    except ManifestError as error:
        every = error.findings
    return [f"{f.document} {f.dotted}: {f.message}" for f in every if f.severity is severity]


def said(found: list[Document], part: str, severity: Severity = Severity.ERROR) -> bool:
    return any(part in text for text in findings(found, severity))


def test_the_sound_manifest_is_sound() -> None:
    assert findings(documents()) == []


def test_kops_own_fields_are_read_where_ours_are_silent() -> None:
    old = {"vSphereServer": "old.example.net", "vSphereDatacenter": "dc-old", "vSphereResourcePool": "pools/old"}
    old |= {"vSphereDatastore": "slow", "vSphereCoreDNSServer": "10.40.32.9", "vSphereUsername": "ann"}
    site = dict.fromkeys(("server", "datacenter", "datastore", "dnsServers"))
    plan = clouds.planned(documents(site, old)).plan
    assert (plan.options.server, plan.options.datacenter) == ("old.example.net", "dc-old")
    assert (plan.options.resource_pool, plan.options.datastore) == ("pools/old", "slow")
    assert plan.groups[0].options.dns_servers == ("10.40.32.9",)
    assert plan.region == "dc-old"
    ours = clouds.planned(documents(None, old)).plan
    assert ours.options.server == SITE["server"]
    assert said(documents(None, old), "spec.cloudConfig.vSphereUsername", Severity.WARNING)


def test_a_password_in_a_manifest_is_refused() -> None:
    assert said(documents(None, {"vSpherePassword": "hunter2"}), "a password in a manifest is no secret")
    assert not any("hunter2" in text for text in findings(documents(None, {"vSpherePassword": "hunter2"})))


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ({"datacenter": None}, "the manifest names no datacenter"),
        ({"datastore": None}, "the manifest names no datastore"),
        ({"datastore": None, "datastoreCluster": "all"}, "a datastore cluster takes no disk that is there before"),
        ({"apiVIP": None}, "the API needs a virtual address"),
        ({"apiLoadBalancer": "10.1.1.1"}, "apiVIP and apiLoadBalancer exclude each other"),
        ({"apiVIP": "192.0.2.7"}, "192.0.2.7 is in none of the machines' ranges"),
        ({"apiVIP": "10.40.32.11"}, "10.40.32.11 is the API's own address"),
        ({"tags": ["team"]}, "'team' names no category"),
        ({"libraryItemType": "ovf"}, "there is no library"),
        ({"network": None}, "names no network"),
        ({"gateway": "10.9.0.1"}, "10.9.0.1 is not of 10.40.32.0/20"),
    ],
)
def test_a_site_that_cannot_be_is_refused(site: dict[str, Any], expected: str) -> None:
    assert said(documents(site), expected), findings(documents(site))


@pytest.mark.parametrize(
    ("name", "addresses", "expected"),
    [
        ("control-plane-rack-a", None, "with several control planes each needs a fixed address"),
        ("nodes", "10.40.32.20", "1 addresses for 4 machines"),
        ("nodes", "ten", "'ten' is no list of addresses"),
        ("nodes", "10.40.32.29-10.40.32.20", "is no list of addresses"),
        ("nodes", "10.40.99.1-10.40.99.9", "is not of 10.40.32.0/20"),
        ("nodes", "10.40.32.11-10.40.32.19", "shares addresses with control-plane-rack-a"),
        ("nodes", "10.40.32.20-10.40.32.23,10.40.32.20", "an address is named twice"),
    ],
)
def test_addresses_that_cannot_be_are_refused(name: str, addresses: str | None, expected: str) -> None:
    found = documents()
    own = group(found, name)["metadata"]["annotations"]
    own.pop(ADDRESSES)
    own |= {ADDRESSES: addresses} if addresses else {}
    assert said(found, expected), findings(found)


def test_machines_by_dhcp_are_allowed_and_what_that_costs_is_said() -> None:
    found = documents()
    group(found, "nodes")["metadata"]["annotations"].pop(ADDRESSES)
    assert findings(found) == []
    assert said(found, "serving certificates stay pending", Severity.WARNING)
    text = guestinfo.metadata("n", options(found, "nodes"), 1)
    assert '"dhcp4": true' in text


def options(found: list[Document], name: str) -> VsphereGroup:
    own: VsphereGroup = next(g for g in clouds.planned(found).plan.groups if g.name == name).options
    return own


def test_a_group_differs_by_annotations_that_exist() -> None:
    found = documents()
    group(found, "nodes")["metadata"]["annotations"] |= {
        "vsphere.kops.io/network": "storage-net",
        "vsphere.kops.io/resource-pool": "pools/batch",
        "vsphere.kops.io/storage-policy": "encrypted",
        "vsphere.kops.io/datastore": "slow",
    }
    own = options(found, "nodes")
    assert (own.network, own.resource_pool, own.storage_policy, own.datastore) == (
        "storage-net",
        "pools/batch",
        "encrypted",
        "slow",
    )
    group(found, "nodes")["metadata"]["annotations"]["vsphere.kops.io/netwrok"] = "x"
    assert said(found, "there is no annotation vsphere.kops.io/netwrok")


@pytest.mark.parametrize("size", ["m5.large", "4cpu", "0cpu-1gb", "4cpu-16gb-3cores", "2cpu-1023mb", "4CPU-16GB"])
def test_a_machine_type_that_means_nothing_is_refused(size: str) -> None:
    assert hardware.parse(size) is None
    found = documents()
    group(found, "nodes")["spec"]["machineType"] = size
    assert said(found, f"{size!r} is no size of a machine")


def test_a_load_balancer_of_the_users_needs_no_address_of_ours() -> None:
    plan = clouds.planned(documents({"apiVIP": None, "apiLoadBalancer": "10.1.1.1"})).plan
    endpoint = plan.endpoint("api")
    assert endpoint is not None
    assert endpoint.kind is EndpointKind.EXTERNAL
    (control_plane, *_) = [g for g in plan.groups if g.name == "control-plane-rack-a"]
    assert control_plane.user_data is not None
    assert "KOPS_API_VIP=@late(api.endpoint)@" in control_plane.user_data.text


def test_what_controllers_read_quotes_what_passwords_may_have() -> None:
    plan = clouds.planned(documents()).plan
    text = cloudconf.storage(plan.options, Account("kops@vsphere.local", 'a"b\\c'), plan.name)
    assert 'password = "a\\"b\\\\c"' in text
    assert '[VirtualCenter "vcenter.example.net"]' in text
    assert f'cluster-id = "{plan.name}"' in text
    assert 'a"b' not in repr(Account("u", 'a"b'))


def test_a_role_has_what_its_verbs_need_and_what_every_role_has() -> None:
    found = verbs.privileges([Permission("volumes.manage"), Permission("machines.describe")])
    assert {"System.View", "Datastore.FileManagement", "VirtualMachine.Config.AddNewDisk"} <= set(found)
    assert list(found) == sorted(found)
    assert verbs.privileges([Permission("images.pull")]) == ()


def test_a_bundle_that_is_too_large_to_bring_is_refused() -> None:
    found = documents()
    noise = ["".join(sha256(f"{n} {i}".encode()).hexdigest() for i in range(1000)) for n in range(16)]
    found[0]["spec"]["fileAssets"] = [
        {"name": f"noise-{n}", "path": f"/etc/noise/{n}", "content": text} for n, text in enumerate(noise)
    ]
    assert said(found, "and this cloud allows 524288")
