"""Kubernetes objects of plug-ins without a chart: an agent on every machine, with what it may ask the API for.

An agent runs in its machine's network before there is any other, tolerates every taint, and reaches the API by the
name that machines have in their hosts files, for Services do not work yet. Plain data; knows no plug-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kops_pulumi.model import Manifest
from kops_pulumi.plan.endpoints import internal_api_name

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec

Object = Mapping[str, Any]

NAMESPACE = "kube-system"
API_PORT = 443
READ = ("get", "list", "watch")
PRIVILEGED: Object = {"privileged": True}
EVERYWHERE: Sequence[Object] = ({"operator": "Exists"},)
"""Tolerations of what must run before a machine is ready for anything else."""
CNI_PROGRAMS, CNI_CONFIGURATION = "/opt/cni/bin", "/etc/cni/net.d"
ON_CONTROL_PLANES: Mapping[str, str] = {"node-role.kubernetes.io/control-plane": ""}


@dataclass(frozen=True, slots=True)
class Agent:
    """A DaemonSet of a plug-in."""

    name: str
    containers: Sequence[Object]
    init: Sequence[Object] = ()
    volumes: Sequence[Object] = ()
    rules: Sequence[Object] = ()
    """Of its ClusterRole."""
    host_ipc: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    """Its ConfigMap, `<name>-config`; none when empty."""


def manifest(agent: Agent) -> Manifest:
    """The agent's account, permissions, configuration and pods."""
    account = {"kind": "ServiceAccount", "name": agent.name, "namespace": NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": agent.name}
    documents: list[Object] = [
        thing("v1", "ServiceAccount", agent.name, namespaced=True),
        thing("rbac.authorization.k8s.io/v1", "ClusterRole", agent.name, rules=list(agent.rules)),
        thing("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", agent.name, roleRef=role, subjects=[account]),
    ]
    if agent.files:
        documents.append(thing("v1", "ConfigMap", f"{agent.name}-config", namespaced=True, data=dict(agent.files)))
    return Manifest((*documents, _daemon_set(agent)))


def thing(api_version: str, kind: str, name: str, *, namespaced: bool = False, **fields: Any) -> Object:
    """An object of Kubernetes."""
    metadata = {"name": name, **({"namespace": NAMESPACE} if namespaced else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def rule(resources: Iterable[str], verbs: Iterable[str] = READ, group: str = "") -> Object:
    """One rule of a ClusterRole."""
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def host(name: str, path: str, kind: str | None = None) -> Object:
    """A volume of the machine's."""
    return {"name": name, "hostPath": {"path": path, **({"type": kind} if kind else {})}}


def mount(name: str, path: str, **more: Any) -> Object:
    """Where a container has a volume."""
    return {"name": name, "mountPath": path, **more}


def requests(cpu: str, memory: str) -> Object:
    """A container's resources."""
    return {"requests": {"cpu": cpu, "memory": memory}}


def of_pod(name: str, path: str) -> Object:
    """An environment variable with a field of the pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def to_api(full: FullSpec) -> Sequence[Object]:
    """Environment variables that lead a client to the API past the Service, which needs a network."""
    return (
        {"name": "KUBERNETES_SERVICE_HOST", "value": internal_api_name(full.cluster.metadata.name)},
        {"name": "KUBERNETES_SERVICE_PORT", "value": str(API_PORT)},
    )


def _daemon_set(agent: Agent) -> Object:
    labels = {"k8s-app": agent.name, "tier": "node"}
    volumes = [*agent.volumes, *([_configuration(agent.name)] if agent.files else [])]
    pod: dict[str, Any] = {
        "hostNetwork": True,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "priorityClassName": "system-node-critical",
        "serviceAccountName": agent.name,
        "terminationGracePeriodSeconds": 10,
        "tolerations": list(EVERYWHERE),
        **({"initContainers": list(agent.init)} if agent.init else {}),
        "containers": list(agent.containers),
        "volumes": volumes,
        **({"hostIPC": True, "hostPID": True} if agent.host_ipc else {}),
    }
    spec = {
        "selector": {"matchLabels": labels},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return thing("apps/v1", "DaemonSet", agent.name, namespaced=True, spec=spec)


def _configuration(name: str) -> Object:
    return {"name": "configuration", "configMap": {"name": f"{name}-config"}}
