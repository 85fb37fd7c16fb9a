"""The cluster's object store on OpenStack: a Swift container of our own or a place in the user's, and its objects.

A container of ours is private and keeps old versions. Who may read what is in the access rules of the machines'
credentials (`verbs.py`). Swift's objects are texts for the provider, so that a bundle is stored as base64 and its
machine decodes it (`identity-openstack.sh`); the digest is of what was encoded.

https://www.pulumi.com/registry/packages/openstack/api-docs/objectstorage/ (container, containerobject)
"""

from __future__ import annotations

import base64

import pulumi
from pulumi_openstack import objectstorage

from kops_pulumi.components import contents
from kops_pulumi.components.handles import Handles, StoreHandles
from kops_pulumi.errors import KopsError
from kops_pulumi.model import ClusterPlan, StoreKind, StoreObject, StorePlan
from kops_pulumi.plan import store
from kops_pulumi.plan.names import logical

_PLAIN = "text/plain; charset=utf-8"


class Store(pulumi.ComponentResource):
    """The container, if it is ours, and its objects."""

    handles: StoreHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:openstack:Store", name, None, opts)
        if plan.object_store is None:
            raise KopsError("this plan has no object store")
        self._name, self._plan, self._known, self._place = name, plan, handles, plan.object_store
        self._container = self._own(self._place) if not self._place.adopted else self._existing()
        for item in store.objects(plan):
            self._put(item)
        self.handles = StoreHandles(self._container, ready=(self,))
        self.register_outputs({"bucket": self._container})

    def _existing(self) -> pulumi.Output[str]:
        return pulumi.Output.from_input(self._place.bucket)

    def _own(self, place: StorePlan) -> pulumi.Output[str]:
        made = objectstorage.Container(
            logical(self._name, "bucket"),
            name=place.bucket,
            versioning=True,
            metadata={"KubernetesCluster": self._plan.name},
            opts=pulumi.ResourceOptions(parent=self, protect=self._known.protect),
        )
        return made.name

    def _put(self, item: StoreObject) -> None:
        """One object; another bundle is another object, which is there before the old one goes."""
        bundle = item.kind is StoreKind.BUNDLE
        objectstorage.ContainerObject(
            logical(self._name, item.content if bundle else item.path),
            container_name=self._container,
            name=self._place.key(item.path),
            content=self._bundle(item) if bundle else contents.text(item, self._known),
            content_type=_PLAIN,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _bundle(self, item: StoreObject) -> str:
        found = next(group.bundle for group in self._plan.groups if item.content == f"bundle:{group.name}")
        return base64.b64encode(found.content if found else b"").decode()
