"""Look-ups of existing things on OpenStack, by name or by id: networks, subnets, security groups, images, zones.

A name that two things have ends the program with the provider's own words. All are invokes; nothing is changed.

https://www.pulumi.com/registry/packages/openstack/api-docs/ (networking/getnetwork, getsubnet, getsecgroup,
images/getimage, dns/getdnszone, identity/getauthscope)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_openstack import dns, identity, images, networking

from kops_pulumi.errors import KopsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Network:
    """A network that exists."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom the provider's credentials belong to, and where the cloud's services are."""

    region: pulumi.Output[str]
    identity_url: pulumi.Output[str]
    store_url: pulumi.Output[str]


def is_id(text: str) -> bool:
    """Whether a text is an id, not a name."""
    return _UUID.fullmatch(text.lower()) is not None


def external(text: str, parent: pulumi.Resource) -> Network:
    """A network outside, by name or id."""
    opts = pulumi.InvokeOptions(parent=parent)
    if is_id(text):
        found = networking.get_network_output(network_id=text, external=True, opts=opts)
    else:
        found = networking.get_network_output(name=text, external=True, opts=opts)
    return Network(found.id, found.name)


def subnet_id(text: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """A subnet's id, by name or id."""
    if is_id(text):
        return pulumi.Output.from_input(text)
    return networking.get_subnet_output(name=text, opts=pulumi.InvokeOptions(parent=parent)).id


def subnet_range(id_: pulumi.Input[str], parent: pulumi.Resource) -> pulumi.Output[str]:
    """The address range of an existing subnet."""
    return networking.get_subnet_output(subnet_id=id_, opts=pulumi.InvokeOptions(parent=parent)).cidr


def security_group(text: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """A security group's id, by name or id."""
    if is_id(text):
        return pulumi.Output.from_input(text)
    return networking.get_sec_group_output(name=text, opts=pulumi.InvokeOptions(parent=parent)).id


def image(text: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """An image's id, by name or id; of several with one name the newest."""
    if is_id(text):
        return pulumi.Output.from_input(text)
    return images.get_image_output(name=text, most_recent=True, opts=pulumi.InvokeOptions(parent=parent)).id


def zone(text: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The id of a zone in Designate, by name or id."""
    if is_id(text):
        return pulumi.Output.from_input(text)
    return dns.get_dns_zone_output(name=f"{text.rstrip('.')}.", opts=pulumi.InvokeOptions(parent=parent)).id


def scope(name: str, region: str, parent: pulumi.Resource) -> Scope:
    """From the service catalog of the provider's own token; `region` is the manifest's, or empty."""
    found = identity.get_auth_scope_output(name=name, opts=pulumi.InvokeOptions(parent=parent))
    own = found.region.apply(lambda usual: region or usual)
    services = pulumi.Output.all(found.service_catalogs, own)
    return Scope(
        region=own,
        identity_url=services.apply(lambda known: _endpoint(known[0], "identity", known[1])),
        store_url=services.apply(lambda known: _endpoint(known[0], "object-store", known[1])),
    )


def _endpoint(catalog: Iterable[Mapping[str, Any]], kind: str, region: str) -> str:
    """The public address of a service in a region; KopsError when the cloud has no such service."""
    for service in catalog:
        for endpoint in service["endpoints"] if service["type"] == kind else ():
            if endpoint["interface"] == "public" and region in ("", endpoint["region"]):
                return str(endpoint["url"]).rstrip("/")
    hint = "machines get their configuration and keys from Swift; see docs/clouds/openstack.md"
    raise KopsError(f"this cloud has no {kind} service in region {region or '(any)'}", hint=hint)
