"""What a cluster's plan adopts on Google Cloud, as objects of the simulated project.

Reads the neutral plan and the GCE options; ranges that the plan does not tell are made up. This module must not touch a
store.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from kops_pulumi.model import ClusterPlan, DnsType
from kops_pulumi.rehearsal.gcp.facts import ACCOUNT, BUCKET, NETWORK, SUBNETWORK, ZONE
from kops_pulumi.rehearsal.kinds import Adopted


def adopted(plan: ClusterPlan) -> Iterator[Adopted]:
    """Everything that exists before the cluster does."""
    project = plan.options.project
    home = f"projects/{plan.options.network_project or project}"
    if plan.network.existing_id is not None:
        name = plan.network.existing_id.rpartition("/")[2]
        yield Adopted(NETWORK, f"{home}/global/networks/{name}", {"name": name})
    for index, subnet in enumerate(plan.network.subnets):
        if subnet.existing_id is not None:
            cidr = subnet.cidr or f"10.{200 + index}.0.0/20"
            id_ = f"{home}/regions/{subnet.region}/subnetworks/{subnet.existing_id}"
            yield Adopted(SUBNETWORK, id_, {"name": subnet.existing_id, "ipCidrRange": cidr, "region": subnet.region})
    yield from _zone(plan, project)
    yield from _buckets(plan)
    account = plan.options.service_account
    if account and account != "default":
        id_ = f"projects/{project}/serviceAccounts/{account}"
        yield Adopted(ACCOUNT, id_, {"accountId": account.partition("@")[0]}, {"email": account})


def _zone(plan: ClusterPlan, project: str) -> Iterator[Adopted]:
    zone = plan.dns.zone
    if zone is None or plan.dns.type is DnsType.NONE or (plan.dns.attach_zone and not plan.dns.zone_named):
        return
    is_name = "." not in zone
    name = zone if is_name else zone.replace(".", "-")
    domain = plan.name.partition(".")[2] if is_name else zone
    visibility = "private" if plan.dns.type is DnsType.PRIVATE else "public"
    inputs = {"name": name, "dnsName": f"{domain}.", "visibility": visibility}
    yield Adopted(ZONE, f"projects/{project}/managedZones/{name}", inputs)


def _buckets(plan: ClusterPlan) -> Iterator[Adopted]:
    """Buckets that the manifest names: for the store, and for the documents of the issuer of tokens."""
    store = plan.object_store
    issuer = urlsplit((plan.issuer and plan.issuer.discovery_store) or "")
    names = {store.bucket} if store and store.adopted else set()
    for name in sorted(names | ({issuer.netloc} if issuer.scheme == "gs" else set())):
        yield Adopted(BUCKET, name, {"name": name, "location": plan.region.upper()})
