"""Who may do what: identities by role and by service account, and where add-ons' permissions go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kops_pulumi import addons, clouds, cni
from kops_pulumi.model import DnsPlan, DnsType, EtcdCluster, Identity, IdentityKind, OwnName, Permission, Role
from kops_pulumi.plan import identities
from kops_pulumi.plan.names import Names
from kops_pulumi.plan.store import plan_store
from tests.support.specs import NAME, full, group

STORE = f"s3://orchard-state/{NAME}"
ETCD = tuple(
    EtcdCluster(name, (), "3.6", client, peer, f"{STORE}/backups/etcd/{name}")
    for name, client, peer in (("main", 4001, 2380), ("events", 4002, 2381))
)
BALANCED = DnsPlan(DnsType.PUBLIC, "example.com", (), attach_zone=False)
"""The API's name leads to a load balancer."""
OWN_ACCOUNTS = {
    "iam": {"useServiceAccountExternalPermissions": True},
    "serviceAccountIssuerDiscovery": {"discoveryStore": "s3://orchard-oidc", "enableAWSOIDCProvider": True},
}


def planned(*machines: Role, dns: DnsPlan = BALANCED, **spec: Any) -> dict[str, Identity]:
    resolved = full(**spec)
    found = identities.build(
        resolved,
        names=Names(NAME, {"role": 64}),
        machines=machines or (Role.CONTROL_PLANE, Role.NODE),
        etcd=ETCD,
        store=plan_store(resolved.cluster, clouds.get("aws")),
        dns=dns,
        cni=cni.for_spec(resolved),
        addons=addons.enabled(resolved),
    )
    assert [identity.key for identity in found] == sorted({identity.key for identity in found})
    return {identity.key: identity for identity in found}


def verbs(identity: Identity) -> set[str]:
    return {permission.verb for permission in identity.permissions}


def test_each_role_with_machines_of_ours_has_one_identity() -> None:
    assert set(planned()) == {"control-plane", "node"}
    assert set(planned(Role.CONTROL_PLANE)) == {"control-plane"}
    assert planned()["node"].name == f"nodes.{NAME}"


def test_every_role_reads_its_own_prefixes_and_what_joiners_need() -> None:
    found = planned(Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE, Role.BASTION)
    secrets = {"control-plane": {f"{STORE}/secrets/control-plane"}, "apiserver": {f"{STORE}/secrets/apiserver"}}
    for key in ("control-plane", "apiserver", "node"):
        reads = {p.scope for p in found[key].permissions if p.verb == "store.read"}
        assert reads == {f"{STORE}/nodes/{key}", f"{STORE}/join"} | secrets.get(key, set())
    assert found["bastion"].permissions == ()


def test_workers_write_nothing_and_attach_nothing() -> None:
    assert verbs(planned()["node"]) == {"store.read", "store.list"}


def test_the_token_is_written_by_control_planes_alone() -> None:
    found = planned(Role.CONTROL_PLANE, Role.API_SERVER, Role.NODE)
    assert [key for key, identity in found.items() if "store.write-object" in verbs(identity)] == ["control-plane"]


def test_control_planes_write_the_backups_of_every_etcd_cluster() -> None:
    scopes = {p.scope for p in planned()["control-plane"].permissions if p.verb == "backups.write"}
    assert scopes == {f"{STORE}/backups/etcd/main", f"{STORE}/backups/etcd/events"}


def test_addons_act_as_the_control_plane_where_accounts_have_no_identity() -> None:
    assert {"volumes.manage", "load-balancers.manage", "dns.upsert"} <= verbs(planned()["control-plane"])


def test_addons_act_as_themselves_where_accounts_have_identities() -> None:
    found = planned(**OWN_ACCOUNTS)
    assert not {"volumes.manage", "load-balancers.manage", "dns.upsert"} & verbs(found["control-plane"])
    account = found["kube-system/ebs-csi-controller-sa"]
    assert account.kind is IdentityKind.SERVICE_ACCOUNT
    assert account.name == f"ebs-csi-controller-sa.kube-system.sa.{NAME}"
    assert "volumes.manage" in verbs(account)


@pytest.mark.parametrize(
    ("spec", "role", "verb"),
    [
        ({"iam": {"allowContainerRegistry": True}}, "node", "images.pull"),
        ({"containerd": {"useECRCredentialsForMirrors": True}}, "node", "images.pull-through"),
        ({"nonMasqueradeCIDR": "::/0"}, "node", "addresses.assign-ipv6"),
        ({"warmPool": {"enableLifecycleHook": True}}, "node", "groups.complete-launch"),
        ({"networking": {"amazonvpc": {}}}, "node", "network-interfaces.manage"),
    ],
)
def test_a_setting_brings_its_permission(spec: dict[str, Any], role: str, verb: str) -> None:
    assert verb in verbs(planned(**spec)[role])
    assert verb not in verbs(planned()[role])


