"""Node termination handler: drains nodes that the cloud is about to take away.

Two ways: a queue that the cloud's events go to (kops's default), or a pod on each node that watches the machine's own
metadata and needs no permission. https://github.com/aws/aws-node-termination-handler#2-prepare-ec2-spot-instances;
variables: docs of its chart. One manifest serves both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import karpenter, objects, pods
from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.addons.objects import allow, field_env
from kops_pulumi.model import Late, Permission

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_RULES = (
    allow("get list patch update", "nodes"),
    allow("get list", "pods"),
    allow("create", "pods/eviction"),
    allow("get", "daemonsets", "apps"),
    allow("create patch", "events"),
)
_SWITCHES = {
    "DELETE_SQS_MSG_IF_NODE_NOT_FOUND": ("delete_sqs_msg_if_node_not_found", False),
    "ENABLE_OUT_OF_SERVICE_TAINT": ("enable_out_of_service_taint", False),
    "ENABLE_PROMETHEUS_SERVER": ("prometheus_enable", False),
    "ENABLE_REBALANCE_DRAINING": ("enable_rebalance_draining", False),
    "ENABLE_REBALANCE_MONITORING": ("enable_rebalance_monitoring", False),
    "ENABLE_SCHEDULED_EVENT_DRAINING": ("enable_scheduled_event_draining", True),
    "ENABLE_SPOT_INTERRUPTION_DRAINING": ("enable_spot_interruption_draining", True),
    "EXCLUDE_FROM_LOAD_BALANCERS": ("exclude_from_load_balancers", True),
    "TAINT_NODE": ("taint_node", False),
}
"""Variable → field of the manifest, and what holds without it."""


class NodeTerminationHandler(BuiltIn):
    """`spec.nodeTerminationHandler`; there unless disabled or karpenter does its work."""

    name = "node-termination-handler"
    clouds = frozenset({"aws"})
    account = kube_system("aws-node-termination-handler")
    switch = "spec.nodeTerminationHandler.enabled"
    summary = "Drains nodes that the cloud is about to take away"

    def settings(self, full: FullSpec) -> Any:
        """Its part of the manifest."""
        return full.cluster.spec.node_termination_handler

    def wanted(self, full: FullSpec) -> bool:
        """Unless the manifest says no."""
        settings = self.settings(full)
        if settings is None or settings.enabled is None:
            return not karpenter.ADDON.enabled(full)
        return bool(settings.enabled)

    def queue(self, full: FullSpec) -> bool:
        """Whether it listens to the queue."""
        settings = self.settings(full)
        return settings is None or settings.enable_sqs_termination_draining is not False

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """The queue's messages, and the groups' lifecycle hooks."""
        return (Permission("groups.drain"),) if self.queue(full) else ()

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """A Deployment at the queue, or a DaemonSet at the machines' metadata."""
        settings = self.settings(full)
        pin = self.pin(full, "aws-node-termination-handler", version=settings and settings.version)
        pod = self._pod(full, settings, pin.image)
        name, queue = self.account.name, self.queue(full)
        workload = (
            objects.deployment("kube-system", name, pod, replicas=pods.several(full))
            if queue
            else objects.daemon_set("kube-system", name, pod, unavailable="25%")
        )
        documents = [
            objects.account(self.account),
            *objects.cluster_role(name, *_RULES, who=self.account),
            workload,
        ]
        return [self.manifest(full, pin, documents)]

    def _pod(self, full: FullSpec, settings: Any, image: str) -> Object:
        queue, who = self.queue(full), pods.identity(full, self.account)
        container: Object = {
            "name": "handler",
            "image": pods.mirrored(full, image),
            "env": [
                field_env("NODE_NAME", "spec.nodeName"),
                field_env("POD_NAME", "metadata.name"),
                field_env("NAMESPACE", "metadata.namespace"),
                *objects.env(**self._variables(full, settings)),
                *([{"name": "QUEUE_URL", "value": Late("queue.url")}, *who.env_list] if queue else []),
            ],
            "resources": pods.resources(settings, cpu_request="50m", memory_request="64Mi"),
            "securityContext": pods.LOCKED | {"runAsUser": 1000, "runAsGroup": 1000},
            "volumeMounts": list(who.mounts) if queue else [],
        }
        common: Object = {"serviceAccountName": self.account.name, "containers": [container]}
        if queue:
            placed = {"priorityClassName": pods.CLUSTER_CRITICAL, "volumes": list(who.volumes), **who.placement}
            return {**common, **placed}
        everywhere = {"kubernetes.io/os": "linux"}
        return {
            **common,
            "priorityClassName": pods.NODE_CRITICAL,
            "hostNetwork": True,
            "dnsPolicy": "ClusterFirstWithHostNet",
            "nodeSelector": everywhere,
            "tolerations": list(pods.ANY_TAINT),
        }

    def _variables(self, full: FullSpec, settings: Any) -> dict[str, str]:
        queue = self.queue(full)
        switched = {
            name: default if getattr(settings, field, None) is None else bool(getattr(settings, field))
            for name, (field, default) in _SWITCHES.items()
        }
        grace = getattr(settings, "pod_termination_grace_period", None)
        fixed = {
            "AWS_REGION": full.region,
            "CHECK_TAG_BEFORE_DRAINING": _word(queue),
            "DELETE_LOCAL_DATA": "true",
            "ENABLE_PROBES_SERVER": "false",
            "ENABLE_SQS_TERMINATION_DRAINING": _word(queue),
            "IGNORE_DAEMON_SETS": "true",
            "JSON_LOGGING": "true",
            "LOG_LEVEL": "info",
            "MANAGED_TAG": (settings and settings.managed_asg_tag) or "aws-node-termination-handler/managed",
            "POD_TERMINATION_GRACE_PERIOD": str(-1 if grace is None else grace),
            # Nodes are not called after their private DNS name here, so they are found by the instance's id.
            "USE_PROVIDER_ID": _word(queue),
            "WEBHOOK_TEMPLATE": settings and settings.webhook_template,
            "WEBHOOK_URL": settings and settings.webhook_url,
        }
        return {**{name: _word(on) for name, on in switched.items()}, **{k: v for k, v in fixed.items() if v}}


def _word(on: bool) -> str:
    return str(on).lower()


ADDON = NodeTerminationHandler()
