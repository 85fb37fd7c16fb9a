"""kopeio: kops's own small VXLAN overlay; pods stand behind kubenet's bridge. https://github.com/kopeio/networking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import FROM_ROUTES, Plugin, mirrors, node_to_control_plane, pinned
from kops_pulumi.cni.parts import objects as k8s
from kops_pulumi.cni.parts import routed
from kops_pulumi.model import Delivery, Protocol, Rule, Stage
from kops_pulumi.plugins import Migration, NodeSettings

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup


class Kopeio(Plugin):
    """`networking.kopeio`."""

    key = "kopeio"
    migrations: Sequence[Migration] = (Migration("kubenet", FROM_ROUTES),)

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """The overlay's packets from nodes to control planes."""
        del full
        return [node_to_control_plane(Protocol.UDP, 4789, "kopeio's overlay")]

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """A bridge of the machine's own: the agent only keeps routes to other machines."""
        del group
        return NodeSettings(
            cni_template=routed.template("bridge", bridge="cbr0", isGateway=True, hairpinMode=True),
            units=routed.masquerade([full.cluster.spec.non_masquerade_cidr]),
        )

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """An agent on every machine."""
        pin = pinned(full, self.key)
        container = {
            "name": "networking-agent",
            "image": mirrors(full).image(pin.image),
            "env": [k8s.of_pod("NODE_NAME", "spec.nodeName"), *k8s.to_api(full)],
            "resources": {**k8s.requests("50m", "100Mi"), "limits": {"memory": "100Mi"}},
            "securityContext": k8s.PRIVILEGED,
            "volumeMounts": [k8s.mount("lib-modules", "/lib/modules", readOnly=True)],
        }
        agent = k8s.Agent(
            "kopeio-networking-agent",
            containers=[container],
            volumes=[k8s.host("lib-modules", "/lib/modules")],
            rules=[k8s.rule(["nodes"], [*k8s.READ, "patch"]), k8s.rule(["nodes/status"], ["patch"])],
            host_ipc=True,
        )
        why = "networking.kopeio"
        source = k8s.manifest(agent)
        return [Delivery("kopeio", Stage.CNI, source, k8s.NAMESPACE, why, pin.version, (pin.image,))]


CNI = Kopeio()
