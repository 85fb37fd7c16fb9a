"""Cilium: eBPF networking, kube-proxy replacement, network policy; the default of new clusters.

Three modes matter to the infrastructure: an overlay (the default), ENI (pods on the VPC, AWS only), and a state of
its own in an etcd cluster (`etcdManaged`). Its chart's values are made in `parts/cilium.py`.
https://docs.cilium.io/en/v1.18/operations/system_requirements/#firewall-rules
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from kops_pulumi.cni.parts import bpf, interfaces
from kops_pulumi.cni.parts import cilium as chart
from kops_pulumi.cni.parts.hubble import certificates
from kops_pulumi.cni.parts.objects import NAMESPACE, thing
from kops_pulumi.errors import Finding
from kops_pulumi.model import Chart, Delivery, Late, LeafCertificate, Manifest, Permission, Protocol, Role, Rule, Stage
from kops_pulumi.plan import given
from kops_pulumi.plugins import Migration, NodeSettings

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec import InstanceGroup

_MINOR = 18
_ENI = "eni"
_PUBLISHER = "quay.io"
ETCD_CLIENT = "cilium-etcd-client"
"""Key of the certificate that agents show to cilium's etcd."""
_RESTART = "Agents restart one by one as the release is updated; until the last one has, nodes on either side of the "
_REPLACE = "Replace every machine at once: kops-pulumi rolling-update cluster --cloudonly --force --yes."
_UPDATE = "Run kops-pulumi update cluster --yes."
_WINDOW = "Take a maintenance window: "


