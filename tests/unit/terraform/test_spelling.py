"""Pulumi's names → Terraform's: the rule, its exceptions, and labels."""

from __future__ import annotations

import doctest

import pytest

from kops_pulumi.errors import KopsError
from kops_pulumi.terraform import spelling, texts
from kops_pulumi.terraform.spelling import labels, property_of, type_of

TYPES = {
    "aws:autoscaling/group:Group": "aws_autoscaling_group",
    "aws:ec2/tag:Tag": "aws_ec2_tag",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
    "aws:index/getCallerIdentity:getCallerIdentity": "aws_caller_identity",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:lb/targetGroup:TargetGroup": "aws_lb_target_group",
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
    "aws:ssm/getParameter:getParameter": "aws_ssm_parameter",
    "gcp:compute/firewall:Firewall": "google_compute_firewall",
    "gcp:projects/iAMMember:IAMMember": "google_project_iam_member",
    "gcp:serviceaccount/account:Account": "google_service_account",
    "gcp:storage/bucketIAMMember:BucketIAMMember": "google_storage_bucket_iam_member",
    "openstack:compute/instance:Instance": "openstack_compute_instance_v2",
    "openstack:loadbalancer/listener:Listener": "openstack_lb_listener_v2",
    "openstack:networking/secGroupRule:SecGroupRule": "openstack_networking_secgroup_rule_v2",
    "random:index/randomBytes:RandomBytes": "random_bytes",
    "tls:index/privateKey:PrivateKey": "tls_private_key",
    "vsphere:index/virtualMachine:VirtualMachine": "vsphere_virtual_machine",
}


@pytest.mark.parametrize(("token", "type_"), TYPES.items(), ids=list(TYPES.values()))
def test_a_types_terraform_name(token: str, type_: str) -> None:
    assert type_of(token) == type_


@pytest.mark.parametrize("token", ["kubernetes:core/v1:ConfigMap", "kops:index:Cluster", "pulumi:pulumi:Stack"])
def test_what_has_no_twin_is_refused(token: str) -> None:
    with pytest.raises(KopsError, match="no Terraform twin"):
        type_of(token)


@pytest.mark.parametrize(
    ("type_", "name", "blocks", "spelled"),
    [
        ("aws_vpc", "enableDnsHostnames", False, "enable_dns_hostnames"),
        ("aws_lb", "subnetMappings", True, "subnet_mapping"),
        ("aws_lb", "securityGroups", False, "security_groups"),
        ("aws_launch_template", "blockDeviceMappings", True, "block_device_mappings"),
        ("aws_autoscaling_group", "vpcZoneIdentifiers", False, "vpc_zone_identifier"),
        ("google_compute_firewall", "allows", True, "allow"),
        ("google_compute_instance_template", "networkInterfaces", True, "network_interface"),
        ("openstack_networking_port_v2", "allowedAddressPairs", True, "allowed_address_pairs"),
    ],
)
def test_a_propertys_terraform_name(type_: str, name: str, blocks: bool, spelled: str) -> None:
    assert property_of(type_, name, blocks=blocks) == spelled


def test_labels_are_legal_and_distinct_whatever_the_order() -> None:
    names = ["nodes.a", "nodes-a", "1st", "x/y:z"]
    expected = {"1st": "_1st", "nodes-a": "nodes-a", "nodes.a": "nodes-a_2", "x/y:z": "x-y-z"}
    assert labels(names) == labels(reversed(names)) == expected


@pytest.mark.parametrize("module", [spelling, texts])
def test_the_examples_in_docstrings_hold(module) -> None:
    assert doctest.testmod(module).failed == 0
