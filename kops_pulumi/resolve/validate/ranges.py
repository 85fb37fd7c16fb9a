"""Address ranges: inside one another where they must be, apart where they must be; `spec` checked their syntax."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from kops_pulumi.errors import Finding
from kops_pulumi.resolve import cidr
from kops_pulumi.resolve.traits import alias_ranges, amazonvpc, cilium_eni, ipv6, text
from kops_pulumi.resolve.validate.subject import Subject, duplicates

SUBNETS = ("spec", "subnets")


def network(subject: Subject) -> Iterator[Finding]:
    """Subnets lie in the network and not on one another."""
    spec = subject.spec
    homes = [text for text in (spec.network_cidr, *(spec.additional_network_cidrs or ())) if text]
    for one, other in combinations(range(len(homes)), 2):
        if cidr.overlap(cidr.network(homes[one]), cidr.network(homes[other])):
            path = ("spec", "additionalNetworkCIDRs", other - bool(spec.network_cidr))
            yield Finding(path, f"{homes[other]} overlaps {homes[one]}", "ranges of one network are apart")
    ranges = [(i, subnet.name, cidr.network(subnet.cidr)) for i, subnet in enumerate(spec.subnets or ())]
    for index, name, range_ in ranges:
        if range_ and homes and not any(cidr.inside(range_, cidr.network(home)) for home in homes):
            message = f"{range_} of subnet {name!r} is not in the network {' or '.join(homes)}"
            yield Finding((*SUBNETS, index, "cidr"), message, "change the subnet, or add to additionalNetworkCIDRs")
    for (_, first, one_range), (index, second, other_range) in combinations(ranges, 2):
        if cidr.overlap(one_range, other_range):
            message = f"{other_range} of subnet {second!r} overlaps {one_range} of subnet {first!r}"
            yield Finding((*SUBNETS, index, "cidr"), message, "give each subnet a range of its own")


def pods_and_services(subject: Subject) -> Iterator[Finding]:
    """Pods, services and machines do not share addresses, except where pods live on the network."""
    spec = subject.spec
    whole, net = cidr.network(spec.non_masquerade_cidr), cidr.network(spec.network_cidr)
    pods, services = cidr.network(spec.pod_cidr), cidr.network(spec.service_cluster_ip_range)
    on_network = amazonvpc(spec) or cilium_eni(spec) or alias_ranges(spec)
    if cidr.overlap(whole, net) and not on_network:
        message = f"nonMasqueradeCIDR {whole} overlaps networkCIDR {net}"
        yield Finding(
            ("spec", "nonMasqueradeCIDR"), message, "pods and machines need different addresses: use 100.64.0.0/10"
        )
    for key, range_ in (("podCIDR", pods), ("serviceClusterIPRange", services)):
        if range_ and whole and not ipv6(spec) and not on_network and not cidr.inside(range_, whole):
            yield Finding(("spec", key), f"{key} {range_} is not in nonMasqueradeCIDR {whole}", "take a part of it")
        elif cidr.overlap(range_, net) and not on_network and not cidr.overlap(whole, net):
            yield Finding(
                ("spec", key), f"{key} {range_} overlaps networkCIDR {net}", "take a part of nonMasqueradeCIDR"
            )
    if cidr.overlap(pods, services):
        message = f"serviceClusterIPRange {services} overlaps podCIDR {pods}"
        yield Finding(("spec", "serviceClusterIPRange"), message, "give pods and services ranges of their own")
    for index, subnet in enumerate(spec.subnets or ()):
        if on_network and cidr.overlap(cidr.network(subnet.cidr), services):
            message = f"{subnet.cidr} of subnet {subnet.name!r} overlaps serviceClusterIPRange {services}"
            yield Finding((*SUBNETS, index, "cidr"), message, "set serviceClusterIPRange to a range without subnets")


def ipv6_ranges(subject: Subject) -> Iterator[Finding]:
    """IPv6: where the cloud has it, on every subnet, each with a part of its own."""
    spec, subnets = subject.spec, subject.spec.subnets or []
    if ipv6(spec) and not subject.capabilities.ipv6:
        yield Finding(
            ("spec", "nonMasqueradeCIDR"), f"there are no IPv6 clusters on {subject.cloud}", "use 100.64.0.0/10"
        )
    elif ipv6(spec) and spec.non_masquerade_cidr != "::/0":
        yield Finding(("spec", "nonMasqueradeCIDR"), "an IPv6 cluster masquerades nothing", "write ::/0")
    for index, subnet in enumerate(subnets):
        value = subnet.ipv6_cidr
        if not value and ipv6(spec):
            yield Finding(
                (*SUBNETS, index), f"subnet {subnet.name!r} has no ipv6CIDR, but the cluster is IPv6", "like /64#1"
            )
        if not value and text(subnet.type) == "DualStack":
            yield Finding((*SUBNETS, index), f"DualStack subnet {subnet.name!r} has no ipv6CIDR", "like /64#1")
        if value and not subnet.cidr and not subnet.id and text(subnet.type) != "Private":
            message = f"subnet {subnet.name!r} is {text(subnet.type)} but has no IPv4 range"
            yield Finding((*SUBNETS, index), message, "only Private subnets can be IPv6-only: add cidr")
    for index, value in duplicates(subnet.ipv6_cidr for subnet in subnets):
        yield Finding((*SUBNETS, index, "ipv6CIDR"), f"another subnet has {value}", "give each subnet one of its own")
