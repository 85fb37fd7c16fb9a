"""cluster-autoscaler: grows and shrinks instance groups with the pods that wait.

Permissions: https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md#iam-policy.
Values: charts/cluster-autoscaler there; flags: cluster-autoscaler/FAQ.md. What a machine of an empty group would look
like it reads from the group's tags (`clouds/aws/tags.py`) or template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import pods
from kops_pulumi.addons.base import BuiltIn, chosen, kube_system
from kops_pulumi.errors import Finding
from kops_pulumi.model import Late, Permission, Role
from kops_pulumi.resolve.traits import karpenter_managed, of_role, text

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup
    from kops_pulumi.spec.addons import ClusterAutoscaler as Settings

_PRICE_CLOUDS = frozenset({"gce"})
_GROUP_A_ZONE = frozenset({"gce"})
"""Where an instance group is one group of the cloud in each of its zones."""
_FLAGS = {
    "balance-similar-node-groups": "balance_similar_node_groups",
    "cordon-node-before-terminating": "cordon_node_before_terminating",
    "emit-per-nodegroup-metrics": "emit_per_nodegroup_metrics",
    "ignore-daemonsets-utilization": "ignore_daemon_sets_utilization",
    "max-node-provision-time": "max_node_provision_time",
    "new-pod-scale-up-delay": "new_pod_scale_up_delay",
    "scale-down-delay-after-add": "scale_down_delay_after_add",
    "scale-down-unneeded-time": "scale_down_unneeded_time",
    "scale-down-unready-time": "scale_down_unready_time",
    "scale-down-utilization-threshold": "scale_down_utilization_threshold",
    "skip-nodes-with-custom-controller-pods": "skip_nodes_with_custom_controller_pods",
    "skip-nodes-with-local-storage": "skip_nodes_with_local_storage",
    "skip-nodes-with-system-pods": "skip_nodes_with_system_pods",
}
"""Flag → field of the manifest."""


class ClusterAutoscaler(BuiltIn):
    """`spec.clusterAutoscaler`."""

    name = "cluster-autoscaler"
    clouds = frozenset({"aws", "gce"})
    section = ("cluster_autoscaler", "clusterAutoscaler")
    account = kube_system("cluster-autoscaler")
    verbs = ("groups.scale",)
    summary = "Grows and shrinks instance groups with the load"

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """The price expander knows the prices of some clouds only; priorities are numbers."""
        for key in self.settings(full).custom_priority_expander_config or {}:
            if not re.fullmatch(r"-?\d+", key):
                text = f"the priority {key!r} is no number"
                hint = "write a whole number; the highest goes first"
                yield self.finding(text, "customPriorityExpanderConfig", key, hint=hint)
        if self.settings(full).expander == "price" and full.cloud not in _PRICE_CLOUDS:
            text = f"the price expander does not know the prices of {full.cloud}"
            yield self.finding(text, "expander", hint="use least-waste, random, most-pods or priority")

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Sizes of machine types, unless the autoscaler uses the list it was built with."""
        return () if self.settings(full).aws_use_static_instance_list else (Permission("machine-types.read"),)

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The project's chart, with the groups by name: those that the manifest excludes are not there."""
        settings = self.settings(full)
        pin = self.pin(full, version=pods.tag(settings.image) or None if settings.image else None)
        image, images = chosen(pin, settings.image)
        return [self.chart(full, pin, self._values(full, settings, image), images=images)]

    def _values(self, full: FullSpec, settings: Settings, image: str) -> Object:
        who = pods.identity(full, self.account)
        return {
            "fullnameOverride": self.name,
            "cloudProvider": full.cloud,
            "awsRegion": full.region,
            "autoscalingGroups": [item for group in _scaled(full) for item in _groups(full, group)],
            "image": pods.parts(full, image),
            "extraArgs": _arguments(settings),
            "expanderPriorities": _priorities(full, settings),
            "rbac": {"serviceAccount": {"create": True, "name": self.account.name}},
            "replicaCount": 1,
            "priorityClassName": pods.CLUSTER_CRITICAL,
            "podAnnotations": dict(sorted((settings.pod_annotations or {}).items())),
            "resources": pods.resources(settings, cpu_request="100m", memory_request="300Mi"),
            "extraEnv": dict(who.env),
            "extraVolumes": list(who.volumes),
            "extraVolumeMounts": list(who.mounts),
            **who.placement,
        }


def _scaled(full: FullSpec) -> list[InstanceGroup]:
    """Groups of nodes that it may scale."""
    nodes = of_role(full.groups, Role.NODE)
    return [group for group in nodes if group.spec.autoscale is not False and not karpenter_managed(group)]


def _groups(full: FullSpec, group: InstanceGroup) -> list[Object]:
    """The cloud's groups behind an instance group; machines are shared out as evenly as it goes."""
    names = _names(full, group)
    sizes = [_shares(size or 0, len(names)) for size in (group.spec.min_size, group.spec.max_size)]
    return [{"name": name, "minSize": least, "maxSize": most} for name, least, most in zip(names, *sizes, strict=True)]


def _names(full: FullSpec, group: InstanceGroup) -> list[Late]:
    own = f"group.{group.metadata.name}"
    if full.cloud not in _GROUP_A_ZONE:
        return [Late(own)]
    return [Late(f"{own}/{zone}") for zone in sorted(group.spec.zones or ())]


def _shares(number: int, parts: int) -> list[int]:
    """A number in nearly equal parts.

    >>> _shares(5, 3)
    [2, 2, 1]
    """
    return [number // parts + (index < number % parts) for index in range(parts)]


def _arguments(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {"v": 4, "stderrthreshold": "info", "expander": text(settings.expander) or "random"}
    if settings.aws_use_static_instance_list:
        found["aws-use-static-instance-list"] = "true"
    for flag, field in _FLAGS.items():
        value = getattr(settings, field)
        if value is not None:
            found[flag] = str(value).lower() if isinstance(value, bool) else str(value)
    return dict(sorted(found.items()))


def _priorities(full: FullSpec, settings: Settings) -> str | dict[str, Any]:
    """Patterns of groups' names by priority: the manifest's own, else from each group's `autoscalePriority`.

    As a text, in which the priorities are numbers: the chart would write a map's keys as strings, and the autoscaler
    does not read those.
    """
    if text(settings.expander) != "priority" or settings.create_priority_expander_config is False:
        return {}
    found: dict[int, list[str]] = {}
    for key, names in (settings.custom_priority_expander_config or {}).items():
        found[int(key)] = list(names)
    for group in _scaled(full) if not found else ():
        patterns = [f"^{name}$" for name in _names(full, group)]
        found.setdefault(group.spec.autoscale_priority or 0, []).extend(patterns)
    lines = [(f"{key}:", *(f"  - {json.dumps(name)}" for name in names)) for key, names in sorted(found.items())]
    return "".join(f"{line}\n" for group in lines for line in group)


ADDON = ClusterAutoscaler()
