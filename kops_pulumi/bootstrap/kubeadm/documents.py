"""kubeadm's own documents, v1beta4: ClusterConfiguration, InitConfiguration, JoinConfiguration.

Every control plane runs the same phases with the same documents, whether the cluster is new or years old: nothing here
depends on which machine comes first. `@machine(…)@` marks are filled in on the machine (docs/contracts/bootstrap.md).
https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/. Pure.
"""

from __future__ import annotations

from typing import Any

from kops_pulumi.bootstrap import paths
from kops_pulumi.bootstrap.kubeadm import api_server, controllers
from kops_pulumi.bootstrap.kubeadm.flags import Arg
from kops_pulumi.bootstrap.kubeadm.volumes import Volume, mounts
from kops_pulumi.bootstrap.node import ControlPlane, NodeConfig
from kops_pulumi.model import Role

_API = "kubeadm.k8s.io/v1beta4"
NODE_NAME = "@machine(name)@"
TOKEN = "@machine(token)@"  # noqa: S105 - a mark, not a token
CA_HASH = "@machine(ca-hash)@"
LATE_SANS = "@machine(late-sans)@"
"""Becomes list items at its own indentation; no item itself."""
_LEAF_VALIDITY = "8760h0m0s"
"""A year; a timer renews at two thirds of it."""
_OWN_TOKEN = {
    "ttl": "15m0s",
    "usages": ["signing", "authentication"],
    "groups": ["system:bootstrappers:kubeadm:default-node-token"],
    "description": "made by a kubeadm phase, used by nobody: machines join with the one that kops-token renews",
}
"""Without an entry kubeadm makes a token that lives a day."""


def cluster_configuration(node: NodeConfig, plane: ControlPlane) -> dict[str, Any]:
    """What is the same for the whole cluster, and for the control-plane pods of this group."""
    minor = minor_of(node)
    return {
        "apiVersion": _API,
        "kind": "ClusterConfiguration",
        "clusterName": node.cluster,
        "kubernetesVersion": f"v{node.kubernetes_version}",
        "controlPlaneEndpoint": _endpoint(node),
        "certificatesDir": paths.PKI,
        "certificateValidityPeriod": _LEAF_VALIDITY,
        "encryptionAlgorithm": "RSA-2048",
        "imageRepository": node.images.repository,
        "dns": _dns(node, plane),
        "proxy": {"disabled": not proxied(node, plane)},
        "etcd": {"external": _etcd(node, plane)},
        "networking": _networking(node, plane),
        "controllerManager": _component(node, controllers.controller_manager_args(plane, minor)),
        "scheduler": _scheduler(node, plane, minor),
        "apiServer": _api_server(node, plane, minor),
    }


def init_configuration(node: NodeConfig, plane: ControlPlane) -> dict[str, Any]:
    """What concerns this machine; its address is the one of its default route unless the manifest says otherwise."""
    endpoint: dict[str, Any] = {"bindPort": node.api.port}
    if plane.api_server.get("advertiseAddress"):
        endpoint["advertiseAddress"] = str(plane.api_server["advertiseAddress"])
    return {
        "apiVersion": _API,
        "kind": "InitConfiguration",
        "bootstrapTokens": [_OWN_TOKEN],
        "localAPIEndpoint": endpoint,
        "nodeRegistration": _registration(node),
        "patches": {"directory": paths.PATCHES},
    }


def join_configuration(node: NodeConfig) -> dict[str, Any]:
    """A worker's way in: a short-lived token, and the API known by the digest of its authority's key."""
    return {
        "apiVersion": _API,
        "kind": "JoinConfiguration",
        "caCertPath": paths.CLUSTER_CA,
        "discovery": {
            "bootstrapToken": {
                "apiServerEndpoint": _endpoint(node),
                "caCertHashes": [CA_HASH],
                "token": TOKEN,
                "unsafeSkipCAVerification": False,
            }
        },
        "nodeRegistration": _registration(node),
        "patches": {"directory": paths.PATCHES},
    }


