"""Flannel: a plain overlay, VXLAN or UDP.

The manifests are our own: its chart has no place for the device that the UDP backend needs.
https://github.com/flannel-io/flannel/blob/master/Documentation/backends.md
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.cni.base import FROM_ROUTES, Plugin, mirrors, node_to_control_plane, pinned
from kops_pulumi.cni.parts import objects as k8s
from kops_pulumi.errors import Finding
from kops_pulumi.model import Delivery, Protocol, Rule, Stage
from kops_pulumi.plugins import Migration

if TYPE_CHECKING:
    from kops_pulumi.pins import Pin
    from kops_pulumi.resolve.full import FullSpec

_PORTS = {"vxlan": 8472, "udp": 8285}
_HEALTH = 8081


class Flannel(Plugin):
    """`networking.flannel`."""

    key = "flannel"
    migrations: Sequence[Migration] = (
        Migration("kubenet", FROM_ROUTES),
        Migration(
            "backend",
            (
                "Take a maintenance window: pods on different machines do not reach each other meanwhile.",
                "Run kops-pulumi update cluster --yes.",
                "Replace every machine at once: kops-pulumi rolling-update cluster --cloudonly --force --yes.",
            ),
        ),
    )

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """UDP works, slowly."""
        if backend(full) == "udp":
            text = "the udp backend copies every packet through a process: it is meant for debugging"
            yield self.warning(text, "backend", hint="set backend: vxlan before the cluster has load")

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """The overlay's packets from nodes to control planes."""
        return [node_to_control_plane(Protocol.UDP, _PORTS[backend(full)], "flannel's overlay")]

    def settled(self, full: FullSpec) -> Mapping[str, str]:
        """Both ends of a packet's way must wrap it alike."""
        return {"backend": backend(full)}

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """An agent on every machine."""
        pin = pinned(full, self.key)
        source = k8s.manifest(
            k8s.Agent(
                "kube-flannel",
                containers=[container(full, pin)],
                init=list(installers(full, pin)),
                volumes=volumes(full),
                rules=RULES,
                files={"cni-conf.json": CONFIGURATION, "net-conf.json": network(full)},
            )
        )
        return [Delivery("flannel", Stage.CNI, source, k8s.NAMESPACE, "networking.flannel", pin.version, images(pin))]


RULES = (
    k8s.rule(["pods"], ["get"]),
    k8s.rule(["nodes"]),
    k8s.rule(["nodes/status"], ["patch"]),
)
CONFIGURATION = json.dumps(
    {
        "cniVersion": "1.0.0",
        "name": "cbr0",
        "plugins": [
            {"type": "flannel", "delegate": {"hairpinMode": True, "isDefaultGateway": True}},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    },
    indent=2,
)


def backend(full: FullSpec) -> str:
    """vxlan or udp; a v1alpha2 manifest that does not say means udp."""
    settings = full.cluster.spec.networking.flannel if full.cluster.spec.networking else None
    return str((settings and settings.backend) or "udp")


def network(full: FullSpec, kind: str | None = None) -> str:
    """What flannel reads: the range of all pods, and how packets travel."""
    wrapped: dict[str, Any] = {"Type": kind or backend(full)}
    return json.dumps({"Network": full.cluster.spec.pod_cidr, "EnableNFTables": False, "Backend": wrapped}, indent=2)


def images(pin: Pin) -> tuple[str, ...]:
    """The agent's and the CNI program's."""
    return (pin.image, pin.images["flannel-cni-plugin"])


def installers(full: FullSpec, pin: Pin) -> Iterator[k8s.Object]:
    """The CNI program, then the configuration that makes containerd use it."""
    agent, plugin = (mirrors(full).image(image) for image in images(pin))
    yield {
        "name": "install-program",
        "image": plugin,
        "command": ["cp", "-f", "/flannel", f"{k8s.CNI_PROGRAMS}/flannel"],
        "volumeMounts": [k8s.mount("programs", k8s.CNI_PROGRAMS)],
    }
    yield {
        "name": "install-configuration",
        "image": agent,
        "command": ["cp", "-f", "/etc/kube-flannel/cni-conf.json", f"{k8s.CNI_CONFIGURATION}/10-flannel.conflist"],
        "volumeMounts": [
            k8s.mount("cni", k8s.CNI_CONFIGURATION),
            k8s.mount("configuration", "/etc/kube-flannel"),
        ],
    }


def container(full: FullSpec, pin: Pin, *, resync: int | None = None, udp: bool | None = None) -> k8s.Object:
    """The agent itself."""
    settings = full.cluster.spec.networking.flannel if full.cluster.spec.networking else None
    seconds = resync if resync is not None else (settings and settings.iptables_resync_seconds)
    tunnel = backend(full) == "udp" if udp is None else udp
    return {
        "name": "kube-flannel",
        "image": mirrors(full).image(pin.image),
        "command": ["/opt/bin/flanneld"],
        "args": [
            "--ip-masq",
            "--kube-subnet-mgr",
            f"--healthz-port={_HEALTH}",
            *([f"--iptables-resync={seconds}"] if seconds else []),
        ],
        "env": [
            k8s.of_pod("POD_NAME", "metadata.name"),
            k8s.of_pod("POD_NAMESPACE", "metadata.namespace"),
            {"name": "EVENT_QUEUE_DEPTH", "value": "5000"},
            *k8s.to_api(full),
        ],
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": _HEALTH}, "periodSeconds": 30},
        "resources": k8s.requests("100m", "50Mi"),
        "securityContext": {"privileged": False, "capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}},
        "volumeMounts": [
            k8s.mount("run", "/run/flannel"),
            k8s.mount("configuration", "/etc/kube-flannel"),
            k8s.mount("xtables-lock", "/run/xtables.lock"),
            *([k8s.mount("tun", "/dev/net/tun")] if tunnel else []),
        ],
    }


def volumes(full: FullSpec, *, udp: bool | None = None) -> list[k8s.Object]:
    """What the containers mount of their machine."""
    tunnel = backend(full) == "udp" if udp is None else udp
    return [
        k8s.host("run", "/run/flannel", "DirectoryOrCreate"),
        k8s.host("programs", k8s.CNI_PROGRAMS),
        k8s.host("cni", k8s.CNI_CONFIGURATION),
        k8s.host("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
        *([k8s.host("tun", "/dev/net/tun")] if tunnel else []),
    ]


CNI = Flannel()
