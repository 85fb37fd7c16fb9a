"""How the API and the machines are reached: DNS, load balancers, access lists (https://kops.sigs.k8s.io/cluster_spec/#api)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from kops_pulumi.errors import Finding
from kops_pulumi.resolve.traits import dns_none, text
from kops_pulumi.resolve.validate.names import SUBDOMAIN
from kops_pulumi.resolve.validate.subject import Subject, closest, duplicates, warning

BALANCER = ("spec", "api", "loadBalancer")
WORLD = {"0.0.0.0/0", "::/0"}
ACCESS = {
    "kubernetesApiAccess": "kubernetes_api_access",
    "sshAccess": "ssh_access",
    "nodePortAccess": "node_port_access",
}
OPEN = {
    "kubernetesApiAccess": "the whole internet may reach the API",
    "sshAccess": "the whole internet may reach SSH",
    "nodePortAccess": "the whole internet may reach NodePort services",
}


def dns(subject: Subject) -> Iterator[Finding]:
    """The kind of DNS is one the cloud has, and something leads to the API."""
    spec, can = subject.spec, subject.capabilities
    kind, path = text(spec.topology.dns.type), ("spec", "topology", "dns", "type")
    if (kind == "Public" and not can.managed_dns) or (kind == "Private" and not can.private_dns):
        yield Finding(path, f"there are no {kind.lower()} DNS zones on {subject.cloud}", "set type: None")
    if dns_none(spec) and spec.dns_zone:
        yield warning(("spec", "dnsZone"), "a cluster without DNS uses no zone", "remove dnsZone, or set a DNS type")
    # Machines with fixed ordinals (no groups) keep their addresses, so there the API can do without.
    if dns_none(spec) and can.load_balancer and can.groups and spec.api.load_balancer is None:
        message = "without DNS the API can only be reached by a load balancer"
        yield Finding(("spec", "api"), message, "set api.loadBalancer, or a topology.dns.type")
    if spec.api.dns is not None and spec.api.load_balancer is not None:
        yield Finding(("spec", "api"), "api.dns and api.loadBalancer exclude each other", "keep one of them")


def names(subject: Subject) -> Iterator[Finding]:
    """Host names of the API."""
    spec = subject.spec
    name = spec.master_public_name
    if name and not SUBDOMAIN.fullmatch(name):
        yield Finding(("spec", "masterPublicName"), f"{name!r} is not a host name", f"like api.{subject.name}")
    for index, san in enumerate(spec.additional_sans or ()):
        if not _is_host(san):
            yield Finding(("spec", "additionalSans", index), f"{san!r} is neither a host name nor an address")
    bastion = spec.topology.bastion
    name = bastion.bastion_public_name if bastion else None
    if name and not SUBDOMAIN.fullmatch(name):
        path = ("spec", "topology", "bastion", "bastionPublicName")
        yield Finding(path, f"{name!r} is not a host name", f"like bastion.{subject.name}")
    if bastion and not any(text(group.spec.role) == "Bastion" for group in subject.groups):
        yield warning(("spec", "topology", "bastion"), "no instance group has the role Bastion", "add one")


def _is_host(san: str) -> bool:
    try:
        ip_address(san)
    except ValueError:
        return bool(SUBDOMAIN.fullmatch(san.removeprefix("*.")))
    return True


def balancer(subject: Subject) -> Iterator[Finding]:
    """Options of the API's load balancer that need or exclude one another."""
    spec = subject.spec
    found = spec.api.load_balancer
    if found is None:
        return
    if not subject.capabilities.load_balancer:
        yield Finding(
            BALANCER, f"there are no load balancers on {subject.cloud}", "remove it: the API gets a virtual IP"
        )
    if text(found.class_) == "Classic":
        yield Finding((*BALANCER, "class"), "classic load balancers ended with kops 1.37", "set class: Network")
    written = subject.written.spec.api.load_balancer if subject.written.spec.api else None
    if written and subject.capabilities.zonal_subnets and not written.class_:
        message = "no class: old manifests meant a classic load balancer, a network one is built"
        yield warning(BALANCER, message, "set class: Network")
    if found.ssl_policy and not found.ssl_certificate:
        yield Finding((*BALANCER, "sslPolicy"), "a TLS policy needs a certificate", "set sslCertificate, or remove it")
    if found.access_log and not found.access_log.bucket:
        yield Finding((*BALANCER, "accessLog"), "the access log has no bucket", "set accessLog.bucket")
    if found.security_group_override and found.additional_security_groups:
        hint = "the override replaces all groups: keep one of the two"
        yield warning((*BALANCER, "additionalSecurityGroups"), "additional groups beside securityGroupOverride", hint)
    yield from _internal(subject, found, written)
    yield from _subnets(subject, found)


