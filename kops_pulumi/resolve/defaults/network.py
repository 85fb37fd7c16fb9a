"""Defaults of the network: address ranges, subnets, DNS, and how the API is reached.

Sources of the figures: kops's documented defaults (https://kops.sigs.k8s.io/cluster_spec/, https://kops.sigs.k8s.io/topology/).
"""

from __future__ import annotations

from typing import Any

from kops_pulumi.model import Role
from kops_pulumi.resolve import cidr
from kops_pulumi.resolve.defaults.facts import Facts
from kops_pulumi.resolve.fill import fill
from kops_pulumi.resolve.traits import alias_ranges, amazonvpc, cilium_eni, dns_none, ipv6, of_role, text

NON_MASQUERADE = "100.64.0.0/10"
"""Carrier-grade NAT space: it does not collide with people's own private networks (RFC 6598)."""
ALIAS_PARENT = "10.0.0.0/8"
"""Where pods and services with alias addresses get theirs."""
SERVICES_IPV6 = "fd00:5e4f:ce::/108"
"""A unique local range; /108 is the largest that the API server takes."""
SERVICE_BITS = 3
"""Services get the first eighth of nonMasqueradeCIDR, pods its upper half."""
SUBNET_PREFIX, ALIAS_SUBNET_PREFIX = 20, 19
ALIAS_POD_PREFIX, ALIAS_SERVICE_PREFIX = 14, 16
"""Prefix lengths of regional subnets, and of pods and services with alias addresses."""


def ranges(spec: Any, facts: Facts) -> None:
    """Address ranges of the network, the pods and the services."""
    if facts.capabilities.network_cidr and not spec.network_id:
        fill(spec, {"network_cidr": facts.cloud.network_cidr})
    fill(spec, {"non_masquerade_cidr": _non_masquerade(spec), "cluster_dns_domain": "cluster.local"})
    fill(spec, {"service_cluster_ip_range": _services(spec), "pod_cidr": _pods(spec)})


def _non_masquerade(spec: Any) -> str | None:
    if amazonvpc(spec):
        return spec.network_cidr or NON_MASQUERADE
    return ALIAS_PARENT if alias_ranges(spec) else NON_MASQUERADE


def _services(spec: Any) -> str | None:
    if ipv6(spec):
        return SERVICES_IPV6
    if alias_ranges(spec):
        taken = [subnet.cidr for subnet in spec.subnets or () if subnet.cidr]
        return cidr.allocate_regional(ALIAS_PARENT, ["services"], taken, ALIAS_SERVICE_PREFIX).get("services")
    whole = cidr.network(spec.non_masquerade_cidr)
    if whole is None or whole.prefixlen + SERVICE_BITS > whole.max_prefixlen:
        return None
    return str(next(whole.subnets(prefixlen_diff=SERVICE_BITS)))


def _pods(spec: Any) -> str | None:
    """None where pods get addresses of the cloud's network or, with IPv6, a prefix of their machine's."""
    if ipv6(spec) or amazonvpc(spec) or cilium_eni(spec):
        return None
    if alias_ranges(spec):
        taken = [subnet.cidr for subnet in spec.subnets or () if subnet.cidr]
        return cidr.allocate_regional(ALIAS_PARENT, ["pods"], taken, ALIAS_POD_PREFIX).get("pods")
    whole = cidr.network(spec.non_masquerade_cidr)
    if whole is None or whole.prefixlen == whole.max_prefixlen:
        return None
    return str(list(whole.subnets())[1])


def subnets(spec: Any, facts: Facts) -> None:
    """Types and address ranges of subnets; adopted and IPv6-only ones get no range."""
    for subnet in spec.subnets or ():
        fill(subnet, {"type": "Public"})
    needy = [subnet for subnet in spec.subnets or () if not (subnet.cidr or subnet.id or subnet.ipv6_cidr)]
    assigned = automatic_ranges(spec, facts) if needy else {}
    for subnet in needy:
        fill(subnet, {"cidr": assigned.get(subnet.name)})


def automatic_ranges(spec: Any, facts: Facts) -> dict[str, str]:
    """The ranges that subnets without one get, by name; `create cluster` writes these down."""
    all_subnets = [subnet for subnet in spec.subnets or () if subnet.name]
    taken = [subnet.cidr for subnet in all_subnets if subnet.cidr]
    if not facts.capabilities.network_cidr:
        if facts.cloud.subnet_parent is None:
            return {}
        size = ALIAS_SUBNET_PREFIX if alias_ranges(spec) else SUBNET_PREFIX
        names = [subnet.name for subnet in all_subnets if not (subnet.cidr or subnet.id)]
        return dict(cidr.allocate_regional(facts.cloud.subnet_parent, names, taken, size))
    claims = [
        cidr.Claim(subnet.zone or "", subnet.name, text(subnet.type) == "Utility", subnet.cidr)
        for subnet in all_subnets
        if subnet.cidr or not (subnet.id or subnet.ipv6_cidr)
    ]
    return dict(cidr.allocate(spec.network_cidr, claims))


def topology(spec: Any, facts: Facts) -> None:
    """DNS: public unless the manifest says otherwise (so did v1alpha2 always), none where the cloud manages none."""
    fill(spec, {"topology": {"dns": {"type": "Public" if facts.capabilities.managed_dns else "None"}}})


def api(spec: Any, groups: Any, facts: Facts) -> None:
    """How the API is reached: DNS records of the control planes, or a load balancer before private ones."""
    fill(spec, {"api": {}, "master_public_name": f"api.{facts.name}"})
    for field in ("kubernetes_api_access", "ssh_access", "node_port_access", "additional_sans"):
        fill(spec, {field: []})  # closed unless the manifest opens it (security: no world-open default)
    if spec.api.dns is None and spec.api.load_balancer is None:
        balanced = facts.capabilities.load_balancer and (dns_none(spec) or _private_control_plane(spec, groups))
        fill(spec, {"api": {"load_balancer": {}} if balanced else {"dns": {}}})
    if spec.api.load_balancer is not None:
        balancer = {
            "class_": "Network",  # the only kind left; classic ones ended with kops 1.37
            "type": "Public",
            "use_for_internal_api": False,
            # Without DNS every machine uses the same addresses, so each must reach all zones.
            "cross_zone_load_balancing": dns_none(spec),
        }
        fill(spec, {"api": {"load_balancer": balancer}})


def _private_control_plane(spec: Any, groups: Any) -> bool:
    types = {subnet.name: text(subnet.type) for subnet in spec.subnets or ()}
    homes = [name for group in of_role(groups, Role.CONTROL_PLANE) for name in group.spec.subnets or ()]
    return any(types.get(name) in {"Private", "DualStack"} for name in homes)
