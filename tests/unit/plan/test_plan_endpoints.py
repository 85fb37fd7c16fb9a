"""Where the API and the bastions are reached."""

from __future__ import annotations

import pytest

from kops_pulumi.model import DnsType, EndpointKind


def plan(kit, documents):
    return kit.planned(documents).plan


def with_balancer(documents, **fields):
    documents[0]["spec"]["api"] = {"loadBalancer": {"class": "Network", "type": "Public", **fields}}
    return documents


def test_public_control_planes_need_no_load_balancer(kit):
    found = plan(kit, kit.documents())
    (api,) = found.endpoints
    assert api.kind is EndpointKind.ADDRESSES
    assert api.public
    assert found.dns.records == ()
    assert all(group.endpoints == () for group in found.groups)


def test_load_balancer_takes_one_utility_subnet_a_zone(kit):
    documents = with_balancer(kit.documents("abc", private=True))
    documents[0]["spec"]["subnets"].append(
        {"name": "another-a", "zone": "eu-west-1a", "type": "Utility", "cidr": "10.0.16.0/22"}
    )
    api = plan(kit, documents).endpoint("api")
    assert [subnet.name for subnet in api.subnets] == ["another-a", "utility-eu-west-1b", "utility-eu-west-1c"]


def test_internal_load_balancer_stands_in_private_subnets(kit):
    api = plan(kit, with_balancer(kit.documents("abc", private=True), type="Internal")).endpoint("api")
    assert not api.public
    assert [subnet.name for subnet in api.subnets] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


def test_certificate_adds_a_port_that_passes_tls_through(kit):
    arn = "arn:aws:acm:eu-west-1:000000000000:certificate/0"
    api = plan(kit, with_balancer(kit.documents(), sslCertificate=arn)).endpoint("api")
    assert [(item.port, item.target_port, item.name, item.tls) for item in api.listeners] == [
        (443, 443, "tls", True),
        (8443, 443, "tcp", False),
    ]
    assert api.certificate == arn


def test_records_are_aliases_of_both_families(kit):
    dns = plan(kit, with_balancer(kit.documents(), useForInternalApi=True)).dns
    assert [(record.name, record.type, record.endpoint) for record in dns.records] == [
        ("api.internal.unit.test.example.org", "A", "api"),
        ("api.internal.unit.test.example.org", "AAAA", "api"),
        ("api.unit.test.example.org", "A", "api"),
        ("api.unit.test.example.org", "AAAA", "api"),
    ]
    assert dns.type is DnsType.PUBLIC


def test_without_dns_there_are_no_records_and_balancing_crosses_zones(kit):
    documents = with_balancer(kit.documents())
    documents[0]["spec"]["topology"] = {"dns": {"type": "None"}}
    found = plan(kit, documents)
    assert found.dns.zone is None
    assert found.dns.records == ()
    assert found.endpoint("api").cross_zone
    assert [item.port for item in found.endpoint("api").listeners] == [443]


@pytest.mark.parametrize(("network_id", "attached"), [(None, True), ("vpc-0a", False)])
def test_private_zone_is_attached_to_our_own_network_only(kit, network_id, attached):
    documents = with_balancer(kit.documents())
    documents[0]["spec"]["topology"] = {"dns": {"type": "Private"}}
    if network_id:
        documents[0]["spec"]["networkID"] = network_id
    assert plan(kit, documents).dns.attach_zone is attached


def test_bastions_stand_behind_a_load_balancer_of_their_own(kit):
    documents = kit.documents("a", private=True, bastion=True)
    documents[0]["spec"]["topology"] = {"bastion": {"bastionPublicName": "jump.example.org"}}
    found = plan(kit, documents)
    bastion = found.endpoint("bastion")
    assert [(item.port, item.name) for item in bastion.listeners] == [(22, "bastion")]
    assert [subnet.name for subnet in bastion.subnets] == ["utility-eu-west-1a"]
    assert {group.name: group.endpoints for group in found.groups}["bastions"] == ("bastion",)
    assert ("jump.example.org", "A") in {(record.name, record.type) for record in found.dns.records}
