"""Load balancers, access lists, identities and queues in forms that no scenario has."""

from __future__ import annotations

import pytest

from tests.support import features
from tests.support.features import NAME, REGION

CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/1"


def test_tls_ends_at_the_balancer_and_client_certificates_pass_beside_it() -> None:
    balancer = {"sslCertificate": CERTIFICATE, "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}
    made = features.made(features.laid_over(features.base(private=True), {"api": {"loadBalancer": balancer}}))
    listeners = {made["port"]: made for made in made.inputs("Listener").values()}
    assert {port: listener["protocol"] for port, listener in listeners.items()} == {443: "TLS", 8443: "TCP"}
    assert listeners[443]["certificateArn"] == CERTIFICATE
    assert listeners[443]["sslPolicy"] == balancer["sslPolicy"]
    assert "certificateArn" not in listeners[8443]
    assert sorted(group["protocol"] for group in made.inputs("TargetGroup").values()) == ["TCP", "TLS"]
    doors = {rule["fromPort"] for name, rule in made.inputs("SecurityGroupIngressRule").items() if "24-to-api" in name}
    assert doors == {3, 443, 8443}  # 3 is the type of an ICMP message


def test_an_internal_balancer_has_the_manifests_addresses() -> None:
    subnets = [{"name": f"{REGION}a", "privateIPv4Address": "10.40.32.9"}]
    overlay = {"api": {"loadBalancer": {"type": "Internal", "subnets": subnets}}}
    made = features.made(features.laid_over(features.base(private=True), overlay))
    (balancer,) = made.inputs("LoadBalancer").values()
    assert balancer["internal"]
    assert [mapping["privateIpv4Address"] for mapping in balancer["subnetMappings"]] == ["10.40.32.9"]


def test_api_servers_join_the_balancer_and_stay_away_from_etcds_peers() -> None:
    made = features.made([*features.base(private=True), features.group("apis", "APIServer", [f"{REGION}a"])])
    groups = made.inputs("Group")
    assert groups["instances-apis"]["targetGroupArns"] == groups["instances-control-plane-a"]["targetGroupArns"]
    assert groups["instances-apis"]["name"] == f"apis.apiservers.{NAME}"
    rules = made.inputs("SecurityGroupIngressRule")
    open_ports = [
        (rule["fromPort"], rule["toPort"])
        for name, rule in rules.items()
        if name.startswith("firewall-apiservers-to-masters-tcp")
    ]
    assert not any(low <= port <= high for low, high in open_ports for port in (2380, 2381))
    assert any(low <= 4001 <= high for low, high in open_ports)


@pytest.mark.parametrize("source", ["pl-0123", "2001:db8:8500::/40", "192.0.2.0/24"])
def test_every_kind_of_source_opens_what_it_is_listed_for(source: str) -> None:
    overlay = {"kubernetesApiAccess": [source], "sshAccess": [source], "nodePortAccess": [source]}
    documents = features.laid_over(
        features.base(), {**overlay, "kubeAPIServer": {"serviceNodePortRange": "28000-32767"}}
    )
    key = "prefixListId" if source.startswith("pl-") else "cidrIpv6" if ":" in source else "cidrIpv4"
    rules = [rule for rule in features.made(documents).inputs("SecurityGroupIngressRule").values() if key in rule]
    assert {rule[key] for rule in rules} == {source}
    assert sorted((rule["ipProtocol"], rule["fromPort"], rule["toPort"]) for rule in rules) == [
        ("tcp", 22, 22),
        ("tcp", 22, 22),
        ("tcp", 443, 443),
        ("tcp", 28000, 32767),
        ("udp", 28000, 32767),
    ]


def test_an_existing_profile_needs_no_role_of_ours() -> None:
    profile = "arn:aws:iam::123456789012:instance-profile/site-nodes"
    made = features.made(features.laid_over(features.base(), {"iam": {"profile": profile}}, index=2))
    assert [role["name"] for role in made.inputs("Role").values()] == [f"masters.{NAME}"]
    assert made.inputs("LaunchTemplate")["instances-nodes"]["iamInstanceProfile"] == {"arn": profile}


def test_the_boundary_limits_every_role_and_policies_reach_every_key() -> None:
    boundary = "arn:aws:iam::123456789012:policy/limit"
    keys = ("master", "control-plane", "node", "bastion", "apiserver")
    overlay = {
        "iam": {"permissionsBoundary": boundary},
        "externalPolicies": {key: [f"arn:aws:iam::aws:policy/{key}"] for key in keys},
        "additionalPolicies": {"node": '[{"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": ["*"]}]'},
    }
    documents = features.laid_over(features.base(private=True, bastion=True), overlay)
    made = features.made([*documents, features.group("apis", "APIServer", [f"{REGION}a"])])
    assert {role["permissionsBoundary"] for role in made.inputs("Role").values()} == {boundary}
    attached = {(a["role"], a["policyArn"].rpartition("/")[2]) for a in made.inputs("RolePolicyAttachment").values()}
    assert attached == {
        (f"masters.{NAME}", "master"),
        (f"masters.{NAME}", "control-plane"),
        (f"nodes.{NAME}", "node"),
        (f"bastions.{NAME}", "bastion"),
        (f"apiservers.{NAME}", "apiserver"),
    }
    assert "s3:ListAllMyBuckets" in made.inputs("RolePolicy")["identity-node-additional"]["policy"]


@pytest.mark.parametrize(
    ("handler", "rules"),
    [
        ({"enabled": False}, 0),
        ({"enabled": True, "enableSQSTerminationDraining": False}, 0),
        ({"enabled": True}, 4),
        ({"enableRebalanceDraining": True}, 5),
    ],
)
def test_the_termination_queue_comes_with_its_rules_and_hooks_or_not_at_all(
    handler: dict[str, bool], rules: int
) -> None:
    made = features.made(features.laid_over(features.base(), {"nodeTerminationHandler": handler}))
    assert len(made.inputs("EventRule")) == rules
    assert len(made.inputs("Queue")) == bool(rules)
    assert len(made.inputs("LifecycleHook")) == (2 if rules else 0)


@pytest.mark.parametrize(("key", "pairs", "name"), [("site", 0, "site"), ("", 0, None)])
def test_an_existing_key_is_used_and_an_empty_one_means_none(key: str, pairs: int, name: str | None) -> None:
    made = features.made(features.laid_over(features.base(), {"sshKeyName": key}))
    assert len(made.inputs("KeyPair")) == pairs
    assert {template.get("keyName") for template in made.inputs("LaunchTemplate").values()} == {name}
