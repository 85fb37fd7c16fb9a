"""Load balancers on GCE: backend services over instance groups, and the forwarding rules that lead to them.

Passthrough network load balancers with backend services, external and internal alike: they spread connections over the
instance groups of the endpoint's roles and change no address. (kops's public one is of the older kind, with a target
pool, whose HTTP health check asks a port that our machines do not have.) Made with the machines, because a backend
service can only name instance groups that exist; addresses and health checks are there before (`endpoints.py`).

https://www.pulumi.com/registry/packages/gcp/api-docs/compute/regionbackendservice/ and ../forwardingrule/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_gcp import compute

from kops_pulumi.clouds.gce import endpoints, labels, names
from kops_pulumi.components.handles import Handles
from kops_pulumi.model import ClusterPlan, Endpoint, EndpointKind
from kops_pulumi.plan.names import logical

_DRAIN_SECONDS = 30


def balance(
    name: str,
    plan: ClusterPlan,
    known: Handles,
    groups: Mapping[str, Sequence[pulumi.Output[str]]],
    parent: pulumi.Resource,
) -> None:
    """Every load balancer of the plan; `groups` are the instance groups of its targets by endpoint name."""
    for endpoint in plan.endpoints:
        if endpoint.kind is EndpointKind.LOAD_BALANCER:
            schemes = ["EXTERNAL" if endpoint.public else "INTERNAL"]
            if endpoint.public and plan.options.internal_balancer:
                schemes.append("INTERNAL")
            for scheme in schemes:
                _one(name, plan, known, endpoint, scheme, groups[endpoint.name], parent)


def _one(
    name: str,
    plan: ClusterPlan,
    known: Handles,
    endpoint: Endpoint,
    scheme: str,
    groups: Sequence[pulumi.Output[str]],
    parent: pulumi.Resource,
) -> None:
    inside = scheme == "INTERNAL"
    home = endpoints.home_of(plan, endpoint)
    word = f"{endpoint.name}-{home}" if inside else endpoint.name
    opts = pulumi.ResourceOptions(parent=parent)
    service = compute.RegionBackendService(
        logical(name, endpoint.name, scheme.lower()),
        name=names.of_cluster(plan.name, endpoint.name if inside else f"{endpoint.name}-external"),
        region=plan.region,
        load_balancing_scheme=scheme,
        protocol="TCP",
        health_checks=known.endpoints.target_groups[endpoint.name][0] if known.endpoints else None,
        connection_draining_timeout_sec=_DRAIN_SECONDS,
        backends=[
            compute.RegionBackendServiceBackendArgs(group=group, balancing_mode="CONNECTION") for group in groups
        ],
        opts=opts,
    )
    addresses = known.endpoints.addresses if known.endpoints else {}
    network = known.network
    compute.ForwardingRule(
        logical(name, word),
        name=names.of_cluster(plan.name, word),
        region=plan.region,
        load_balancing_scheme=scheme,
        ip_address=addresses[endpoints.internal(endpoint) if inside and endpoint.public else endpoint.name],
        ip_protocol="TCP",
        ports=[str(listener.port) for listener in endpoint.listeners],
        backend_service=service.id,
        network=network.network_id if inside and network else None,
        subnetwork=network.subnet_ids[home] if inside and network else None,
        labels=labels.owned(plan, {"name": word}),
        opts=opts,
    )
