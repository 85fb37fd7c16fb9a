"""Amazon VPC CNI: pods get addresses of the VPC, from network interfaces that each node attaches to itself.

https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md and
https://github.com/aws/amazon-vpc-cni-k8s/blob/master/charts/aws-vpc-cni/README.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.cni.base import Plugin, mirrors, node_to_control_plane, on_machines, pinned
from kops_pulumi.cni.parts import interfaces
from kops_pulumi.cni.parts.objects import NAMESPACE
from kops_pulumi.errors import Finding
from kops_pulumi.model import Chart, Delivery, Permission, Protocol, Role, Rule, Stage
from kops_pulumi.plan.mirrors import qualified
from kops_pulumi.plugins import NodeSettings

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup

_PREFIXES = "ENABLE_PREFIX_DELEGATION"
_CUSTOM = "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"
"""Pods in subnets of their own: the machine's first interface then has none."""
_OURS = ("CLUSTER_NAME", "ENABLE_IPv4", "ENABLE_IPv6")


class AmazonVpc(Plugin):
    """`networking.amazonvpc`."""

    key = "amazonvpc"
    clouds = frozenset({"aws"})
    network_policy = True

    def pods_on_network(self, full: FullSpec) -> bool:
        """Always."""
        del full
        return True

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Variables: each once, and with a value."""
        seen: set[str] = set()
        for index, variable in enumerate(self.settings(full).env or ()):
            path = ("env", index, "name")
            if variable.name in seen:
                yield self.finding(f"{variable.name} is set twice", *path, hint="remove one of them")
            if variable.name in _OURS:
                yield self.finding(f"{variable.name} follows from the cluster", *path, hint="remove it")
            if variable.value is None:
                yield self.finding(f"{variable.name} has no value", *path, hint="add value, or remove the variable")
            seen.add(variable.name)

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """Pods share the machines' security groups, so a pod's port is a machine's port."""
        del full
        return [node_to_control_plane(Protocol.ALL, None, "pods have addresses of the machines' network")]

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """Every machine attaches interfaces to itself and asks for addresses."""
        del full
        return on_machines("network-interfaces.manage")

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """No more pods than addresses."""
        environment = self._environment(full)
        return interfaces.settings(
            group,
            prefixes=environment.get(_PREFIXES, "false").lower() == "true",
            reserved=1 if environment.get(_CUSTOM, "false").lower() == "true" else 0,
        )

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The chart: its agent with an init container, and the agent for network policies."""
        settings, pin = self.settings(full), pinned(full, self.key)
        images = {
            "image": settings.image_name or pin.image,
            "init.image": settings.init_image_name or pin.images["init"],
            "nodeAgent.image": settings.network_policy_agent_image or pin.images["network-policy-agent"],
        }
        values: dict[str, Any] = {
            "env": {"CLUSTER_NAME": full.cluster.metadata.name, **self._environment(full)},
            "fullnameOverride": "aws-node",
            "nodeAgent": {"enabled": True},
            "init": {},
        }
        for key, image in images.items():
            section = values
            *path, last = key.split(".")
            for part in path:
                section = section[part]
            section[last] = {"override": mirrors(full).image(image)}
        source = Chart(pin.chart, pin.repository, pin.chart_version, values)
        names = tuple(qualified(image) for image in images.values())
        return [Delivery("aws-vpc-cni", Stage.CNI, source, NAMESPACE, "networking.amazonvpc", pin.version, names)]

    def _environment(self, full: FullSpec) -> Mapping[str, str]:
        """The manifest's variables, over nothing: the chart has the defaults."""
        return dict(_pairs(self.settings(full).env or ()))


def _pairs(variables: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for variable in variables:
        if variable.value is not None:
            yield variable.name, variable.value


CNI = AmazonVpc()
