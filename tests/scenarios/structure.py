"""kops's Terraform and our recordings in one form: physical name → the inputs that both spell the same way.

References of either side become the name of what they lead to, so that the wiring is compared too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kops_pulumi.clouds.aws.network import slice_of
from kops_pulumi.testing import Recording
from tests.support.terraform import Resources

TYPES: Mapping[str, str] = {
    "aws_autoscaling_group": "aws:autoscaling/group:Group",
    "aws_autoscaling_lifecycle_hook": "aws:autoscaling/lifecycleHook:LifecycleHook",
    "aws_cloudwatch_event_rule": "aws:cloudwatch/eventRule:EventRule",
    "aws_cloudwatch_event_target": "aws:cloudwatch/eventTarget:EventTarget",
    "aws_ebs_volume": "aws:ebs/volume:Volume",
    "aws_egress_only_internet_gateway": "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
    "aws_eip": "aws:ec2/eip:Eip",
    "aws_iam_instance_profile": "aws:iam/instanceProfile:InstanceProfile",
    "aws_iam_openid_connect_provider": "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws_iam_role": "aws:iam/role:Role",
    "aws_internet_gateway": "aws:ec2/internetGateway:InternetGateway",
    "aws_key_pair": "aws:ec2/keyPair:KeyPair",
    "aws_launch_template": "aws:ec2/launchTemplate:LaunchTemplate",
    "aws_lb": "aws:lb/loadBalancer:LoadBalancer",
    "aws_lb_listener": "aws:lb/listener:Listener",
    "aws_lb_target_group": "aws:lb/targetGroup:TargetGroup",
    "aws_nat_gateway": "aws:ec2/natGateway:NatGateway",
    "aws_route": "aws:ec2/route:Route",
    "aws_route53_record": "aws:route53/record:Record",
    "aws_route53_zone_association": "aws:route53/zoneAssociation:ZoneAssociation",
    "aws_route_table": "aws:ec2/routeTable:RouteTable",
    "aws_route_table_association": "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws_security_group": "aws:ec2/securityGroup:SecurityGroup",
    "aws_sqs_queue": "aws:sqs/queue:Queue",
    "aws_subnet": "aws:ec2/subnet:Subnet",
    "aws_vpc": "aws:ec2/vpc:Vpc",
    "aws_vpc_dhcp_options": "aws:ec2/vpcDhcpOptions:VpcDhcpOptions",
    "aws_vpc_dhcp_options_association": "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",
    "aws_vpc_ipv4_cidr_block_association": "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
    "google_compute_address": "gcp:compute/address:Address",
    "google_compute_disk": "gcp:compute/disk:Disk",
    "google_compute_firewall": "gcp:compute/firewall:Firewall",
    "google_compute_forwarding_rule": "gcp:compute/forwardingRule:ForwardingRule",
    "google_compute_http_health_check": "gcp:compute/httpHealthCheck:HttpHealthCheck",
    "google_compute_instance_group_manager": "gcp:compute/instanceGroupManager:InstanceGroupManager",
    "google_compute_instance_template": "gcp:compute/instanceTemplate:InstanceTemplate",
    "google_compute_network": "gcp:compute/network:Network",
    "google_compute_region_backend_service": "gcp:compute/regionBackendService:RegionBackendService",
    "google_compute_region_health_check": "gcp:compute/regionHealthCheck:RegionHealthCheck",
    "google_compute_router": "gcp:compute/router:Router",
    "google_compute_router_nat": "gcp:compute/routerNat:RouterNat",
    "google_compute_subnetwork": "gcp:compute/subnetwork:Subnetwork",
    "google_compute_target_pool": "gcp:compute/targetPool:TargetPool",
    "google_dns_record_set": "gcp:dns/recordSet:RecordSet",
}
"""Structural types: Terraform's name and Pulumi's token."""

NAMED = tuple(
    kind
    for kind in TYPES
    if kind
    not in {
        "aws_cloudwatch_event_target",
        "aws_lb_listener",
        "aws_route",
        "aws_route_table_association",
        "aws_vpc_dhcp_options_association",
        "aws_vpc_ipv4_cidr_block_association",
        "aws_route53_zone_association",
    }
)
"""Types whose resources have a name of their own: compared one by one."""

NOT_COMPARABLE = {
    "assume_role_policy": "compared by test_iam_parity",
    "event_pattern": "in a file of its own",
    "image_id": "kops's simulated cloud has one image",
    "ip_address": "an address, ours made up by the recording",
    "key_name": "ends in the fingerprint of the test's own key",
    "lifecycle": "Terraform's own",
    "policy": "in a file of its own",
    "public_key": "the test's own key",
    "ssh-keys": "the test's own key",
    "user-data": "another bootstrap",
    "user_data": "another bootstrap",
    "version": "the newest, on both sides",
    "zone_id": "kops's simulated cloud has fixed zones",
}
"""Attributes that are left out, and why."""

_PULUMI_NAMES = {
    "access_config": "access_configs",
    "alias": "aliases",
    "allow": "allows",
    "backend": "backends",
    "client_id_list": "client_id_lists",
    "default_action": "default_actions",
    "disk": "disks",
    "network_interface": "network_interfaces",
    "override": "overrides",
    "source_ip_ranges_to_nat": "source_ip_ranges_to_nats",
    "subnet_mapping": "subnet_mappings",
    "subnetwork": "subnetworks",
    "tag": "tags",
    "thumbprint_list": "thumbprint_lists",
    "version": "versions",
    "vpc_zone_identifier": "vpc_zone_identifiers",
}
"""Lists whose name the bridge makes a plural."""
_ONCE = {
    "ebs",
    "health_check",
    "health_checks",
    "iam_instance_profile",
    "instances_distribution",
    "launch_template",
    "launch_template_specification",
    "metadata_options",
    "mixed_instances_policy",
    "monitoring",
    "scheduling",
    "service_account",
    "tcp_health_check",
    "update_policy",
    "warm_pool",
}
"""Terraform blocks of which there is one at most."""
_KEYS = ("key", "resource_type", "device_name")
"""What tells the items of a list apart."""
_ROOT_DEVICES = ("/dev/xvda", "/dev/sda1")
"""Of kops's simulated image and of ours."""
_REFERENCE = re.compile(r"\$\{((?:aws|google)_\w+)\.([^.]+)\.\w+\}")
_LINK = re.compile(r"(?:https://www\.googleapis\.com/compute/v1/)?projects/.*/([^/]+)")
"""An address on Google Cloud, of which the last part is the name."""