class Cilium(Plugin):
    """`networking.cilium`."""

    key = "cilium"
    ipv6 = True
    network_policy = True
    migrations: Sequence[Migration] = (
        Migration("kubenet", FROM_ROUTES),
        Migration(
            "tunnel", (f"{_WINDOW}pods on different machines do not reach each other meanwhile.", _UPDATE, _REPLACE)
        ),
        Migration(
            "ipam",
            (
                f"{_WINDOW}every pod gets another address, and none reaches the others meanwhile.",
                _UPDATE,
                "Delete what the old mode recorded: kubectl delete ciliumnodes,ciliumendpoints --all --all-namespaces.",
                _REPLACE,
            ),
        ),
        Migration(
            "identityAllocationMode",
            (f"{_WINDOW}policies do not know pods by their labels until all agents restarted.", _UPDATE),
        ),
        Migration("encryption", (f"{_RESTART}change drop each other's encrypted traffic.", _UPDATE)),
        Migration(
            "kubeProxyReplacement",
            (
                f"{_WINDOW}connections to Services break.",
                _UPDATE,
                "Without kube-proxy: kubectl -n kube-system delete daemonset,configmap kube-proxy --ignore-not-found.",
                _REPLACE,
            ),
        ),
    )

    def replaces_kube_proxy(self, full: FullSpec) -> bool:
        """With enableNodePort cilium serves Services itself."""
        return bool(self.settings(full).enable_node_port)

    def pods_on_network(self, full: FullSpec) -> bool:
        """In ENI mode."""
        return bool(self.settings(full).ipam == _ENI)

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """Version, and what does not go together."""
        yield from self._version(full)
        yield from self._eni(full)
        yield from self._encryption(full)
        yield from self._services(full)
        settings, spec = self.settings(full), full.cluster.spec
        certificates = spec.cert_manager is not None and bool(spec.cert_manager.enabled)
        if settings.hubble is not None and settings.hubble.enabled and not certificates:
            yield self.finding(
                "hubble gets its certificates from cert-manager",
                "hubble",
                "enabled",
                hint="set spec.certManager.enabled: true",
            )
        if settings.etcd_managed and all(cluster.name != "cilium" for cluster in spec.etcd_clusters or ()):
            yield self.finding(
                "etcdManaged needs an etcd cluster of its own",
                "etcdManaged",
                hint="add one named cilium to spec.etcdClusters",
            )
        size = settings.bpf_lb_maglev_table_size
        if size is not None and not size.isdecimal():
            yield self.finding(f"{size!r} is no number", "bpfLBMaglevTableSize", hint="use a prime such as 16381")
        if settings.identity_allocation_mode == "kvstore" and not settings.etcd_managed:
            hint = "set etcdManaged: true, or identityAllocationMode: crd"
            yield self.finding("identities in a kvstore need one", "identityAllocationMode", hint=hint)

    def rules(self, full: FullSpec) -> Sequence[Rule]:
        """Overlay, health checks, hubble and cilium's etcd, from nodes to control planes."""
        settings = self.settings(full)
        found = [node_to_control_plane(Protocol.TCP, 4240, "cilium's health checks between machines")]
        if settings.tunnel != "disabled":
            port = 6081 if settings.tunnel == "geneve" else 8472
            found.append(node_to_control_plane(Protocol.UDP, port, "cilium's overlay"))
        if settings.enable_encryption and settings.encryption_type == "wireguard":
            found.append(node_to_control_plane(Protocol.UDP, 51871, "cilium's encrypted traffic"))
        if settings.hubble is not None and settings.hubble.enabled:
            found.append(node_to_control_plane(Protocol.TCP, 4244, "hubble's relay asks every machine"))
        if settings.etcd_managed:
            found.append(node_to_control_plane(Protocol.TCP, chart.ETCD_PORT, "cilium agents use cilium's etcd"))
        return found

    def permissions(self, full: FullSpec) -> Mapping[Role, tuple[Permission, ...]]:
        """In ENI mode the operator, on control planes, hands out the VPC's addresses."""
        if not self.pods_on_network(full):
            return {}
        return {
            **on_machines("machine-types.read", roles=(Role.API_SERVER, Role.NODE)),
            **on_machines("network-interfaces.allocate", roles=(Role.CONTROL_PLANE,)),
        }

    def machines(self, full: FullSpec, group: InstanceGroup) -> NodeSettings:
        """Packets may come back another way; BPF programs outlive agents; in ENI mode addresses are counted."""
        settings = self.settings(full)
        counted = interfaces.settings(group) if self.pods_on_network(full) else NodeSettings()
        wireguard = settings.enable_encryption and settings.encryption_type == "wireguard"
        return NodeSettings(
            sysctls=bpf.NO_RP_FILTER,
            modules=("wireguard",) if wireguard else (),
            units=bpf.FILE_SYSTEM,
            kubelet=counted.kubelet,
            findings=counted.findings,
        )

    def settled(self, full: FullSpec) -> Mapping[str, str]:
        """What agents must agree on."""
        settings = self.settings(full)
        return {
            "encryption": _encryption(settings),
            "identityAllocationMode": str(settings.identity_allocation_mode or "crd"),
            "ipam": "kubernetes" if settings.ipam in (None, "hostscope") else str(settings.ipam),
            "kubeProxyReplacement": str(self.replaces_kube_proxy(full)).lower(),
            "tunnel": str(settings.tunnel or "vxlan"),
        }

    def random_keys(self, full: FullSpec) -> Sequence[str]:
        """IPsec's, unless the user gives one."""
        return (given.CILIUM,) if _encrypts_by_own_key(full, self.settings(full)) else ()

    def leaves(self, full: FullSpec) -> Sequence[LeafCertificate]:
        """What agents and operator show to cilium's etcd."""
        if not self.settings(full).etcd_managed:
            return ()
        return (LeafCertificate(ETCD_CLIENT, "etcd-clients-ca-cilium", "cilium"),)

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The chart; before it the secrets that its pods mount, and hubble's certificates once somebody makes them."""
        settings = self.settings(full)
        pin = pinned(full, self.key, settings.version)
        hubble = settings.hubble is not None and bool(settings.hubble.enabled)
        operator = "operator-aws" if self.pods_on_network(full) else "operator-generic"
        names = {"image": pin.image, "operator.image": pin.images[operator]}
        if hubble:
            names["hubble.relay.image"] = pin.images["hubble-relay"]
        if settings.registry:
            own = settings.registry.rstrip("/")
            names = {key: f"{own}/{name.removeprefix(f'{_PUBLISHER}/')}" for key, name in names.items()}
        pulled = {key: mirrors(full).image(name) for key, name in names.items()}
        # The relay waits for certificates of a later stage, so nobody may wait for the relay.
        source = Chart(
            pin.chart, pin.repository, pin.chart_version, chart.values(full, settings, pulled), wait=not hubble
        )
        secrets = tuple(_secrets(full, settings))
        why = "networking.cilium"
        found = [
            Delivery(
                "cilium",
                Stage.CNI,
                source,
                NAMESPACE,
                why,
                pin.version,
                tuple(names.values()),
                after=tuple(_before(full, settings)),
            )
        ]
        if secrets:
            found.append(Delivery("cilium-secrets", Stage.CNI, Manifest(secrets), NAMESPACE, why))
        if hubble:
            found.append(certificates(settings.cluster_name or "default"))
        return found

    def _version(self, full: FullSpec) -> Iterable[Finding]:
        version = self.settings(full).version
        match = re.fullmatch(r"v1\.(\d+)\.\d+\S*", version or f"v1.{_MINOR}.0")
        if match is None:
            yield self.finding(f"{version!r} is not a version of cilium", "version", hint=f"such as v1.{_MINOR}.12")
        elif int(match[1]) != _MINOR:
            hint = f"use v1.{_MINOR}.x; upgrade through every minor, one at a time"
            yield self.finding(f"cilium {version} is not supported, only 1.{_MINOR}", "version", hint=hint)

    def _eni(self, full: FullSpec) -> Iterable[Finding]:
        if not self.pods_on_network(full):
            return
        if full.cloud != "aws":
            yield self.finding(
                f"ipam eni exists on aws only, not on {full.cloud}", "ipam", hint="remove it: kubernetes is the default"
            )
        if is_ipv6(full):
            yield self.finding("ipam eni cannot do IPv6", "ipam", hint="remove it: kubernetes is the default")
        if self.settings(full).tunnel != "disabled":
            yield self.finding("ipam eni routes natively", "tunnel", hint="set tunnel: disabled")

    def _encryption(self, full: FullSpec) -> Iterable[Finding]:
        settings = self.settings(full)
        if settings.enable_encryption and is_ipv6(full):
            yield self.finding("cilium cannot encrypt IPv6 traffic", "enableEncryption", hint="remove it, or use IPv4")
        if settings.node_encryption and _encryption(settings) != "wireguard":
            hint = "set enableEncryption: true and encryptionType: wireguard"
            yield self.finding("only wireguard encrypts traffic of machines", "nodeEncryption", hint=hint)

    def _services(self, full: FullSpec) -> Iterable[Finding]:
        """Ingress and Gateway API are Services of cilium's; what Cilium no longer knows has no effect."""
        settings = self.settings(full)
        for attribute, key in (("ingress", "ingress"), ("gateway_api", "gatewayAPI")):
            section = getattr(settings, attribute)
            if section is not None and section.enabled and not settings.enable_node_port:
                hint = "set enableNodePort: true and spec.kubeProxy.enabled: false"
                yield self.finding(f"{key} needs cilium to serve Services", key, "enabled", hint=hint)
        for attribute, reason in chart.GONE.items():
            # What defaults fill in is not the user's to remove.
            if getattr(settings, attribute) is not None and attribute not in _FILLED:
                key = type(settings).model_fields[attribute].alias or attribute
                yield self.warning(f"cilium 1.{_MINOR} has no such option: {reason}", key, hint="remove it")


