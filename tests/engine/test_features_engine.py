"""What no scenario has, through the real engine: made, made again with nothing to do, destroyed to the last thing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kops_pulumi import rehearsal
from kops_pulumi.automation.stack import ClusterStack
from tests.support import features
from tests.support.features import Document


def ipv6(documents: list[Document]) -> list[Document]:
    for index, subnet in enumerate(documents[0]["spec"]["subnets"]):
        subnet["ipv6CIDR"] = f"/64#{index:x}"
    return features.laid_over(documents, {"nonMasqueradeCIDR": "::/0"})


def public_ipv6() -> list[Document]:
    """Machines of public subnets that reach IPv4 by NAT64."""
    return ipv6(features.base())


def private_ipv6_in_a_shared_network() -> list[Document]:
    """Somebody else's network: its gateways are looked up, and stay."""
    return features.laid_over(ipv6(features.base(private=True)), {"networkID": "vpc-0123456789abcdef0"})


def every_kind_of_route() -> list[Document]:
    """Additional routes to all that can be routed to, and a private zone that is found by the cluster's name."""
    documents = features.laid_over(features.base(private=True), {"topology": {"dns": {"type": "Private"}}})
    targets = ("pcx-0a", "i-0a", "nat-0a", "tgw-0a", "igw-0a", "eni-0a")
    routes = [{"cidr": f"10.{100 + index}.0.0/16", "target": target} for index, target in enumerate(targets)]
    documents[0]["spec"]["subnets"][0] |= {"egress": "eipalloc-0a", "additionalRoutes": routes}
    return documents


def api_servers_behind_tls() -> list[Document]:
    """API servers of their own, and a balancer that ends TLS on fixed addresses."""
    certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    balancer = {
        "sslCertificate": certificate,
        "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "crossZoneLoadBalancing": True,
        "accessLog": {"bucket": "harbor-logs", "bucketPrefix": "api"},
        "subnets": [{"name": f"utility-{features.REGION}a", "allocationId": "eipalloc-0b"}],
    }
    documents = features.laid_over(features.base(private=True), {"api": {"loadBalancer": balancer}})
    return [*documents, features.group("apis", "APIServer", [f"{features.REGION}a"])]


@pytest.mark.parametrize(
    "manifest", [public_ipv6, private_ipv6_in_a_shared_network, every_kind_of_route, api_servers_behind_tls]
)
def test_a_feature_is_made_once_and_leaves_nothing(
    manifest: Callable[[], list[Document]], world: rehearsal.World, tmp_path: Path
) -> None:
    planned = features.planned(manifest())
    rehearsal.seed(world.store, planned.plan)
    adopted = [(record.type, record.id) for record in world.store.objects()]
    stack = ClusterStack.of(
        planned, state=tmp_path / "state", environ=world.environment, project_file=tmp_path / "none"
    )
    stack.up()
    assert len(world.store.objects(adopted=False)) > 30
    assert stack.up().changes == ()
    stack.destroy()
    assert [(record.type, record.id) for record in world.store.objects()] == adopted