def test_a_warm_pool_of_size_nought_needs_no_permission() -> None:
    assert "groups.complete-launch" not in verbs(planned(warmPool={"enableLifecycleHook": True, "maxSize": 0})["node"])


def test_a_groups_own_warm_pool_counts() -> None:
    groups = (group("cp-a", "ControlPlane"), group("pool", "Node", warmPool={"enableLifecycleHook": True}))
    assert "groups.complete-launch" in verbs(planned(groups=groups)["node"])


@pytest.mark.parametrize("key", ["master", "control-plane"])
def test_both_spellings_of_the_control_plane_take_the_users_policies(key: str) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orchard/*"}
    found = planned(
        externalPolicies={key: ["arn:aws:iam::111122223333:policy/b", "arn:aws:iam::111122223333:policy/a"]},
        additionalPolicies={key: json.dumps([statement])},
    )
    assert found["control-plane"].managed_policies == (
        "arn:aws:iam::111122223333:policy/a",
        "arn:aws:iam::111122223333:policy/b",
    )
    assert json.loads(found["control-plane"].inline_policy or "") == [statement]
    assert found["node"].managed_policies == ()
    assert found["node"].inline_policy is None


def test_users_accounts_have_identities_of_their_own() -> None:
    arn = "arn:aws:iam::111122223333:policy/fruit"
    entry = {"name": "picker", "namespace": "team-*", "aws": {"policyARNs": [arn]}}
    found = planned(iam={"serviceAccountExternalPermissions": [entry]})
    identity = found["team-*/picker"]
    assert identity.name == f"picker.team-wildcard.sa.{NAME}"
    assert (identity.managed_policies, identity.permissions) == ((arn,), ())


def test_policies_added_to_an_addons_account_stay_one_identity() -> None:
    arn = "arn:aws:iam::111122223333:policy/more"
    entry = {"name": "dns-controller", "namespace": "kube-system", "aws": {"policyARNs": [arn]}}
    spec = {**OWN_ACCOUNTS, "iam": {**OWN_ACCOUNTS["iam"], "serviceAccountExternalPermissions": [entry]}}
    identity = planned(**spec)["kube-system/dns-controller"]
    assert identity.permissions == (Permission("dns.upsert", "example.com"),)
    assert identity.managed_policies == (arn,)


def test_permissions_do_not_depend_on_the_order_of_groups() -> None:
    one = (group("cp-a", "ControlPlane"), group("w1", "Node"), group("w2", "Node"))
    assert planned(groups=one) == planned(groups=one[::-1])


@pytest.mark.parametrize(
    ("spec", "url", "trusted"),
    [
        ({}, f"https://api.internal.{NAME}", False),
        (
            {"serviceAccountIssuerDiscovery": {"discoveryService": {"url": "https://oidc.example.com/o"}}},
            "https://oidc.example.com/o",
            False,
        ),
        (
            {"kubeAPIServer": {"serviceAccountIssuer": "https://issuer.example.com"}},
            "https://issuer.example.com",
            False,
        ),
    ],
)
def test_the_issuer_of_tokens(spec: dict[str, Any], url: str, trusted: bool) -> None:
    issuer = identities.issuer(full(**spec).cluster, clouds.get("aws"))
    assert (issuer.url, issuer.cloud_provider_trust) == (url, trusted)


def test_a_discovery_store_is_the_issuer_by_its_public_address() -> None:
    settings = {**OWN_ACCOUNTS["serviceAccountIssuerDiscovery"], "additionalAudiences": ["sts.amazonaws.com"]}
    cloud = clouds.get("aws")
    issuer = identities.issuer(full(serviceAccountIssuerDiscovery=settings).cluster, cloud, "eu-west-1")
    assert issuer.url == cloud.issuer_url("s3://orchard-oidc", "eu-west-1")
    assert issuer.cloud_provider_trust
    assert issuer.audiences == ("sts.amazonaws.com",)


def test_control_planes_write_to_the_zone_only_where_they_publish_the_apis_names() -> None:
    verb = Permission("dns.upsert", "example.com")
    own = DnsPlan(DnsType.PUBLIC, "example.com", (), attach_zone=False, own_names=(OwnName("api.x", public=True),))
    for dns, writes in ((BALANCED, False), (own, True)):
        found = planned(dns=dns, **OWN_ACCOUNTS)
        assert (verb in found["control-plane"].permissions) is writes
        assert verb not in found["node"].permissions
