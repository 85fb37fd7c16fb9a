"""How Terraform spells what Pulumi calls `aws:ec2/vpc:Vpc` and `enableDnsHostnames`.

The clouds' providers are bridged from Terraform's, so most of it is mechanical: types and properties are the Terraform
names in camelCase, lists of blocks are in the plural. What the bridge chose otherwise is in the tables here; the source
of each is the resource's page at https://registry.terraform.io/browse/providers. This module knows names only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from kops_pulumi.errors import KopsError

_PREFIXES: Final[Mapping[str, str]] = {"gcp": "google"}
"""Pulumi package → first word of the Terraform types, where it differs."""

_DROPPED: Final = {("aws", "ec2"), ("aws", "index"), ("tls", "index"), ("random", "index"), ("vsphere", "index")}
"""Pulumi modules that leave no trace in the Terraform name."""

_TYPES: Final[Mapping[str, str]] = {
    "aws:ec2/getElasticIp:getElasticIp": "aws_eip",
    "aws:ec2/tag:Tag": "aws_ec2_tag",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
    "gcp:organizations/getClientConfig:getClientConfig": "google_client_config",
    "gcp:organizations/getProject:getProject": "google_project",
    "gcp:projects/iAMCustomRole:IAMCustomRole": "google_project_iam_custom_role",
    "gcp:projects/iAMMember:IAMMember": "google_project_iam_member",
    "gcp:projects/service:Service": "google_project_service",
    "gcp:serviceaccount/account:Account": "google_service_account",
    "gcp:serviceaccount/iAMMember:IAMMember": "google_service_account_iam_member",
    "openstack:blockstorage/volume:Volume": "openstack_blockstorage_volume_v3",
    "openstack:dns/getDnsZone:getDnsZone": "openstack_dns_zone_v2",
    "openstack:networking/getSecGroup:getSecGroup": "openstack_networking_secgroup_v2",
    "openstack:compute/keypair:Keypair": "openstack_compute_keypair_v2",
    "openstack:compute/serverGroup:ServerGroup": "openstack_compute_servergroup_v2",
    "openstack:identity/applicationCredential:ApplicationCredential": "openstack_identity_application_credential_v3",
    "openstack:keymanager/secretV1:SecretV1": "openstack_keymanager_secret_v1",
    "openstack:loadbalancer/loadBalancer:LoadBalancer": "openstack_lb_loadbalancer_v2",
    "openstack:networking/floatingIp:FloatingIp": "openstack_networking_floatingip_v2",
    "openstack:networking/floatingIpAssociate:FloatingIpAssociate": "openstack_networking_floatingip_associate_v2",
    "openstack:networking/secGroup:SecGroup": "openstack_networking_secgroup_v2",
    "openstack:networking/secGroupRule:SecGroupRule": "openstack_networking_secgroup_rule_v2",
    "openstack:objectstorage/container:Container": "openstack_objectstorage_container_v1",
    "openstack:objectstorage/containerObject:ContainerObject": "openstack_objectstorage_object_v1",
}
"""Types and look-ups whose names the rule does not give."""

_OPENSTACK_API: Final[Mapping[str, str]] = {"blockstorage": "v3", "objectstorage": "v1", "identity": "v3"}
"""OpenStack's types end with the version of the service's API; v2 where nothing is said."""
_OPENSTACK_MODULES: Final[Mapping[str, str]] = {"loadbalancer": "lb"}

_PROPERTIES: Final[Mapping[tuple[str, str], str]] = {
    ("aws_autoscaling_group", "vpcZoneIdentifiers"): "vpc_zone_identifier",
    ("aws_iam_openid_connect_provider", "clientIdLists"): "client_id_list",
    ("aws_iam_openid_connect_provider", "thumbprintLists"): "thumbprint_list",
    ("google_compute_router_nat", "sourceIpRangesToNats"): "source_ip_ranges_to_nat",
    ("google_storage_bucket", "matchesPrefixes"): "matches_prefix",
    ("google_storage_bucket", "matchesSuffixes"): "matches_suffix",
}
"""Properties, at any depth of a type, that the rule does not give."""

_PLURAL: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("aws_launch_template", "blockDeviceMappings"),
        ("aws_launch_template", "networkInterfaces"),
        ("aws_launch_template", "tagSpecifications"),
        ("google_dns_managed_zone", "networks"),
        ("openstack_compute_instance_v2", "schedulerHints"),
        ("openstack_identity_application_credential_v3", "accessRules"),
        ("openstack_networking_port_v2", "allowedAddressPairs"),
    }
)
"""Lists of blocks that Terraform too has in the plural."""

_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ILLEGAL: Final = re.compile(r"[^A-Za-z0-9_-]+")


def snake(name: str) -> str:
    """A name in Terraform's case.

    >>> snake("assignIpv6AddressOnCreation"), snake("enableDns64"), snake("URLMap")
    ('assign_ipv6_address_on_creation', 'enable_dns64', 'url_map')
    """
    return _WORD.sub("_", name).lower()


def singular(name: str) -> str:
    """The name of one block of a list.

    >>> singular("subnetMappings"), singular("aliases"), singular("policies")
    ('subnetMapping', 'alias', 'policy')
    """
    for plural, one in (("ies", "y"), ("sses", "ss"), ("liases", "lias"), ("xes", "x"), ("ches", "ch"), ("s", "")):
        if name.endswith(plural) and not name.endswith("ss"):
            return name.removesuffix(plural) + one
    return name


def type_of(token: str) -> str:
    """The Terraform type of a resource's or a look-up's token; KopsError for a token of no bridged provider.

    >>> type_of("aws:ec2/vpcDhcpOptions:VpcDhcpOptions"), type_of("aws:vpc/endpoint:Endpoint")
    ('aws_vpc_dhcp_options', 'aws_vpc_endpoint')
    >>> type_of("gcp:compute/instanceGroupManager:InstanceGroupManager"), type_of("aws:ec2/getAmi:getAmi")
    ('google_compute_instance_group_manager', 'aws_ami')
    """
    if token in _TYPES:
        return _TYPES[token]
    package, _, rest = token.partition(":")
    module, _, name = rest.partition("/")
    member, _, _ = name.partition(":")
    if not member or package in {"kubernetes", "pulumi", "kops"}:
        raise KopsError(f"there is no Terraform twin of {token}", hint="update it with --target direct")
    if member.startswith("get") and member[3:4].isupper():
        member = member[3:]
    words = [_PREFIXES.get(package, package)]
    words += [] if (package, module) in _DROPPED else [_OPENSTACK_MODULES.get(module, module)]
    words += [snake(member).removeprefix(f"{package}_")]
    words += [_OPENSTACK_API.get(module, "v2")] if package == "openstack" else []
    return "_".join(words)


def property_of(type_: str, name: str, *, blocks: bool) -> str:
    """The Terraform name of a property; `blocks` says that it is a list of objects."""
    known = _PROPERTIES.get((type_, name))
    if known:
        return known
    return snake(singular(name) if blocks and (type_, name) not in _PLURAL else name)


def identifier(name: str) -> str:
    """A label that Terraform takes: letters, digits, `_` and `-`, and no digit first.

    >>> identifier("10.prod.example.com-vpc")
    '_10-prod-example-com-vpc'
    """
    legal = _ILLEGAL.sub("-", name).strip("-")
    return legal if legal[:1].isalpha() else f"_{legal}"


def labels(names: Iterable[str]) -> dict[str, str]:
    """A label for each of a type's names; those that would be the same get a number, in the names' order."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):
        label = wanted = identifier(name)
        number = 2
        while label in taken:
            label, number = f"{wanted}_{number}", number + 1
        taken.add(label)
        found[name] = label
    return found
