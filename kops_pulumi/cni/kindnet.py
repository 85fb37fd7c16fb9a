"""kindnet: native routes between nodes, network policy, IPv4 and IPv6. https://github.com/kubernetes-sigs/kindnet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kops_pulumi.cni.base import FROM_ROUTES, Plugin, mirrors, on_machines, pinned
from kops_pulumi.cni.parts import objects as k8s
from kops_pulumi.errors import Finding
from kops_pulumi.model import Delivery, Permission, Role, Stage
from kops_pulumi.plan.endpoints import internal_api_name
from kops_pulumi.plugins import Migration

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec.networking import Kindnet as Settings

_RULES = (
    k8s.rule(["nodes"], ["list", "watch", "patch"]),
    k8s.rule(["configmaps"], ["get"]),
    k8s.rule(["pods", "namespaces"], ["list", "watch"]),
    k8s.rule(["networkpolicies"], ["list", "watch"], group="networking.k8s.io"),
)
_GONE = {
    "admin_network_policies": "adminNetworkPolicies",
    "baseline_admin_network_policies": "baselineAdminNetworkPolicies",
}
_STATE = "/var/lib/cni-kindnet"


class Kindnet(Plugin):
    """`networking.kindnet`."""

    key = "kindnet"
    ipv6 = True
    network_policy = True
    migrations: Sequence[Migration] = (Migration("kubenet", FROM_ROUTES),)

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """The version's form, and what does not go together."""
        settings, dns = self.settings(full), full.cluster.spec.kube_dns
        if settings.version and not re.fullmatch(r"v1\.\d+\.\d+\S*", settings.version):
            hint = f"such as {pinned(full, self.key).version}"
            yield self.finding(f"{settings.version!r} is not a version of kindnet", "version", hint=hint)
        local = dns.node_local_dns if dns else None
        if settings.dns_caching and local and local.enabled:
            hint = "remove it, or set kubeDNS.nodeLocalDNS.enabled: false"
            yield self.finding("node-local DNS caches already", "dnsCaching", hint=hint)
        for attribute, key in _GONE.items():
            if getattr(settings, attribute):
                yield self.warning("kindnet 1.0 has no such policies; it has no effect", key, hint="remove it")

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """Pods' own addresses travel over the network."""
        del full
        return on_machines("machines.pass-foreign-traffic")

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """An agent on every machine."""
        settings = self.settings(full)
        pin = pinned(full, self.key, settings.version)
        image = mirrors(full).image(pin.image)
        source = k8s.manifest(
            k8s.Agent(
                "kindnet",
                containers=[_container(image, list(_arguments(full, settings)))],
                init=[_installer(image)],
                volumes=[
                    k8s.host("programs", k8s.CNI_PROGRAMS, "DirectoryOrCreate"),
                    k8s.host("cni", k8s.CNI_CONFIGURATION, "DirectoryOrCreate"),
                    k8s.host("state", _STATE, "DirectoryOrCreate"),
                    k8s.host("nri", "/var/run/nri"),
                    k8s.host("netns", "/var/run/netns", "DirectoryOrCreate"),
                ],
                rules=_RULES,
            )
        )
        why = "networking.kindnet"
        return [Delivery("kindnet", Stage.CNI, source, k8s.NAMESPACE, why, pin.version, (pin.image,))]


def _arguments(full: FullSpec, settings: Settings) -> Iterator[str]:
    """Flags of kindnetd 1.0: https://github.com/kubernetes-sigs/kindnet/blob/main/cmd/kindnetd/main.go."""
    masquerade = settings.masquerade
    masked = masquerade is None or masquerade.enabled is not False
    yield "--hostname-override=$(NODE_NAME)"
    yield f"--control-plane-endpoint=https://{internal_api_name(full.cluster.metadata.name)}"
    yield f"--network-policy={_flag(settings.network_policies is not False)}"
    yield f"--masquerading={_flag(masked)}"
    if masquerade is not None and masquerade.non_masquerade_cidrs:
        yield f"--no-masquerade-cidr={','.join(masquerade.non_masquerade_cidrs)}"
    yield f"--dns-caching={_flag(bool(settings.dns_caching))}"
    yield f"--nat64={_flag(bool(settings.nat64))}"
    yield f"--fastpath-threshold={settings.fast_path_threshold or 0}"
    yield "--disable-cni=false"
    yield f"--v={2 if settings.log_level is None else settings.log_level}"


def _flag(value: bool) -> str:
    return str(value).lower()


def _installer(image: str) -> k8s.Object:
    copy = f"cp /opt/cni/bin/cni-kindnet {_TARGET}/.cni-kindnet && mv {_TARGET}/.cni-kindnet {_TARGET}/cni-kindnet"
    return {
        "name": "install-program",
        "image": image,
        "command": ["sh", "-c", copy],
        "volumeMounts": [k8s.mount("programs", _TARGET)],
    }


_TARGET = "/cni"


def _container(image: str, arguments: Sequence[str]) -> k8s.Object:
    return {
        "name": "kindnet",
        "image": image,
        "command": ["/bin/kindnetd", *arguments],
        "env": [
            k8s.of_pod("HOST_IP", "status.hostIP"),
            k8s.of_pod("POD_IP", "status.podIP"),
            k8s.of_pod("NODE_NAME", "spec.nodeName"),
        ],
        "resources": k8s.requests("100m", "50Mi"),
        "securityContext": k8s.PRIVILEGED,
        "volumeMounts": [
            k8s.mount("cni", k8s.CNI_CONFIGURATION),
            k8s.mount("state", _STATE),
            k8s.mount("nri", "/var/run/nri"),
            k8s.mount("netns", "/var/run/netns", mountPropagation="HostToContainer"),
        ],
    }


CNI = Kindnet()