_TEMPLATE_END = re.compile(r"(?<=-)\d{26}")
"""Of a template's name: what the provider adds to its prefix."""
_SLICE = re.compile(r"\$\{cidrsubnet\(local\.vpc_ipv6_cidr_block, 64 - local\.vpc_ipv6_cidr_length, (\d+)\)\}")
VPC_BLOCK = "2001:db8:0:100::/56"
"""What `testing.Answers` gives every VPC, and kops's simulated cloud too."""


def kops(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    """kops's resources of a type by physical name."""

    def named(reference: re.Match[str]) -> str:
        return _name(resources.get(reference[1], {}).get(reference[2], {}))

    found = [_value(body, named) for body in resources.get(kind, {}).values()]
    return {_name(body): body for body in found}


def ours(recording: Recording, kind: str) -> dict[str, dict[str, Any]]:
    """Our resources of a type by physical name."""
    generated = [made for made in recording if made.id not in ("", made.inputs.get("name"), made.inputs.get("keyName"))]
    names = {made.id: _name(_snaked(made.inputs)) for made in generated}
    names |= {host: names[id_] for id_, host in _hosts(recording).items()}
    found = [_value(_snaked(made.inputs), lambda _: "", names) for made in recording.of(TYPES[kind])]
    return {_name(body): body for body in found}


def differences(theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Attributes (nested ones with dots) that differ: their value and ours, None where it is not given."""
    for key in sorted({*theirs, *mine} - {*NOT_COMPARABLE}):
        left, right = theirs.get(key), mine.get(key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            yield from ((f"{key}.{inner}", *rest) for inner, *rest in differences(left, right))
        elif left != right:
            yield key, left, right


def _hosts(recording: Recording) -> dict[str, str]:
    """Load balancers by id, with the host name that records lead to."""
    hosts = {
        alias["name"] for record in recording.of(TYPES["aws_route53_record"]) for alias in record.inputs["aliases"]
    }
    balancers = recording.of(TYPES["aws_lb"])
    return {made.id: host for made in balancers for host in hosts if host.startswith(f"{made.inputs['name']}-")}


def _name(body: Mapping[str, Any]) -> str:
    """A name of its own, else its tag; records of several types share a name."""
    tags = body.get("tags")
    key = str(body.get("key_name", "")).rpartition("-")[0]  # without the fingerprint of the key
    name = (
        body.get("name") or body.get("name_prefix") or key or (tags.get("Name") if isinstance(tags, Mapping) else None)
    )
    return f"{name} {body['type']}" if "aliases" in body or "alias" in body else str(name)


def _value(value: Any, named: Callable[[re.Match[str]], str], names: Mapping[str, str] | None = None) -> Any:
    match value:
        case dict():
            items = {_plural(key, item): _once(key, item) for key, item in value.items()}
            found = {key: _value(item, named, names) for key, item in items.items()}
            return {key: item for key, item in found.items() if item not in ({}, [], "None")}
        case list():
            return _list([_value(item, named, names) for item in value])
        case bool():
            return str(value).lower()
        case str() if reference := _REFERENCE.fullmatch(value):
            return named(reference)
    return _text((names or {}).get(str(value), str(value)))


def _text(value: str) -> str:
    if index := _SLICE.fullmatch(value):
        return slice_of(VPC_BLOCK, int(index[1]))
    link = _LINK.fullmatch(value)
    return _TEMPLATE_END.sub("", link[1]) if link else value


def _plural(key: str, item: Any) -> str:
    return _PULUMI_NAMES.get(key, key) if isinstance(item, list) else key


def _once(key: str, item: Any) -> Any:
    return item[0] if key in _ONCE and isinstance(item, list) and len(item) == 1 else item


def _list(items: list[Any]) -> Any:
    """Items that have a key become a mapping; the order of the others says nothing."""
    for key in _KEYS:
        if items and all(isinstance(item, dict) and key in item for item in items):
            return {
                _label(item[key]): item.get("value", item) if key == "key" else _without(item, key) for item in items
            }
    return items[0] if len(items) == 1 and isinstance(items[0], dict) else sorted(items, key=str)


def _label(text: str) -> str:
    return "root" if text in _ROOT_DEVICES else text


def _without(item: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != key}


def _snaked(value: Any, *, keep: bool = False) -> Any:
    match value:
        case dict():
            return {k if keep else _snake(k): _snaked(v, keep=k == "tags") for k, v in value.items()}
        case list():
            return [_snaked(item) for item in value]
    return value


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", key).lower()
