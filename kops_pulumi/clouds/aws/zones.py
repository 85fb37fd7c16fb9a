"""Hosted zones on AWS, which are always the user's: found by id, by name, or by what the cluster's name lies in.

A manifest that names no zone means the longest hosted one that its name lies in, as in kops. A look-up that finds
nothing ends a program, so names cannot be tried in turn: all zones of the account are asked for their names.

https://www.pulumi.com/registry/packages/aws/api-docs/route53/getzone/ and ../getzones/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import route53

from kops_pulumi.errors import Finding, ManifestError
from kops_pulumi.model import ClusterPlan, DnsType


@dataclass(frozen=True, slots=True)
class _Zone:
    id: str
    name: str
    private: bool


def find(zone: str, plan: ClusterPlan, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The id of a zone that the plan speaks of; the look-ups are invokes under `parent`."""
    opts = pulumi.InvokeOptions(parent=parent)
    if "." not in zone:
        return pulumi.Output.from_input(zone.removeprefix("/hostedzone/"))
    if zone == plan.dns.zone and not plan.dns.zone_named:
        return route53.get_zones_output(opts=opts).ids.apply(lambda ids: _longest(ids, plan, opts))
    return _by_name(zone, plan, opts)


def _by_name(zone: str, plan: ClusterPlan, opts: pulumi.InvokeOptions) -> pulumi.Output[str]:
    return route53.get_zone_output(name=zone, private_zone=plan.dns.type is DnsType.PRIVATE, opts=opts).zone_id


def _longest(ids: Sequence[str], plan: ClusterPlan, opts: pulumi.InvokeOptions) -> pulumi.Output[str]:
    """Without any zone the likely name is asked for, so that the provider says what is wrong."""
    if not ids:
        return _by_name(plan.dns.zone or "", plan, opts)

    def described(id_: str) -> pulumi.Output[_Zone]:
        found = route53.get_zone_output(zone_id=id_, opts=opts)
        return found.apply(lambda zone: _Zone(id_, zone.name.rstrip("."), bool(zone.private_zone)))

    private = plan.dns.type is DnsType.PRIVATE
    return pulumi.Output.all(*map(described, ids)).apply(lambda zones: _chosen(plan.name, zones, private=private))


def _chosen(cluster: str, zones: Iterable[_Zone], *, private: bool) -> str:
    """The zone with the longest name that the cluster's name lies in; two of one name are for the manifest to tell."""
    fitting = [zone for zone in zones if zone.private is private and f".{cluster}".endswith(f".{zone.name}")]
    longest = max((len(zone.name) for zone in fitting), default=0)
    best = sorted(zone.id for zone in fitting if len(zone.name) == longest)
    if len(best) == 1:
        return best[0]
    kind = "private" if private else "public"
    message = f"Route 53 has {len(best) or 'no'} {kind} zones that {cluster} lies in"
    hint = f"set spec.dnsZone to one of {', '.join(best)}" if best else "create one, or set topology.dns.type: None"
    raise ManifestError([Finding(("spec", "dnsZone"), message, hint)])