_FILLED = frozenset({"disable_cnp_status_updates", "enable_remote_node_identity"})


def _encryption(settings: object) -> str:
    """none, ipsec or wireguard."""
    enabled = getattr(settings, "enable_encryption", None)
    return str(getattr(settings, "encryption_type", None) or "ipsec") if enabled else "none"


def _encrypts_by_own_key(full: FullSpec, settings: object) -> bool:
    """IPsec with a key that nobody gave (`create secret ciliumpassword`): one is made."""
    return _encryption(settings) == "ipsec" and given.CILIUM not in given.declared(full)


def _before(full: FullSpec, settings: object) -> Iterator[str]:
    """Deliveries whose Secrets the pods mount."""
    if any(_secrets(full, settings)):
        yield "cilium-secrets"
    if _encryption(settings) == "ipsec" and not _encrypts_by_own_key(full, settings):
        yield given.IPSEC_SECRET


def _secrets(full: FullSpec, settings: object) -> Iterator[Mapping[str, object]]:
    """What pods mount: etcd's client certificate, the IPsec key."""
    if getattr(settings, "etcd_managed", None):
        data = {
            "etcd-client-ca.crt": str(Late("certificate.etcd-clients-ca-cilium")),
            "etcd-client.crt": str(Late(f"leaf.{ETCD_CLIENT}")),
            "etcd-client.key": str(Late(f"private-key.{ETCD_CLIENT}")),
        }
        yield thing("v1", "Secret", chart.ETCD_SECRET, namespaced=True, type="Opaque", stringData=data)
    if _encrypts_by_own_key(full, settings):
        data = {"keys": str(Late(f"ipsec-key.{given.CILIUM}"))}
        yield thing("v1", "Secret", given.IPSEC_SECRET, namespaced=True, type="Opaque", stringData=data)


CNI = Cilium()
