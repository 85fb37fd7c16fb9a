"""Where a kubeconfig points, and what it holds."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path

import pytest
import yaml

from kops_pulumi import kubeconfig
from kops_pulumi.model import ClusterPlan, DnsType, EndpointKind, Late, Listener
from tests.support import recorded

GOLDEN = Path(__file__).parents[1] / "golden" / "plan"
BALANCED = recorded.plan_of(GOLDEN / "ha-private-bastion" / "manifest.yaml")
SIMPLE = recorded.plan_of(GOLDEN / "minimal-public" / "manifest.yaml")


def with_dns(plan: ClusterPlan, kind: DnsType) -> ClusterPlan:
    return dataclasses.replace(plan, dns=dataclasses.replace(plan.dns, type=kind))


def test_the_public_name_is_called_where_there_is_one() -> None:
    assert kubeconfig.host(SIMPLE) == f"api.{SIMPLE.name}"
    assert kubeconfig.url(SIMPLE, f"api.{SIMPLE.name}") == f"https://api.{SIMPLE.name}"


def test_without_dns_the_load_balancers_own_name_is_called() -> None:
    endpoint = BALANCED.endpoint("api")
    assert endpoint is not None
    assert endpoint.kind is EndpointKind.LOAD_BALANCER
    assert kubeconfig.host(with_dns(BALANCED, DnsType.NONE)) == Late("api.endpoint")


def test_a_certificate_of_the_clouds_moves_client_certificates_to_8443() -> None:
    listeners = (Listener(443, 443, "tls", tls=True), Listener(8443, 443, "tcp"))
    endpoints = tuple(
        dataclasses.replace(e, listeners=listeners, certificate="arn:aws:acm:…") if e.name == "api" else e
        for e in BALANCED.endpoints
    )
    plan = dataclasses.replace(BALANCED, endpoints=endpoints)
    assert kubeconfig.url(plan, "api.example.com") == "https://api.example.com:8443"


def test_credentials_are_there_only_when_given() -> None:
    access = kubeconfig.Access("c", "https://c", "CA")
    assert kubeconfig.document(access)["users"] == []
    [user] = kubeconfig.document(dataclasses.replace(access, certificate="CERT", private_key="KEY"))["users"]
    assert base64.b64decode(user["user"]["client-key-data"]) == b"KEY"


def test_merging_into_nothing_is_the_document_itself() -> None:
    access = kubeconfig.Access("c", "https://c", "CA", "CERT", "KEY")
    assert yaml.safe_load(kubeconfig.merged("", access, where="x")) == kubeconfig.document(access)


@pytest.mark.parametrize("text", ["- a", "42", "kind: Secret", "users: x"])
def test_other_documents_are_no_kubeconfigs(text: str) -> None:
    with pytest.raises(kubeconfig.KopsError, match="not a kubeconfig"):
        kubeconfig.parse(text, where="x")
