"""Managed zones of Cloud DNS: which one the cluster's names are in.

A zone is the user's, by its name in Cloud DNS (`dnsZone` without a dot) or by its DNS name, looked up in the project;
without `dnsZone` it is the longest zone that the cluster's name lies in. A private cluster in a network of ours that
names no zone gets a private one for its own name (network.py).

https://www.pulumi.com/registry/packages/gcp/api-docs/dns/getmanagedzones/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi

from kops_pulumi.clouds.gce import names
from kops_pulumi.errors import Finding, ManifestError
from kops_pulumi.model import ClusterPlan, DnsType

if TYPE_CHECKING:
    from pulumi_gcp import dns


def own_zone(plan: ClusterPlan) -> bool:
    """Whether the cluster's names are in a zone that we make."""
    return plan.dns.attach_zone and not plan.dns.zone_named


def find(plan: ClusterPlan, zone: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The name in Cloud DNS of the zone that the plan calls `zone`."""
    if own_zone(plan):
        return pulumi.Output.from_input(names.of_cluster(plan.name))
    if "." not in zone:
        return pulumi.Output.from_input(zone)
    from pulumi_gcp import dns

    private = plan.dns.type is DnsType.PRIVATE
    opts = pulumi.InvokeOptions(parent=parent)
    found = dns.get_managed_zones_output(project=plan.options.project, opts=opts).managed_zones
    exact = zone if plan.dns.zone_named else None
    return found.apply(lambda listed: _chosen(listed, exact or plan.name, private=private, exact=exact is not None))


def _chosen(
    listed: Sequence[dns.outputs.GetManagedZonesManagedZoneResult], name: str, *, private: bool, exact: bool
) -> str:
    visibility = "private" if private else "public"
    fitting = {
        zone.dns_name.rstrip("."): str(zone.name)
        for zone in listed or ()
        if (zone.visibility or "public") == visibility
    }
    if exact and name in fitting:
        return fitting[name]
    around = [domain for domain in fitting if name == domain or name.endswith(f".{domain}")]
    if around and not exact:
        return fitting[max(around, key=len)]
    hint = f"make a {visibility} managed zone, or name one in spec.dnsZone"
    finding = Finding(("spec", "dnsZone"), f"the project has no {visibility} zone for {name}", hint)
    raise ManifestError([finding])
