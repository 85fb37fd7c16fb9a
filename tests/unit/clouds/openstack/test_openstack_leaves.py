"""Details of the OpenStack leaves that the contract of all clouds does not ask for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from kops_pulumi.components import Cluster
from kops_pulumi.testing import Answers, Recording, Registered, record
from tests.support import clouds
from tests.support.clouds.openstack import GROUP, LISTENER, ROW, RULE, SERVER
from tests.support.clouds.row import NAME, Document

PORT = "openstack:networking/port:Port"
FLOATING = "openstack:networking/floatingIp:FloatingIp"
ROUTER = "openstack:networking/router:Router"
CREDENTIAL = "openstack:identity/applicationCredential:ApplicationCredential"
VOLUME = "openstack:blockstorage/volume:Volume"
RECORD = "openstack:dns/recordSet:RecordSet"


def made(
    control_planes: int = 1, *, bastion: bool = False, notes: dict[str, str] | None = None, **spec: Any
) -> Recording:
    documents = clouds.laid_over(ROW, spec, control_planes=control_planes, bastion=bastion)
    for document in documents[1:]:
        document["metadata"]["annotations"] = notes or {}
    return clouds.recorded(documents)


def config(**more: Any) -> Document:
    return {"cloudConfig": {"openstack": more}}


def named(recording: Recording, type_: str, part: str) -> Registered:
    (found,) = [resource for resource in recording.of(type_) if resource.name == f"{NAME}-{part}"]
    return found


def rules(recording: Recording) -> set[tuple[Any, ...]]:
    """Group, other end, protocol, first port, of ways in."""
    words = {group.id: group.inputs["name"].partition(".")[0] for group in recording.of(GROUP)}
    return {
        (
            words[i["securityGroupId"]],
            words.get(str(i.get("remoteGroupId")), i.get("remoteIpPrefix")),
            i.get("protocol", "all"),
            i.get("portRangeMin"),
        )
        for i in (rule.inputs for rule in recording.of(RULE))
        if i["direction"] == "ingress"
    }


def test_with_ovn_members_see_clients_themselves_and_listeners_have_no_lists() -> None:
    recording = made(**config(loadbalancer={"provider": "ovn"}))
    (listener,) = recording.of(LISTENER)
    assert "allowedCidrs" not in listener.inputs
    assert ("masters", "198.51.100.0/24", "tcp", 443) in rules(recording)
    (pool,) = recording.of("openstack:loadbalancer/pool:Pool")
    assert pool.inputs["lbMethod"] == "SOURCE_IP_PORT"


def test_amphorae_alone_reach_the_machines_and_lists_say_who_reaches_them() -> None:
    recording = made()
    (listener,) = recording.of(LISTENER)
    assert listener.inputs["allowedCidrs"] == ["10.40.128.0/20", "10.40.32.0/20", "198.51.100.0/24"]
    assert ("masters", "198.51.100.0/24", "tcp", 443) not in rules(recording)
    assert ("masters", "10.40.32.0/20", "tcp", 443) in rules(recording)


def test_a_closed_api_lets_nobody_in_instead_of_everybody() -> None:
    recording = made(kubernetesApiAccess=[], topology={"dns": {"type": "Public"}}, dnsZone="example.net")
    (listener,) = recording.of(LISTENER)
    assert listener.inputs["allowedCidrs"] == ["127.0.0.1/32"]


def test_names_are_published_in_the_users_zone() -> None:
    recording = made(topology={"dns": {"type": "Public"}}, dnsZone="example.net")
    (item,) = recording.of(RECORD)
    assert (item.inputs["name"], item.inputs["type"], item.inputs["ttl"]) == (f"api.{NAME}.", "A", 60)


def test_public_load_balancers_bastions_and_public_machines_have_floating_addresses() -> None:
    names = {fip.name.removeprefix(f"{NAME}-") for fip in made(3, bastion=True).of(FLOATING)}
    assert names == {"endpoints-api", "instances-bastions-1"}


def test_without_an_external_network_there_is_no_router_and_no_floating_address() -> None:
    documents = clouds.documents(ROW, 1, bastion=True)
    del documents[0]["spec"]["cloudConfig"]
    recording = clouds.recorded(documents)
    assert (recording.of(ROUTER), recording.of(FLOATING)) == ([], [])
    assert recording.exports == {}


def unbalanced(**spec: Any) -> list[Document]:
    documents = clouds.laid_over(ROW, {"api": {"dns": {}}, **spec}, control_planes=3)
    del documents[0]["spec"]["api"]["loadBalancer"]
    return documents


def test_without_a_load_balancer_control_planes_share_an_address() -> None:
    recording = clouds.recorded(unbalanced())
    shared = named(recording, PORT, "endpoints-api")
    assert "deviceId" not in shared.inputs
    ports = [port for port in recording.of(PORT) if "control-plane" in port.name]
    (address,) = {port.inputs["allowedAddressPairs"][-1]["ipAddress"] for port in ports}
    servers = [server for server in recording.of(SERVER) if "userData" in server.inputs]
    assert len(servers) == 5
    assert {f"KOPS_API_VIP={address}" in server.inputs["userData"] for server in servers} == {True}
    assert recording.of(FLOATING) == []


def test_a_public_shared_address_is_called_by_a_floating_one() -> None:
    documents = unbalanced()
    for subnet in documents[0]["spec"]["subnets"]:
        subnet["type"] = "Public"
    recording = clouds.recorded(documents)
    floating = named(recording, FLOATING, "endpoints-api")
    assert floating.inputs["portId"] == named(recording, PORT, "endpoints-api").id
    text = next(s.inputs["userData"] for s in recording.of(SERVER) if "control-plane" in s.name)
    assert "KOPS_API_VIP=10.40." in text
    assert "KOPS_LATE_SANS=198.18." in text.replace("'", "")


def test_with_dns_and_without_a_load_balancer_people_call_a_control_plane_by_name() -> None:
    found: list[Cluster] = []
    spec = {"topology": {"dns": {"type": "Public"}}, "dnsZone": "example.net"}
    plan = clouds.planned(unbalanced(**spec)).plan
    recording = record(lambda: found.append(Cluster(NAME, plan)))
    assert [port.name for port in recording.of(PORT) if "endpoints" in port.name] == []
    assert found[0].outputs["apiName"] == f"api.{NAME}"
    assert "apiEndpoint" in found[0].outputs


def test_machines_boot_from_volumes_where_the_group_asks() -> None:
    notes = {"openstack.kops.io/osVolumeBoot": "true", "openstack.kops.io/osVolumeSize": "40"}
    server = named(made(notes=notes), SERVER, "instances-nodes-1")
    assert "imageName" not in server.inputs
    (disk,) = server.inputs["blockDevices"]
    assert (disk["volumeSize"], disk["destinationType"], disk["deleteOnTermination"]) == (40, "volume", True)


def test_a_ports_pairs_are_the_manifests_and_pods_where_the_cni_needs_that() -> None:
    notes = {"openstack.kops.io/allowedAddressPair/vip": "10.40.32.250"}
    port = named(made(notes=notes), PORT, "instances-nodes-1")
    assert [pair["ipAddress"] for pair in port.inputs["allowedAddressPairs"]] == ["10.40.32.250", "100.96.0.0/11"]


def test_volumes_stand_in_their_machines_zone_unless_cinder_has_others() -> None:
    zones = {volume.inputs.get("availabilityZone") for volume in made(3).of(VOLUME)}
    assert zones == set(ROW.zones)
    ignoring = made(**config(blockStorage={"ignore-volume-az": True}))
    assert {volume.inputs.get("availabilityZone") for volume in ignoring.of(VOLUME)} == {None}
    fixed = made(**config(blockStorage={"override-volume-az": "cinder"}))
    assert {volume.inputs.get("availabilityZone") for volume in fixed.of(VOLUME)} == {"cinder"}


def test_credentials_are_limited_and_secret_and_travel_as_metadata_only() -> None:
    recording = made()
    roles = {item.name.removeprefix(f"{NAME}-identity-"): item for item in recording.of(CREDENTIAL)}
    assert set(roles) == {"control-plane", "node", "controllers"}
    paths = [rule["path"] for rule in roles["node"].inputs["accessRules"]]
    assert [path for path in paths if "secrets" in path] == []
    server = named(recording, SERVER, "instances-nodes-1")
    assert server.inputs["configDrive"] is True
    assert "token-secret" not in repr(server.inputs)
    assert server.inputs["metadata"] == "[secret]" or server.inputs["metadata"]["security-credentials"] == "[secret]"


def test_other_rules_are_another_credential_beside_the_old_one() -> None:
    whole = clouds.planned(clouds.documents(ROW)).plan
    fewer = tuple(
        replace(i, permissions=tuple(p for p in i.permissions if p.verb != "store.list")) if i.key == "node" else i
        for i in whole.identities
    )
    plans = (whole, replace(whole, identities=fewer))
    names = [{c.name: c.inputs["name"] for c in record(partial(Cluster, NAME, plan)).of(CREDENTIAL)} for plan in plans]
    changed = {name for name in names[0] if names[0][name] != names[1][name]}
    assert changed == {f"{NAME}-identity-node"}


def test_a_cloud_without_swift_is_told_before_anything_is_made() -> None:
    class Bare(Answers):
        def invoke(self, token: str, args: Any) -> Any:
            found = dict(super().invoke(token, args))
            if token.endswith("getAuthScope"):
                found["serviceCatalogs"] = [s for s in found["serviceCatalogs"] if s["type"] != "object-store"]
            return found

    plan = clouds.planned(clouds.documents(ROW)).plan
    with pytest.raises(Exception, match="this cloud has no object-store service in region region-one"):
        record(lambda: Cluster(NAME, plan), answers=Bare())
