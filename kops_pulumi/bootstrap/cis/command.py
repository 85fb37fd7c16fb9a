"""What the programs on a group's machines are started with: kubeadm's own flags under ours, configuration as flags.

Configuration files join their program's flags under the dotted path of a field (`authentication.anonymous.enabled`),
lists with commas, as the benchmark's tool reads them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from kops_pulumi.bootstrap import etcd, paths
from kops_pulumi.bootstrap.hardening import authentication, encryption
from kops_pulumi.bootstrap.kubeadm import documents, proxy
from kops_pulumi.bootstrap.kubeadm.flags import Arg, text
from kops_pulumi.bootstrap.node import ControlPlane, NodeConfig
from kops_pulumi.model import Role


class Program(StrEnum):
    """What a check looks at."""

    API_SERVER = "kube-apiserver"
    CONTROLLER_MANAGER = "kube-controller-manager"
    SCHEDULER = "kube-scheduler"
    ETCD = "etcd"
    KUBELET = "kubelet"
    KUBE_PROXY = "kube-proxy"


Flags: TypeAlias = Mapping[str, str]
"""Flag without dashes, or dotted path of a configuration → value; of a repeated flag the last."""
Commands: TypeAlias = Mapping[Program, tuple[Flags, ...]]
"""One set of flags for each instance: a machine may run several etcd members."""

_PKI = paths.PKI
_KUBEADM: Mapping[Program, Flags] = {
    Program.API_SERVER: {
        "client-ca-file": paths.CLUSTER_CA,
        "enable-admission-plugins": "NodeRestriction",
        "enable-bootstrap-token-auth": "true",
        "kubelet-client-certificate": f"{_PKI}/apiserver-kubelet-client.crt",
        "kubelet-client-key": f"{_PKI}/apiserver-kubelet-client.key",
        "service-account-key-file": f"{_PKI}/sa.pub",
        "service-account-signing-key-file": f"{_PKI}/sa.key",
        "tls-cert-file": f"{_PKI}/apiserver.crt",
        "tls-private-key-file": f"{_PKI}/apiserver.key",
        "authorization-mode": "Node,RBAC",
    },
    Program.CONTROLLER_MANAGER: {
        "bind-address": "127.0.0.1",
        "root-ca-file": paths.CLUSTER_CA,
        "service-account-private-key-file": f"{_PKI}/sa.key",
        "use-service-account-credentials": "true",
    },
    Program.SCHEDULER: {"bind-address": "127.0.0.1"},
}
"""What `kubeadm init phase control-plane` adds by itself, as far as checks ask for it."""
CONFINED = "anonymous.confined"
"""Our word for: anonymous requests reach health and kubeadm's public ConfigMap, nothing else."""
FIRST_PROVIDER = "encryption.first-provider"
"""Our word for: the provider that encrypts what is written."""


def commands(node: NodeConfig) -> Commands:
    """The programs that run on this group's machines."""
    found: dict[Program, tuple[Flags, ...]] = {Program.KUBELET: (_kubelet(node),)}
    plane = node.control_plane
    if plane is not None:
        found |= _control_plane(node, plane)
        if documents.proxied(node, plane):
            found[Program.KUBE_PROXY] = (dict(_flat(proxy.configuration(plane, node.network))),)
    return found


def _control_plane(node: NodeConfig, plane: ControlPlane) -> Commands:
    cluster = documents.cluster_configuration(node, plane)
    server = _with_base(Program.API_SERVER, cluster["apiServer"]["extraArgs"])
    external = cluster["etcd"]["external"]
    server |= {"etcd-cafile": external["caFile"], "etcd-certfile": external["certFile"]}
    server |= {"etcd-keyfile": external["keyFile"], **_inside(node, plane)}
    if node.role is not Role.CONTROL_PLANE:
        return {Program.API_SERVER: (server,)}
    return {
        Program.API_SERVER: (server,),
        Program.CONTROLLER_MANAGER: (
            _with_base(Program.CONTROLLER_MANAGER, cluster["controllerManager"]["extraArgs"]),
        ),
        Program.SCHEDULER: (_with_base(Program.SCHEDULER, cluster["scheduler"]["extraArgs"]),),
        Program.ETCD: tuple(etcd.flags(member, node.cluster) for member in node.etcd if member.here is not None),
    }


def _inside(node: NodeConfig, plane: ControlPlane) -> Flags:
    """What files say that flags only name."""
    found: dict[str, str] = {}
    document = authentication.configuration(node, documents.minor_of(node))
    conditions = ((document or {}).get("anonymous") or {}).get("conditions") or []
    if conditions and {condition.get("path") for condition in conditions} <= set(authentication.PUBLIC_PATHS):
        found[CONFINED] = "true"
    if plane.encrypt_secrets and not plane.api_server.get("encryptionProviderConfig"):
        found[FIRST_PROVIDER] = encryption.WRITES_WITH
    return found


def _with_base(program: Program, given: Iterable[Arg]) -> dict[str, str]:
    return dict(_KUBEADM[program]) | {arg["name"]: arg["value"] for arg in given}


def _kubelet(node: NodeConfig) -> Flags:
    return dict(_flat(node.kubelet.configuration)) | {name: text(value) for name, value in node.kubelet.flags.items()}


def _flat(document: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", text(value)
