"""Canal: flannel's VXLAN between machines, and Calico's agent for network policies only.

kops has it for Kubernetes before 1.28 only. The manifests are our own, of the same pinned images as flannel's and
calico's. https://docs.tigera.io/calico/latest/getting-started/kubernetes/flannel/install-for-flannel
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni import calico, flannel
from kops_pulumi.cni.base import FROM_ROUTES, Plugin, mirrors, node_to_control_plane, pinned
from kops_pulumi.cni.parts import canal, policies
from kops_pulumi.cni.parts import objects as k8s
from kops_pulumi.errors import Finding
from kops_pulumi.model import Delivery, Manifest, Protocol, Rule, Stage
from kops_pulumi.plugins import Migration, NodeSettings

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup

_VXLAN_PORT = 8472


class Canal(Plugin):
    """`networking.canal`."""

    key = "canal"
    network_policy = True
    migrations: Sequence[Migration] = (Migration("kubenet", FROM_ROUTES),)

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Settings of what is not there."""
        settings = self.settings(full)
        reports = settings.typha_prometheus_metrics_enabled is not None
        if not settings.typha_replicas and reports:
            text = "it has no effect: there is no Typha"
            yield self.warning(text, "typhaPrometheusMetricsEnabled", hint="set typhaReplicas, or remove it")
        if settings.typha_prometheus_metrics_port and not (
            settings.typha_replicas and settings.typha_prometheus_metrics_enabled
        ):
            hint = "set typhaReplicas and typhaPrometheusMetricsEnabled: true, or remove it"
            yield self.warning("it has no effect: no Typha serves metrics", "typhaPrometheusMetricsPort", hint=hint)

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """The overlay's packets from nodes to control planes, and agents' questions."""
        found = [node_to_control_plane(Protocol.UDP, _VXLAN_PORT, "canal's overlay")]
        if self.settings(full).typha_replicas:
            found.append(node_to_control_plane(Protocol.TCP, canal.TYPHA_PORT, "calico's agents ask typha"))
        return found

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """A strict check of senders, without which Calico's agent does not run."""
        del full, group
        return NodeSettings(sysctls=calico.STRICT_RP_FILTER)

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """An agent on every machine, Calico's kinds and controllers, and Typha where it is wanted."""
        settings, pin, overlay = self.settings(full), pinned(full, "calico"), pinned(full, "flannel")
        images = [pin.images["calico"], pin.images["cni"], pin.images["kube-controllers"], overlay.image]
        node, cni, controllers, _ = (mirrors(full).image(image) for image in images)
        agent = k8s.Agent(
            canal.NAME,
            containers=[canal.agent(full, settings, node), self._flannel(full)],
            init=[canal.installer(full, cni)],
            volumes=[*flannel.volumes(full, udp=False), *canal.volumes()],
            rules=[*policies.AGENT_RULES, policies.token_of(canal.NAME)],
            files={
                "cni_network_config": canal.configuration(settings),
                "net-conf.json": flannel.network(full, "vxlan"),
            },
        )
        documents = [*policies.definitions(), *k8s.manifest(agent).documents, *canal.controllers(controllers)]
        if settings.typha_replicas:
            images.append(pin.images["typha"])
            documents += canal.typha(full, settings, mirrors(full).image(images[-1]))
        source = Manifest(tuple(documents))
        return [Delivery("canal", Stage.CNI, source, k8s.NAMESPACE, "networking.canal", pin.version, tuple(images))]

    def _flannel(self, full: FullSpec) -> k8s.Object:
        container = flannel.container(full, pinned(full, "flannel"), resync=0, udp=False)
        if not self.settings(full).disable_flannel_forward_rules:
            return container
        return {**container, "args": [*container["args"], "--iptables-forward-rules=false"]}


CNI = Canal()