def minor_of(node: NodeConfig) -> int:
    """The Kubernetes minor of a machine."""
    return int(node.kubernetes_version.split(".")[1])


def proxied(node: NodeConfig, plane: ControlPlane) -> bool:
    """Whether kube-proxy runs: neither the network plug-in nor the manifest says no."""
    return not node.network.replaces_kube_proxy and plane.kube_proxy.get("enabled") is not False


def _endpoint(node: NodeConfig) -> str:
    return f"{node.api.internal_name}:{node.api.port}"


def _registration(node: NodeConfig) -> dict[str, Any]:
    """Labels, the node's address and other kubelet flags are kubelet.env's; taints must be there when it registers."""
    return {
        "name": NODE_NAME,
        "criSocket": f"unix://{node.containerd.socket.removeprefix('unix://')}",
        "imagePullPolicy": "IfNotPresent",
        "taints": [_taint(text) for text in node.kubelet.taints],
    }


def _taint(text: str) -> dict[str, str]:
    """`key=value:Effect` or `key:Effect`."""
    rest, _, effect = text.rpartition(":")
    key, _, value = rest.partition("=")
    return {"key": key, **({"value": value} if value else {}), "effect": effect}


def _dns(node: NodeConfig, plane: ControlPlane) -> dict[str, Any]:
    if plane.kube_dns.get("provider") not in (None, "CoreDNS"):
        return {"disabled": True}
    # No tag: kubeadm refuses to touch a CoreDNS that it does not know, so every kubeadm installs its own.
    return {"imageRepository": node.images.coredns_repository}


def _etcd(node: NodeConfig, plane: ControlPlane) -> dict[str, Any]:
    """External to kubeadm, which then neither makes pods nor certificates for it."""
    settings = plane.api_server
    clients = next((etcd.clients_ca for etcd in node.etcd if etcd.name == "main"), "etcd-clients-ca")
    return {
        "endpoints": api_server.etcd_endpoints(node, plane),
        "caFile": str(settings.get("etcdCaFile") or f"{paths.ETCD_PKI}/{clients}.crt"),
        "certFile": str(settings.get("etcdCertFile") or paths.ETCD_CLIENT_CERTIFICATE),
        "keyFile": str(settings.get("etcdKeyFile") or paths.ETCD_CLIENT_KEY),
    }


def _networking(node: NodeConfig, plane: ControlPlane) -> dict[str, Any]:
    """No range of pods where the network plug-in or the cloud gives pods their addresses."""
    allocated = plane.controller_manager.get("allocateNodeCIDRs") is not False
    pods = {"podSubnet": node.network.pod_cidr} if node.network.pod_cidr and allocated else {}
    services = {"serviceSubnet": node.network.service_cidr} if node.network.service_cidr else {}
    return {"dnsDomain": node.network.dns_domain, **services, **pods}


def _component(node: NodeConfig, given: list[Arg], *own: Volume) -> dict[str, Any]:
    return {"extraArgs": given, "extraVolumes": mounts(own, given, node.files)}


def _scheduler(node: NodeConfig, plane: ControlPlane, minor: int) -> dict[str, Any]:
    configured = Volume(paths.SCHEDULER.rpartition("/")[0])
    environment = controllers.scheduler_environment(plane)
    found = _component(node, controllers.scheduler_args(plane, minor), configured)
    return found | ({"extraEnvs": environment} if environment else {})


def _api_server(node: NodeConfig, plane: ControlPlane, minor: int) -> dict[str, Any]:
    given = api_server.extra_args(node, plane, minor)
    environment = plane.api_server.get("env")
    return {
        **_component(node, given, *api_server.volumes(node, given)),
        **({"extraEnvs": list(environment)} if environment else {}),
        "certSANs": [*node.api.sans, *([LATE_SANS] if node.api.late_sans else [])],
    }


def serves(role: Role) -> bool:
    """Whether machines of a role run an API server."""
    return role in (Role.CONTROL_PLANE, Role.API_SERVER)