def _internal(subject: Subject, found: Any, written: Any) -> Iterator[Finding]:
    kinds = {text(subnet.type) for subnet in subject.spec.subnets or ()}
    internal = text(found.type) == "Internal"
    if internal and subject.capabilities.zonal_subnets and not kinds & {"Private", "DualStack"}:
        message = "an internal load balancer needs a private subnet"
        yield Finding((*BALANCER, "type"), message, "add Private subnets, or set type: Public")
    # A network load balancer cannot send a machine's traffic back to itself, so this hung some control planes.
    if internal and found.use_for_internal_api and written and text(written.class_) == "Network":
        message = "an internal network load balancer cannot serve the internal API as well"
        yield Finding((*BALANCER, "useForInternalApi"), message, "remove useForInternalApi")


def _subnets(subject: Subject, found: Any) -> Iterator[Finding]:
    known = {subnet.name for subnet in subject.spec.subnets or () if subnet.name}
    for index, name in duplicates(subnet.name for subnet in found.subnets or ()):
        yield Finding((*BALANCER, "subnets", index, "name"), f"subnet {name!r} is named twice")
    for index, subnet in enumerate(found.subnets or ()):
        path = (*BALANCER, "subnets", index)
        if subnet.name not in known:
            # Elsewhere than on zonal clouds kops never looks at this name, and its manifests have wrong ones.
            make = Finding if subject.capabilities.zonal_subnets else warning
            yield make((*path, "name"), f"the cluster has no subnet {subnet.name!r}", closest(subnet.name or "", known))
        if subnet.private_ipv4_address and text(found.type) != "Internal":
            hint = "set type: Internal, or remove it"
            yield Finding((*path, "privateIPv4Address"), "fixed private addresses need an internal load balancer", hint)
        if subnet.allocation_id and text(found.type) != "Public":
            hint = "set type: Public, or remove it"
            yield Finding((*path, "allocationId"), "elastic addresses need a public load balancer", hint)


def access(subject: Subject) -> Iterator[Finding]:
    """An access list that lets everybody in is said aloud."""
    for key, attribute in ACCESS.items():
        sources = getattr(subject.spec, attribute) or []
        for index, source in enumerate(sources):
            path = ("spec", key, index)
            if source in WORLD:
                yield warning(path, f"{OPEN[key]} ({source})", "list the ranges you work from")
        for index, source in duplicates(sources):
            yield warning(("spec", key, index), f"{source} is listed twice")
    if subject.spec.ssh_access and subject.spec.ssh_key_name == "":
        yield warning(("spec", "sshAccess"), "SSH is open, but machines get no key", "remove sshAccess, or give a key")


def egress_proxy(subject: Subject) -> Iterator[Finding]:
    """The proxy is complete."""
    proxy = subject.spec.egress_proxy
    if proxy is None:
        return
    path = ("spec", "egressProxy", "httpProxy")
    if proxy.http_proxy is None or not proxy.http_proxy.host:
        yield Finding(path, "the proxy has no host", "set httpProxy.host and .port")
    elif not proxy.http_proxy.port:
        yield Finding((*path, "port"), "the proxy has no port", "for example 3128")
