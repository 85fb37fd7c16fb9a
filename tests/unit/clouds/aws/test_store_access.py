"""Who may do what in the store, found by evaluating policies; and that the evaluation would notice a leak."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from kops_pulumi.model import ClusterPlan, Identity, Permission, Role, StoreKind
from kops_pulumi.plan import store
from tests.support import recorded, store_access
from tests.support.iam_evaluator import allowed

GOLDENS = sorted((Path(__file__).parents[3] / "golden" / "plan").glob("*/manifest.yaml"))
APISERVERS = next(path for path in GOLDENS if path.parent.name == "apiserver-user-data")
ON_AWS = [path for path in GOLDENS if "cloudProvider: aws" in path.read_text()]
every_golden = pytest.mark.parametrize("manifest", ON_AWS, ids=lambda path: path.parent.name)


def documents(plan: ClusterPlan, key: str) -> list[str]:
    [identity] = [identity for identity in plan.identities if identity.key == key]
    return store_access.documents(identity, plan)


def with_permission(plan: ClusterPlan, key: str, extra: Permission) -> ClusterPlan:
    def wider(identity: Identity) -> Identity:
        return dataclasses.replace(identity, permissions=tuple(sorted({*identity.permissions, extra})))

    changed = tuple(wider(i) if i.key == key else i for i in plan.identities)
    return dataclasses.replace(plan, identities=changed)


@every_golden
def test_nobody_but_machines_with_the_api_reaches_a_secret(manifest: Path) -> None:
    assert list(store_access.leaks(recorded.plan_of(manifest))) == []


@every_golden
def test_each_object_is_read_by_its_readers_and_nobody_else(manifest: Path) -> None:
    assert list(store_access.misread(recorded.plan_of(manifest))) == []


@pytest.mark.parametrize("scope", ["", "/secrets", "/secrets/control-plane"])
def test_a_wider_permission_would_be_noticed(scope: str) -> None:
    plan = recorded.plan_of(APISERVERS)
    leaky = with_permission(plan, "node", Permission("store.read", f"{plan.store}{scope}"))
    assert any(path.endswith("kubernetes-ca.key") for _, _, path in store_access.leaks(leaky))


def test_a_users_policy_that_opens_the_store_would_be_noticed() -> None:
    plan = recorded.plan_of(APISERVERS)
    statements = json.dumps([{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::*"}])
    opened = tuple(dataclasses.replace(i, inline_policy=statements) if i.key == "node" else i for i in plan.identities)
    assert list(store_access.leaks(dataclasses.replace(plan, identities=opened)))


def test_api_servers_read_no_key_of_an_authority() -> None:
    plan = recorded.plan_of(APISERVERS)
    keys = {item.path for item in store.objects(plan) if item.content.startswith("key:") and "-ca" in item.content}
    assert {path.rpartition("/")[0] for path in keys} == {"secrets/control-plane"}
    assert not any(allowed(documents(plan, "apiserver"), "s3:GetObject", store_access.arn(plan, path)) for path in keys)


def test_api_servers_have_all_that_an_api_server_starts_with() -> None:
    paths = {item.path for item in store.objects(recorded.plan_of(APISERVERS)) if Role.API_SERVER in item.readers}
    assert {path.removeprefix("secrets/apiserver/") for path in paths if path.startswith("secrets/")} == {
        *(f"{name}.crt" for name in ("apiserver-aggregator-ca", "etcd-clients-ca", "kubernetes-ca")),
        *(
            f"{name}.{end}"
            for name in ("apiserver", "apiserver-etcd-client", "apiserver-kubelet-client", "front-proxy-client")
            for end in ("crt", "key")
        ),
        "encryption-config.yaml",
        "service-account.key",
        "service-account.pub",
    }


def test_control_planes_put_snapshots_and_cannot_read_or_destroy_them() -> None:
    plan = recorded.plan_of(APISERVERS)
    snapshot = store_access.arn(plan, "backups/etcd/main/hourly/2026-11-23T10.db.gz")
    texts = documents(plan, "control-plane")
    assert allowed(texts, "s3:PutObject", snapshot)
    assert [
        a for a in ("s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion") if allowed(texts, a, snapshot)
    ] == []


def test_control_planes_see_the_marks_of_members_and_no_snapshots_in_a_listing() -> None:
    plan = recorded.plan_of(APISERVERS)
    bucket, place = store_access.arn(plan, ""), plan.object_store
    assert place is not None
    texts = documents(plan, "control-plane")
    marks = place.key("backups/etcd/main/initialized/")
    assert allowed(texts, "s3:ListBucket", bucket, {"s3:prefix": marks})
    assert not allowed(texts, "s3:ListBucket", bucket, {"s3:prefix": place.key("backups/etcd/main/")})
    assert not allowed(documents(plan, "node"), "s3:ListBucket", bucket, {"s3:prefix": marks})


def test_only_control_planes_write_the_token_and_only_machines_with_the_api_an_address() -> None:
    plan = recorded.plan_of(APISERVERS)
    token, address = (store_access.arn(plan, path) for path in ("join/token", "join/addresses/i-1"))
    writers = {
        (identity.key, what)
        for identity in plan.identities
        for what, place in (("token", token), ("address", address))
        if allowed(store_access.documents(identity, plan), "s3:PutObject", place)
    }
    assert writers == {("control-plane", "token"), ("control-plane", "address"), ("apiserver", "address")}


def test_every_secret_object_is_of_a_role_with_the_api() -> None:
    for item in store.objects(recorded.plan_of(APISERVERS)):
        if item.kind is StoreKind.SECRET:
            assert set(item.readers) <= {Role.CONTROL_PLANE, Role.API_SERVER}


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "S3:getobject", "Resource": "arn:aws:s3:::b/k?y"}, True),
        ({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}, False),
        ({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}, False),
        ({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:X": "true"}}}, True),
        ({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:b": "no"}}}, False),
        ({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringNotLike": {"a:b": "y*"}}}, False),
    ],
)
def test_policies_are_evaluated_as_aws_does(statement: dict[str, object], verdict: bool) -> None:
    text = json.dumps({"Statement": [statement]})
    assert allowed([text], "s3:GetObject", "arn:aws:s3:::b/key", {"a:b": "yes"}) is verdict
    deny = json.dumps({"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}})
    assert not allowed([text, deny], "s3:GetObject", "arn:aws:s3:::b/key", {"a:b": "yes"})
