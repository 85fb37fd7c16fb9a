"""The identity leaf: what is registered for roles, profiles, policies and the issuer."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from kops_pulumi import addons, clouds, cni, plan
from kops_pulumi.clouds.aws.identity import Identity
from kops_pulumi.components.handles import Handles
from kops_pulumi.errors import ManifestError
from kops_pulumi.model import ClusterPlan
from kops_pulumi.testing import Recording, record
from tests.support.specs import NAME, full, group

OWN_ACCOUNTS: dict[str, Any] = {
    "iam": {
        "useServiceAccountExternalPermissions": True,
        "permissionsBoundary": "arn:aws:iam::111122223333:policy/fence",
    },
    "serviceAccountIssuerDiscovery": {"discoveryStore": "s3://orchard-oidc", "enableAWSOIDCProvider": True},
}
ETCD = [{"name": name, "etcdMembers": [{"name": "a", "instanceGroup": "cp-a"}]} for name in ("main", "events")]
BASE: dict[str, Any] = {"etcdClusters": ETCD, "kubernetesVersion": "1.36.0", "networkCIDR": "10.4.0.0/16"}


def planned(**spec: Any) -> ClusterPlan:
    resolved = full(**{**BASE, **spec})
    return plan.build(resolved, clouds.get("aws"), cni.for_spec(resolved), addons.enabled(resolved))


def recorded(made: ClusterPlan) -> Recording:
    return record(lambda: Identity("orchard", made, Handles()))


def test_a_plain_cluster_has_two_roles_with_profiles_and_policies() -> None:
    found = recorded(planned())
    assert {r.inputs["name"] for r in found.of("aws:iam/role:Role")} == {f"masters.{NAME}", f"nodes.{NAME}"}
    assert {r.inputs["name"] for r in found.of("aws:iam/instanceProfile:InstanceProfile")} == {
        f"masters.{NAME}",
        f"nodes.{NAME}",
    }
    assert len(found.of("aws:iam/rolePolicy:RolePolicy")) == 2
    assert found.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider") == []


def test_bastions_have_a_role_but_no_policy() -> None:
    groups = (group("cp-a", "ControlPlane"), group("workers", "Node"), group("bastions", "Bastion"))
    found = recorded(planned(groups=groups))
    policies = {r.inputs["role"] for r in found.of("aws:iam/rolePolicy:RolePolicy")}
    assert f"bastions.{NAME}" in {r.inputs["name"] for r in found.of("aws:iam/role:Role")}
    assert policies == {f"masters.{NAME}", f"nodes.{NAME}"}


def test_a_zone_known_by_name_is_looked_up_and_lands_in_the_policy() -> None:
    found = recorded(planned())
    [lookup] = [call for call in found.invokes if call.token == "aws:route53/getZone:getZone"]
    assert lookup.args["name"] == "example.com"
    [policy] = [r for r in found.of("aws:iam/rolePolicy:RolePolicy") if r.inputs["role"] == f"masters.{NAME}"]
    assert "hostedzone/example.com" not in policy.inputs["policy"]
    assert "hostedzone/Z" in policy.inputs["policy"]


def test_without_dns_nothing_is_looked_up() -> None:
    balancer = {"loadBalancer": {"type": "Public", "class": "Network"}}
    assert recorded(planned(topology={"dns": {"type": "None"}}, api=balancer)).invokes == ()


def test_own_accounts_trust_the_clusters_issuer_within_the_boundary() -> None:
    found = recorded(planned(**OWN_ACCOUNTS))
    [provider] = found.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert provider.inputs["clientIdLists"] == ["amazonaws.com"]
    assert {r.inputs["permissionsBoundary"] for r in found.of("aws:iam/role:Role")} == {
        "arn:aws:iam::111122223333:policy/fence"
    }
    [role] = [r for r in found.of("aws:iam/role:Role") if r.inputs["name"].startswith("dns-controller.")]
    [statement] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    host = provider.inputs["url"].removeprefix("https://")
    assert statement["Principal"]["Federated"].startswith("arn:aws:iam:")
    assert statement["Condition"]["StringEquals"] == {
        f"{host}:aud": "amazonaws.com",
        f"{host}:sub": "system:serviceaccount:kube-system:dns-controller",
    }


def test_accounts_without_a_trusted_issuer_are_refused_with_a_way_out() -> None:
    made = planned(**OWN_ACCOUNTS)
    assert made.issuer is not None
    untrusted = dataclasses.replace(made, issuer=dataclasses.replace(made.issuer, cloud_provider_trust=False))
    with pytest.raises(ManifestError, match="trusts the cluster's issuer"):
        recorded(untrusted)


def test_an_existing_profile_is_used_as_it_is() -> None:
    arn = "arn:aws:iam::111122223333:instance-profile/orchard-workers"
    groups = (group("cp-a", "ControlPlane"), group("workers", "Node", iam={"profile": arn}))
    made = planned(groups=groups)
    identities: list[Identity] = []
    found = record(lambda: identities.append(Identity("orchard", made, Handles())))
    assert {r.inputs["name"] for r in found.of("aws:iam/role:Role")} == {f"masters.{NAME}"}
    assert set(identities[0].handles.group_identities) == {"cp-a", "workers"}


def test_the_users_policies_stand_beside_ours() -> None:
    arn = "arn:aws:iam::111122223333:policy/fruit"
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orchard/*"}
    found = recorded(planned(externalPolicies={"node": [arn]}, additionalPolicies={"node": json.dumps([statement])}))
    [attachment] = found.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert (attachment.inputs["role"], attachment.inputs["policyArn"]) == (f"nodes.{NAME}", arn)
    [extra] = [r for r in found.of("aws:iam/rolePolicy:RolePolicy") if r.inputs["name"] == f"additional.nodes.{NAME}"]
    assert json.loads(extra.inputs["policy"])["Statement"] == [statement]


def test_every_resource_is_a_child_and_tagged_as_the_clusters_own() -> None:
    found = recorded(planned(**OWN_ACCOUNTS))
    [component] = found.of("kops:aws:Identity")
    assert component.outputs
    for resource in found:
        if resource.custom:
            assert resource.parent == component.urn
        if "tags" in resource.inputs:
            assert resource.inputs["tags"][f"kubernetes.io/cluster/{NAME}"] == "owned"


def test_reordering_groups_changes_nothing() -> None:
    groups = (group("cp-a", "ControlPlane"), group("w1", "Node"), group("w2", "Node"))
    one, other = (recorded(planned(groups=order)) for order in (groups, groups[::-1]))
    assert [r.to_data() for r in one] == [r.to_data() for r in other]
