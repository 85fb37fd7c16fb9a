"""The cluster's object store on AWS: a bucket of our own or a place in the user's, and what machines find in it.

A bucket of ours is private, versioned, encrypted, for TLS only, and gets rid of old versions. In a bucket that the
manifest names only objects below its prefix are written; the bucket itself is not touched. Who may read what is in the
roles of the machines (`plan/identities.py`); objects themselves are all private, but for the documents of the issuer of
service-account tokens: they go where the manifest wants them published.

https://www.pulumi.com/registry/packages/aws/api-docs/s3/ (bucket, bucketversioning, bucketpolicy, bucketobjectv2, …)
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import s3

from kops_pulumi.clouds.aws import iam, tags
from kops_pulumi.components import contents
from kops_pulumi.components.handles import Handles, StoreHandles
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, StorePlan
from kops_pulumi.plan import store
from kops_pulumi.plan.names import logical

if TYPE_CHECKING:
    from kops_pulumi.components.handles import PkiHandles


class Store(pulumi.ComponentResource):
    """The bucket, if it is ours, and its objects."""

    handles: StoreHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:aws:Store", name, None, opts)
        if plan.object_store is None:
            raise KopsError("this plan has no object store")
        self._name, self._plan, self._known, self._place = name, plan, handles, plan.object_store
        self._ready: list[pulumi.Resource] = []
        self._bucket = self._existing(self._place) if self._place.adopted else self._own_bucket(self._place)
        for item in contents.stored(plan, handles):
            self._put(item)
        if handles.pki:
            self._publish(handles.pki)
        self.handles = StoreHandles(self._bucket, ready=(self,))
        self.register_outputs({"bucket": self._bucket})

    def _child(self, *, protect: bool | None = None, after: bool = True) -> pulumi.ResourceOptions:
        """Objects wait until the bucket is as closed as it is meant to be."""
        return pulumi.ResourceOptions(parent=self, protect=protect, depends_on=self._ready if after else None)

    def _existing(self, place: StorePlan) -> pulumi.Output[str]:
        return pulumi.Output.from_input(place.bucket)

    def _own_bucket(self, place: StorePlan) -> pulumi.Output[str]:
        first = self._child(after=False)
        made = s3.Bucket(
            logical(self._name, "bucket"),
            bucket=place.bucket,
            tags=tags.owned(self._plan, place.bucket),
            opts=self._child(protect=self._known.protect, after=False),
        )
        closed = s3.BucketPublicAccessBlock(
            logical(self._name, "closed"),
            bucket=made.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=first,
        )
        versioned = s3.BucketVersioning(
            logical(self._name, "versions"),
            bucket=made.id,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=first,
        )
        encrypted = s3.BucketServerSideEncryptionConfiguration(
            logical(self._name, "encryption"),
            bucket=made.id,
            rules=[
                s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=(
                        s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                            sse_algorithm="AES256"
                        )
                    )
                )
            ],
            opts=first,
        )
        policy = s3.BucketPolicy(
            logical(self._name, "policy"), bucket=made.id, policy=_tls_only(self._plan, place), opts=first
        )
        self._ready = [closed, versioned, encrypted, policy]
        s3.BucketLifecycleConfiguration(
            logical(self._name, "lifecycle"), bucket=made.id, rules=_lifecycle(self._plan, place), opts=self._child()
        )
        return made.id

    def _put(self, item: contents.Stored) -> None:
        """One object; another bundle is another object, which is there before the old one goes."""
        s3.BucketObjectv2(
            logical(self._name, item.name),
            bucket=self._bucket,
            key=item.key,
            content=item.text,
            content_base64=None if item.bundle is None else base64.b64encode(item.bundle).decode(),
            content_type=contents.PLAIN if item.bundle is None else "application/gzip",
            opts=self._child(),
        )

    def _publish(self, pki: PkiHandles) -> None:
        """The issuer's documents, readable by everybody as kops has them, in a bucket that allows it."""
        for bucket, key, text in contents.published(self._plan.issuer, self._place.scheme, pki):
            s3.BucketObjectv2(
                logical(self._name, "issuer", key.rpartition("/")[2]),
                bucket=bucket,
                key=key,
                acl="public-read",
                content=text,
                content_type="application/json",
                opts=self._child(after=False),
            )


def _tls_only(plan: ClusterPlan, place: StorePlan) -> str:
    """Nobody may do anything without TLS."""
    arn = f"arn:{iam.scope(plan, {}).partition}:s3:::{place.bucket}"
    statement = {
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        "Effect": "Deny",
        "Principal": "*",
        "Resource": [arn, f"{arn}/*"],
    }
    document = {"Statement": [statement], "Version": "2012-10-17"}
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _lifecycle(plan: ClusterPlan, place: StorePlan) -> list[s3.BucketLifecycleConfigurationRuleArgs]:
    """Old versions go after a while, snapshots by their kind, and what machines that are gone left behind."""
    old = s3.BucketLifecycleConfigurationRuleArgs(
        id="old-versions",
        status="Enabled",
        filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=store.KEPT_VERSIONS_DAYS
        ),
        abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=store.UPLOAD_DAYS
        ),
    )
    rules = [
        s3.BucketLifecycleConfigurationRuleArgs(
            id=name,
            status="Enabled",
            filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
            expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
        )
        for name, (prefix, days) in store.expiring(plan, place).items()
    ]
    return [old, *rules]
