"""What each identity of a plan may do with each object of the store, found by evaluating its policies."""

from __future__ import annotations

from collections.abc import Iterator

from kops_pulumi.clouds.aws import iam
from kops_pulumi.model import ClusterPlan, Identity, Role, StoreKind, StoreObject
from kops_pulumi.plan import store
from tests.support.iam_evaluator import allowed

READS = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes")
WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl", "s3:RestoreObject")
OWNING = ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketAcl")
SERVERS = (Role.CONTROL_PLANE, Role.API_SERVER)


def documents(identity: Identity, plan: ClusterPlan) -> list[str]:
    """An identity's documents: ours, and the user's own statements."""
    ours = iam.policy(identity.permissions, iam.scope(plan, {}))
    user = iam.user_policy(identity.inline_policy) if identity.inline_policy else None
    return [text for text in (ours, user) if text]


def arn(plan: ClusterPlan, path: str) -> str:
    """The ARN of an object by its path in the store; of the bucket for an empty one."""
    assert plan.object_store is not None
    bucket = f"arn:{iam.scope(plan, {}).partition}:s3:::{plan.object_store.bucket}"
    return f"{bucket}/{plan.object_store.key(path)}" if path else bucket


def secret_objects(plan: ClusterPlan) -> list[StoreObject]:
    """Every object with a private key or another secret in it."""
    return [item for item in store.objects(plan) if item.kind is StoreKind.SECRET]


def leaks(plan: ClusterPlan) -> Iterator[tuple[str, str, str]]:
    """Identity, action and path wherever somebody else than control planes and API servers reaches a secret.

    Pods on any machine may hold a service account's identity, so these count as well (CVE-2023-1943).
    """
    for identity in plan.identities:
        if identity.role in SERVERS:
            continue
        texts = documents(identity, plan)
        for item in secret_objects(plan):
            yield from (
                (identity.key, a, item.path) for a in (*READS, *WRITES) if allowed(texts, a, arn(plan, item.path))
            )
        yield from ((identity.key, a, "") for a in OWNING if allowed(texts, a, arn(plan, "")))


def misread(plan: ClusterPlan) -> Iterator[tuple[str, str]]:
    """Role and path wherever policies and the plan's readers disagree."""
    for identity in plan.identities:
        if identity.role is None:
            continue
        texts = documents(identity, plan)
        for item in store.objects(plan):
            if allowed(texts, "s3:GetObject", arn(plan, item.path)) != (identity.role in item.readers):
                yield identity.key, item.path
