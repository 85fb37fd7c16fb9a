"""When each add-on runs, what it asks for, and which combinations it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from kops_pulumi import addons
from kops_pulumi.errors import Severity
from kops_pulumi.plugins import AddOn
from tests.support.specs import full

BY_NAME: dict[str, AddOn] = {addon.name: addon for addon in addons.REGISTRY}
OWN_ACCOUNTS = {"iam": {"useServiceAccountExternalPermissions": True}}


def running(cloud: str = "aws", **spec: Any) -> set[str]:
    return {addon.name for addon in addons.enabled(full(cloud, **spec))}


def findings(name: str, cloud: str = "aws", **spec: Any) -> list[str]:
    return [f"{f.dotted}: {f.message}" for f in BY_NAME[name].validate(full(cloud, **spec))]


def verbs(name: str, **spec: Any) -> set[tuple[str, str]]:
    return {(p.verb, p.scope) for grant in BY_NAME[name].grants(full(**spec)) for p in grant.permissions}


def test_a_plain_cluster_on_aws_runs_what_kops_runs() -> None:
    assert running() == {
        "aws-cloud-controller-manager",
        "aws-ebs-csi-driver",
        "coredns-autoscaler",
        "dns-controller",
        "node-termination-handler",
    }


def test_addons_of_aws_stay_on_aws() -> None:
    drivers = {"gce": "gcp-pd-csi-driver", "openstack": "openstack-cinder-csi", "vsphere": "vsphere-csi-driver"}
    for cloud, driver in drivers.items():
        controller = f"{'gcp' if cloud == 'gce' else cloud}-cloud-controller-manager"
        dns = {"dns-controller"} if cloud == "gce" else set()
        assert running(cloud) == {"coredns-autoscaler", controller, driver} | dns


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("aws-ebs-csi-driver", {"cloudConfig": {"awsEBSCSIDriver": {"enabled": False}}}),
        ("dns-controller", {"topology": {"dns": {"type": "None"}}}),
        ("dns-controller", {"externalDns": {"provider": "external-dns"}}),
        ("dns-controller", {"externalDns": {"provider": "none"}}),
        ("node-termination-handler", {"nodeTerminationHandler": {"enabled": False}}),
        ("node-termination-handler", {"karpenter": {"enabled": True}}),
        ("cert-manager", {"certManager": {"enabled": True, "managed": False}}),
        ("external-dns", {"externalDns": {"provider": "external-dns"}, "topology": {"dns": {"type": "None"}}}),
    ],
)
def test_addon_can_be_switched_off(name: str, spec: dict[str, Any]) -> None:
    assert name not in running(**spec)


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("aws-load-balancer-controller", {"awsLoadBalancerController": {"enabled": True}}),
        ("aws-iam-authenticator", {"authentication": {"aws": {}}}),
        ("cert-manager", {"certManager": {"enabled": True}}),
        ("cluster-autoscaler", {"clusterAutoscaler": {"enabled": True}}),
        ("external-dns", {"externalDns": {"provider": "external-dns"}}),
        ("karpenter", {"karpenter": {"enabled": True}}),
        ("metrics-server", {"metricsServer": {"enabled": True}}),
        ("node-problem-detector", {"nodeProblemDetector": {"enabled": True}}),
        ("pod-identity-webhook", {"podIdentityWebhook": {"enabled": True}}),
        ("snapshot-controller", {"snapshotController": {"enabled": True}}),
    ],
)
def test_addon_runs_when_asked_for(name: str, spec: dict[str, Any]) -> None:
    assert name in running(**spec)
    assert name not in running()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("aws-load-balancer-controller", "awsLoadBalancerController"),
        ("pod-identity-webhook", "podIdentityWebhook"),
        ("snapshot-controller", "snapshotController"),
    ],
)
def test_addons_with_webhooks_need_cert_manager(name: str, key: str) -> None:
    trusted = {"serviceAccountIssuerDiscovery": {"enableAWSOIDCProvider": True}}
    wanted = {key: {"enabled": True}, **trusted}
    assert findings(name, **wanted) == [f"spec.{key}.enabled: {name} gets its certificates from cert-manager"]
    assert findings(name, certManager={"enabled": True, "managed": False}, **wanted) == []


def test_an_addon_of_another_cloud_is_refused() -> None:
    assert findings("karpenter", "gce", karpenter={"enabled": True}) == [
        "spec.karpenter.enabled: karpenter exists on aws only, not on gce"
    ]
    assert findings("cluster-autoscaler", "openstack", clusterAutoscaler={"enabled": True}) == [
        "spec.clusterAutoscaler.enabled: cluster-autoscaler exists on aws and gce only, not on openstack"
    ]


def test_karpenter_needs_its_own_identity_and_drains_its_nodes_itself() -> None:
    assert len(findings("karpenter", karpenter={"enabled": True}, nodeTerminationHandler={"enabled": True})) == 2
    assert findings("karpenter", karpenter={"enabled": True}, **OWN_ACCOUNTS) == []


def test_hosted_zones_belong_to_cert_managers_own_identity() -> None:
    settings = {"certManager": {"enabled": True, "hostedZoneIDs": ["Z1ORCHARD", "Z0ORCHARD"]}}
    assert findings("cert-manager", **settings)
    assert findings("cert-manager", **settings, **OWN_ACCOUNTS) == []
    assert verbs("cert-manager", **settings) == {("dns.challenge", "Z0ORCHARD"), ("dns.challenge", "Z1ORCHARD")}


def test_the_price_expander_is_for_clouds_with_known_prices() -> None:
    settings = {"clusterAutoscaler": {"enabled": True, "expander": "price"}}
    assert findings("cluster-autoscaler", **settings)
    assert findings("cluster-autoscaler", "gce", **settings) == []


def test_a_secure_metrics_server_needs_cert_manager() -> None:
    assert findings("metrics-server", metricsServer={"enabled": True, "insecure": False})
    assert findings("metrics-server", metricsServer={"enabled": True}) == []


def test_the_webhook_warns_without_a_trusted_issuer() -> None:
    wanted = {"podIdentityWebhook": {"enabled": True}, "certManager": {"enabled": True}}
    [finding] = BY_NAME["pod-identity-webhook"].validate(full(**wanted))
    assert finding.severity is Severity.WARNING


def test_dns_is_written_in_the_clusters_own_zone() -> None:
    assert verbs("dns-controller") == {("dns.upsert", "example.com")}
    assert verbs("dns-controller", dnsZone="Z1ORCHARD") == {("dns.upsert", "Z1ORCHARD")}


def test_snapshots_are_allowed_only_where_something_makes_them() -> None:
    assert ("snapshots.manage", "cluster") not in verbs("aws-ebs-csi-driver")
    assert ("snapshots.manage", "cluster") in verbs("aws-ebs-csi-driver", snapshotController={"enabled": True})


def test_the_termination_handler_needs_nothing_without_its_queue() -> None:
    assert verbs("node-termination-handler") == {("groups.drain", "cluster")}
    assert verbs("node-termination-handler", nodeTerminationHandler={"enableSQSTerminationDraining": False}) == set()


def test_routes_are_for_kubenet_only() -> None:
    assert ("routes.manage", "cluster") in verbs("aws-cloud-controller-manager", networking={"kubenet": {}})
    assert ("routes.manage", "cluster") not in verbs("aws-cloud-controller-manager")


def test_web_firewalls_are_for_those_who_ask() -> None:
    plain = {"awsLoadBalancerController": {"enabled": True}}
    armed = {"awsLoadBalancerController": {"enabled": True, "enableWAFv2": True, "enableShield": True}}
    more = verbs("aws-load-balancer-controller", **armed) - verbs("aws-load-balancer-controller", **plain)
    assert {verb for verb, _ in more} == {"ingress.filter", "ingress.shield"}
