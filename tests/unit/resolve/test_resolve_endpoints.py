"""How the API and the machines are reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Said = Callable[..., list[str]]
BALANCER = "spec.api.loadBalancer"


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"spec.api.dns": {}}, "spec.api", "api.dns and api.loadBalancer exclude each other"),
        (
            {"spec.api": {"dns": {}}, "spec.topology.dns.type": "None"},
            "spec.api",
            "can only be reached by a load balancer",
        ),
        (
            {"spec.topology.dns.type": "None", "spec.dnsZone": "Z1"},
            "spec.dnsZone",
            "a cluster without DNS uses no zone",
        ),
        ({f"{BALANCER}.class": "Classic"}, f"{BALANCER}.class", "classic load balancers ended with kops 1.37"),
        ({f"{BALANCER}.class": None}, BALANCER, "warning: no class: old manifests meant a classic load balancer"),
        ({f"{BALANCER}.sslPolicy": "ELBSecurityPolicy-1"}, f"{BALANCER}.sslPolicy", "a TLS policy needs a certificate"),
        ({f"{BALANCER}.accessLog": {"bucketPrefix": "x"}}, f"{BALANCER}.accessLog", "the access log has no bucket"),
        (
            {f"{BALANCER}.subnets": [{"name": "utility-eu-west-1x"}]},
            f"{BALANCER}.subnets[0].name",
            "the cluster has no subnet 'utility-eu-west-1x' (did you mean 'utility-eu-west-1",
        ),
        (
            {f"{BALANCER}.subnets": [{"name": "utility-eu-west-1a"}] * 2},
            f"{BALANCER}.subnets[1].name",
            "subnet 'utility-eu-west-1a' is named twice",
        ),
        (
            {f"{BALANCER}.subnets": [{"name": "utility-eu-west-1a", "privateIPv4Address": "172.20.0.9"}]},
            f"{BALANCER}.subnets[0].privateIPv4Address",
            "fixed private addresses need an internal load balancer",
        ),
        (
            {
                f"{BALANCER}.type": "Internal",
                f"{BALANCER}.subnets": [{"name": "eu-west-1a", "allocationId": "eipalloc-1"}],
            },
            f"{BALANCER}.subnets[0].allocationId",
            "elastic addresses need a public load balancer",
        ),
        (
            {f"{BALANCER}.type": "Internal", f"{BALANCER}.useForInternalApi": True},
            f"{BALANCER}.useForInternalApi",
            "cannot serve the internal API as well",
        ),
        ({"spec.masterPublicName": "api_prod"}, "spec.masterPublicName", "'api_prod' is not a host name"),
        ({"spec.additionalSans": ["10.0.0.1", "a.b", "no host"]}, "spec.additionalSans[2]", "neither a host name nor"),
        ({"spec.sshAccess": ["0.0.0.0/0"]}, "spec.sshAccess[0]", "warning: the whole internet may reach SSH"),
        (
            {"spec.kubernetesApiAccess": ["::/0"]},
            "spec.kubernetesApiAccess[0]",
            "warning: the whole internet may reach the",
        ),
        (
            {"spec.nodePortAccess": ["0.0.0.0/0"]},
            "spec.nodePortAccess[0]",
            "warning: the whole internet may reach NodePort",
        ),
        ({"spec.sshAccess": ["10.0.0.0/8"] * 2}, "spec.sshAccess[1]", "warning: 10.0.0.0/8 is listed twice"),
        ({"spec.sshKeyName": ""}, "spec.sshAccess", "warning: SSH is open, but machines get no key"),
        ({"spec.egressProxy": {"excludes": "x"}}, "spec.egressProxy.httpProxy", "the proxy has no host"),
        (
            {"spec.egressProxy": {"httpProxy": {"host": "p"}}},
            "spec.egressProxy.httpProxy.port",
            "the proxy has no port",
        ),
    ],
)
def test_a_conflict_is_named_where_it_stands(said: Said, changes: dict[str, Any], where: str, words: str) -> None:
    found = said(changes)
    assert [text for text in found if text.startswith(f"{where}: ") and words in text], found


def test_prefix_lists_are_sources_on_aws_only(said: Said) -> None:
    assert said({"spec.kubernetesApiAccess": ["pl-0123abcd"]}) == []
    found = said({"spec.kubernetesApiAccess": ["pl-0123abcd"]}, cloud="gce")
    assert any(text.startswith("spec.kubernetesApiAccess[0]: ") and "aws" in text for text in found)


def test_internal_balancers_need_a_private_subnet(said: Said, sound: Callable[[], Any]) -> None:
    public = [{**subnet, "type": "Public"} for subnet in sound()[0]["spec"]["subnets"]]
    found = said({"spec.subnets": public, f"{BALANCER}.type": "Internal"})
    assert (
        f"{BALANCER}.type: an internal load balancer needs a private subnet (add Private subnets, or set type: Public)"
        in found
    )


def test_clouds_without_balancers_and_zones_say_so(said: Said) -> None:
    found = said({"spec.api": {"loadBalancer": {"type": "Public"}}}, cloud="vsphere")
    assert any(text.startswith("spec.api.loadBalancer: there are no load balancers on vsphere") for text in found)
    assert any(text.startswith("spec.topology.dns.type: there are no public DNS zones on vsphere") for text in found)


def test_without_bastions_their_options_do_nothing(said: Said) -> None:
    changes = {"spec.topology.bastion": {"bastionPublicName": "bastion.prod.example.com"}}
    assert said(changes) == []
    assert any(
        "no instance group has the role Bastion" in text for text in said(changes, {"bastions": {"spec.role": "Node"}})
    )
