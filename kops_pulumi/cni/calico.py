"""Calico: BGP or VXLAN networking and network policy, with an optional eBPF data plane; installed by its operator.

Calico turns AWS's source/destination check off by itself, from the node (`awsSrcDstCheck`), and so needs a permission
there. https://docs.tigera.io/calico/latest/getting-started/kubernetes/requirements#network-requirements
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import (
    FROM_ROUTES,
    Plugin,
    is_ipv6,
    mirrors,
    node_to_control_plane,
    on_machines,
    pinned,
)
from kops_pulumi.cni.parts import bpf
from kops_pulumi.cni.parts import calico as chart
from kops_pulumi.errors import Finding
from kops_pulumi.model import Chart, Delivery, Permission, Protocol, Role, Rule, Stage
from kops_pulumi.plugins import Migration, NodeSettings

if TYPE_CHECKING:
    from kops_pulumi.pins import Pin
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup

_IMAGES = ("calico", "cni", "kube-controllers", "pod2daemon-flexvol", "typha", "operator")
_PUBLISHER = "quay.io"
STRICT_RP_FILTER: Mapping[str, str] = {"net.ipv4.conf.all.rp_filter": "1"}
"""Distributions have 2, with which a pod could pretend to be another; Calico refuses to run then."""
_WINDOW = "Take a maintenance window: pods on different machines do not reach each other meanwhile."
_UPDATE = "Run kops-pulumi update cluster --yes: the operator restarts the agents, machine by machine."
_REPLACE = "Replace every machine: kops-pulumi rolling-update cluster --force --yes."


class Calico(Plugin):
    """`networking.calico`."""

    key = "calico"
    ipv6 = True
    network_policy = True
    migrations: Sequence[Migration] = (
        Migration("kubenet", FROM_ROUTES),
        Migration("encapsulation", (_WINDOW, _UPDATE, _REPLACE)),
        Migration(
            "dataplane",
            (
                "Take a maintenance window: connections to Services break.",
                _UPDATE,
                "With BPF: kubectl -n kube-system delete daemonset,configmap kube-proxy --ignore-not-found.",
                _REPLACE,
            ),
        ),
    )

    def replaces_kube_proxy(self, full: FullSpec) -> bool:
        """With the eBPF data plane."""
        return bool(self.settings(full).bpf_enabled)

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Encapsulation and encryption depend on the IP version."""
        settings, v6 = self.settings(full), is_ipv6(full)
        mode = settings.encapsulation_mode
        if mode is not None and (mode == "none") != v6:
            hint = "set encapsulationMode: none" if v6 else "use ipip or vxlan"
            text = "an IPv6 network is not encapsulated" if v6 else "encapsulationMode none is for IPv6 networks"
            yield self.finding(text, "encapsulationMode", hint=hint)
        if settings.wireguard_enabled and v6:
            yield self.finding("calico encrypts IPv4 traffic only", "wireguardEnabled", hint="remove it, or use IPv4")
        registry = mirrors(full).registry
        if registry and "/" not in registry:
            hint = "give it a path: registry.example.com/images"
            text = f"calico's operator finds no images at the root of {registry}"
            yield Finding(("spec", "assets", "containerRegistry"), text, hint)
        yield from self._texts(full)

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """BGP and encapsulated traffic from nodes to control planes."""
        settings = self.settings(full)
        found = [
            node_to_control_plane(Protocol.IPIP, None, "calico's IP-in-IP encapsulation"),
            node_to_control_plane(Protocol.TCP, 179, "calico's routes, by BGP"),
            node_to_control_plane(Protocol.TCP, 5473, "calico's agents ask typha"),
        ]
        if settings.encapsulation_mode == "vxlan":
            found.append(node_to_control_plane(Protocol.UDP, 4789, "calico's overlay"))
        if settings.wireguard_enabled:
            found.append(node_to_control_plane(Protocol.UDP, 51820, "calico's encrypted traffic"))
        return found

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """To send pods' own addresses over the network; not wanted with DoNothing, not needed for IPv6."""
        if self.settings(full).aws_src_dst_check == "DoNothing" or is_ipv6(full):
            return {}
        return on_machines("network-interfaces.pass-foreign-traffic")

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """A strict check of senders; with eBPF none, and a place for its programs."""
        del group
        settings = self.settings(full)
        return NodeSettings(
            sysctls=bpf.NO_RP_FILTER if settings.bpf_enabled else STRICT_RP_FILTER,
            modules=("wireguard",) if settings.wireguard_enabled else (),
            units=bpf.FILE_SYSTEM if settings.bpf_enabled else {},
        )

    def settled(self, full: FullSpec) -> Mapping[str, str]:
        """What agents must agree on."""
        settings = self.settings(full)
        return {"dataplane": chart.dataplane(settings), "encapsulation": chart.encapsulation(settings)}

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The operator, with an Installation and a FelixConfiguration that say everything."""
        settings = self.settings(full)
        pin = pinned(full, self.key, settings.version)
        images = [pin.images[name] for name in _IMAGES]
        if settings.registry:
            own = settings.registry.rstrip("/")
            images = [f"{own}/{image.removeprefix(f'{_PUBLISHER}/')}" for image in images]
        registry = _registry(mirrors(full).image(images[0]), images[0])
        operator = self._operator(mirrors(full).image(images[-1]), pin, full)
        source = Chart(pin.chart, pin.repository, pin.chart_version, chart.values(full, settings, registry, operator))
        delivery = Delivery(
            "calico",
            Stage.CNI,
            source,
            "tigera-operator",
            "networking.calico",
            pin.version,
            tuple(images),
            create_namespace=True,
        )
        return [delivery]

    def _operator(self, image: str, pin: Pin, full: FullSpec) -> Mapping[str, str]:
        """Where the operator's image is, unless it is where the chart has it; the chart of another version knows best
        which operator goes with it.
        """
        if image == pin.images["operator"]:
            return {}
        name, _, tag = image.rpartition(":")
        registry, _, path = name.partition("/")
        pinned_here = pin.version == pinned(full, self.key).version
        return {"registry": registry, "image": path, **({"version": tag} if pinned_here else {})}

    def _texts(self, full: FullSpec) -> Iterable[Finding]:
        """Versions and methods that are free text."""
        settings = self.settings(full)
        if settings.version and not re.fullmatch(r"v3\.\d+\.\d+\S*", settings.version):
            hint = f"such as {pinned(full, self.key).version}"
            yield self.finding(f"{settings.version!r} is not a version of calico", "version", hint=hint)
        for attribute, key in (
            ("ipv4_auto_detection_method", "ipv4AutoDetectionMethod"),
            ("ipv6_auto_detection_method", "ipv6AutoDetectionMethod"),
        ):
            method = getattr(settings, attribute)
            if method and not chart.is_detection(method):
                hint = "use first-found, kubernetes-internal-ip, can-reach=…, interface=…, skip-interface=… or cidr=…"
                yield self.finding(f"{method!r} finds no address", key, hint=hint)
        for attribute, reason in chart.GONE.items():
            if getattr(settings, attribute) is not None:
                key = type(settings).model_fields[attribute].alias or attribute
                yield self.warning(f"it has no effect: {reason}", key, hint="remove it")


def _registry(pulled: str, published: str) -> Mapping[str, str]:
    """How the operator finds Calico's images: `<registry><imagePath>/<imagePrefix><name>`.

    >>> _registry("mirror.example.com/k8s/quay.io-calico-node:v3.31.5", "quay.io/calico/node:v3.31.5")
    {'registry': 'mirror.example.com/', 'imagePath': 'k8s', 'imagePrefix': 'quay.io-calico-'}
    """
    if pulled == published and pulled.startswith(f"{_PUBLISHER}/"):
        return {"registry": f"{_PUBLISHER}/"}
    path, _, last = pulled.rpartition(":")[0].rpartition("/")
    registry, _, inner = path.partition("/")
    prefix = last.removesuffix("node")
    return {"registry": f"{registry}/", "imagePath": inner, **({"imagePrefix": prefix} if prefix else {})}


CNI = Calico()
