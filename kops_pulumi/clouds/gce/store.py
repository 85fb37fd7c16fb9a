"""The cluster's object store on GCE: a bucket of our own or a place in the user's, and what machines find in it.

A bucket of ours has one access rule for all its objects (uniform bucket-level access), can never be public, keeps old
versions for a while and gets rid of them. In a bucket that the manifest names only objects below its prefix are
written; the bucket itself is not touched. Who may read what is in the roles of the machines' accounts (`identity.py`).
The provider takes texts only, so that bundles are stored as base64 and say so by their content type. An object's
content cannot be changed in place, and its replacement has the same name: the old one goes first.

https://www.pulumi.com/registry/packages/gcp/api-docs/storage/bucket/ and ../bucketobject/.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import storage

from kops_pulumi.clouds.gce import labels
from kops_pulumi.components import contents
from kops_pulumi.components.handles import Handles, StoreHandles
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, StorePlan
from kops_pulumi.plan import store
from kops_pulumi.plan.names import logical

if TYPE_CHECKING:
    from kops_pulumi.components.handles import PkiHandles

BASE64 = "application/base64"
"""Content type of bundles; `identity-gce.sh` decodes what has it."""


class Store(pulumi.ComponentResource):
    """The bucket, if it is ours, and its objects."""

    handles: StoreHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:gce:Store", name, None, opts)
        if plan.object_store is None:
            raise KopsError("this plan has no object store")
        self._name, self._plan, self._known, self._place = name, plan, handles, plan.object_store
        self._bucket = self._existing() if self._place.adopted else self._own_bucket()
        for item in contents.stored(plan, handles):
            self._put(item)
        if handles.pki:
            self._publish(handles.pki)
        self.handles = StoreHandles(self._bucket, ready=(self,))
        self.register_outputs({"bucket": self._bucket})

    def _child(self, *, protect: bool | None = None, instead: bool = False) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, protect=protect, delete_before_replace=instead or None)

    def _existing(self) -> pulumi.Output[str]:
        return pulumi.Output.from_input(self._place.bucket)

    def _own_bucket(self) -> pulumi.Output[str]:
        made = storage.Bucket(
            logical(self._name, "bucket"),
            name=self._place.bucket,
            location=self._plan.region.upper(),
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning=storage.BucketVersioningArgs(enabled=True),
            lifecycle_rules=_lifecycle(self._plan, self._place),
            labels=labels.owned(self._plan),
            opts=self._child(protect=self._known.protect),
        )
        return made.name

    def _put(self, item: contents.Stored) -> None:
        """One object; a text's successor has its name, so that the old one goes first."""
        encoded = None if item.bundle is None else base64.b64encode(item.bundle).decode()
        storage.BucketObject(
            logical(self._name, item.name),
            bucket=self._bucket,
            name=item.key,
            content=item.text if encoded is None else encoded,
            content_type=contents.PLAIN if encoded is None else BASE64,
            opts=self._child(instead=encoded is None),
        )

    def _publish(self, pki: PkiHandles) -> None:
        """The issuer's documents, in a bucket that the user lets everybody read."""
        for bucket, key, text in contents.published(self._plan.issuer, self._place.scheme, pki):
            storage.BucketObject(
                logical(self._name, "issuer", key.rpartition("/")[2]),
                bucket=bucket,
                name=key,
                content=text,
                content_type="application/json",
                opts=self._child(instead=True),
            )


def _lifecycle(plan: ClusterPlan, place: StorePlan) -> list[storage.BucketLifecycleRuleArgs]:
    """Old versions go after a while, snapshots by their kind, and what machines that are gone left behind; in days."""
    when = storage.BucketLifecycleRuleConditionArgs
    return [
        _rule(when(days_since_noncurrent_time=store.KEPT_VERSIONS_DAYS)),
        *(_rule(when(age=days, matches_prefixes=[prefix])) for prefix, days in store.expiring(plan, place).values()),
        _rule(when(age=store.UPLOAD_DAYS), "AbortIncompleteMultipartUpload"),
    ]


def _rule(
    condition: storage.BucketLifecycleRuleConditionArgs, action: str = "Delete"
) -> storage.BucketLifecycleRuleArgs:
    return storage.BucketLifecycleRuleArgs(
        action=storage.BucketLifecycleRuleActionArgs(type=action), condition=condition
    )
