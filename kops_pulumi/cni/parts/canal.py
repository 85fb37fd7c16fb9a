"""Containers and companions of canal: Calico's agent for policies, its controllers, and Typha.

Addresses are the machine's own range, handed out by host-local; flannel carries packets between machines. Settings of
the agent are environment variables. Knows the manifest's section and no cloud.

https://docs.tigera.io/calico/latest/reference/felix/configuration and ../typha/configuration
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kops_pulumi.cni.parts import objects as k8s
from kops_pulumi.cni.parts import policies

if TYPE_CHECKING:
    from kops_pulumi.resolve.full import FullSpec
    from kops_pulumi.spec.networking import Canal

NAME = "canal"
TYPHA, TYPHA_PORT = "calico-typha", 5473
MTU = 1400
"""Bytes; VXLAN takes 50 of a network's, and the smallest that clouds have is 1450."""
TYPHA_METRICS = 9093
_FELIX_HEALTH, _TYPHA_HEALTH = 9099, 9098
_SHUTDOWN_SECONDS = 300
_CONTROLLERS = "calico-kube-controllers"
FELIX: Mapping[str, str] = {
    "chain_insert_mode": "CHAININSERTMODE",
    "iptables_backend": "IPTABLESBACKEND",
    "log_severity_sys": "LOGSEVERITYSYS",
    "prometheus_go_metrics_enabled": "PROMETHEUSGOMETRICSENABLED",
    "prometheus_metrics_enabled": "PROMETHEUSMETRICSENABLED",
    "prometheus_metrics_port": "PROMETHEUSMETRICSPORT",
    "prometheus_process_metrics_enabled": "PROMETHEUSPROCESSMETRICSENABLED",
}
"""Attribute of the manifest's section → the agent's variable, without `FELIX_`; what is not given is not set."""


def configuration(settings: Canal) -> str:
    """What containerd runs for a pod; `__…__` the installer fills in on the machine."""
    network = {
        "type": "calico",
        "log_level": "info",
        "datastore_type": "kubernetes",
        "nodename": "__KUBERNETES_NODE_NAME__",
        "mtu": settings.mtu or MTU,
        "ipam": {"type": "host-local", "subnet": "usePodCidr"},
        "policy": {"type": "k8s"},
        "kubernetes": {"kubeconfig": "__KUBECONFIG_FILEPATH__"},
    }
    ports = {"type": "portmap", "snat": True, "capabilities": {"portMappings": True}}
    bandwidth = {"type": "bandwidth", "capabilities": {"bandwidth": True}}
    plugins = [network, ports, bandwidth]
    return json.dumps({"cniVersion": "0.3.1", "name": "k8s-pod-network", "plugins": plugins}, indent=2)


def installer(full: FullSpec, image: str) -> k8s.Object:
    """CNI programs and their configuration, with a token of the agent's account."""
    content = {"configMapKeyRef": {"name": f"{NAME}-config", "key": "cni_network_config"}}
    return {
        "name": "install-cni",
        "image": image,
        "command": ["/opt/cni/bin/install"],
        "env": [
            *_variables({"CNI_CONF_NAME": "10-canal.conflist", "SLEEP": "false"}),
            {"name": "CNI_NETWORK_CONFIG", "valueFrom": content},
            k8s.of_pod("KUBERNETES_NODE_NAME", "spec.nodeName"),
            _account(),
            *k8s.to_api(full),
        ],
        "securityContext": k8s.PRIVILEGED,
        "volumeMounts": [
            k8s.mount("programs", f"/host{k8s.CNI_PROGRAMS}"),
            k8s.mount("cni", f"/host{k8s.CNI_CONFIGURATION}"),
        ],
    }


def agent(full: FullSpec, settings: Canal, image: str) -> k8s.Object:
    """Calico's agent, which only enforces policies here."""
    return {
        "name": "calico-node",
        "image": image,
        "env": [
            *_variables(dict(_felix(settings))),
            k8s.of_pod("NODENAME", "spec.nodeName"),
            _account(),
            *k8s.to_api(full),
        ],
        "lifecycle": {"preStop": {"exec": {"command": ["/bin/calico-node", "-shutdown"]}}},
        "livenessProbe": {
            "exec": {"command": ["/bin/calico-node", "-felix-live"]},
            "initialDelaySeconds": 10,
            "failureThreshold": 6,
            "timeoutSeconds": 10,
        },
        "readinessProbe": {"httpGet": _local("/readiness", _FELIX_HEALTH), "timeoutSeconds": 10},
        "resources": {"requests": {"cpu": settings.cpu_request or "100m"}},
        "securityContext": k8s.PRIVILEGED,
        "volumeMounts": [
            k8s.mount("cni", f"/host{k8s.CNI_CONFIGURATION}"),
            k8s.mount("lib-modules", "/lib/modules", readOnly=True),
            k8s.mount("xtables-lock", "/run/xtables.lock"),
            k8s.mount("run-calico", "/var/run/calico"),
            k8s.mount("lib-calico", "/var/lib/calico"),
            k8s.mount("policysync", "/var/run/nodeagent"),
            k8s.mount("bpffs", "/sys/fs/bpf"),
        ],
    }


def volumes() -> list[k8s.Object]:
    """What the agent mounts of its machine beside flannel's."""
    return [
        k8s.host("lib-modules", "/lib/modules"),
        k8s.host("run-calico", "/var/run/calico", "DirectoryOrCreate"),
        k8s.host("lib-calico", "/var/lib/calico", "DirectoryOrCreate"),
        k8s.host("policysync", "/var/run/nodeagent", "DirectoryOrCreate"),
        k8s.host("bpffs", "/sys/fs/bpf", "Directory"),
    ]


def _felix(settings: Canal) -> Iterator[tuple[str, Any]]:
    yield "CALICO_DISABLE_FILE_LOGGING", True
    yield "CALICO_NETWORKING_BACKEND", "none"
    yield "CLUSTER_TYPE", "k8s,canal"
    yield "DATASTORE_TYPE", "kubernetes"
    yield "FELIX_DEFAULTENDPOINTTOHOSTACTION", settings.default_endpoint_to_host_action or "ACCEPT"
    yield "FELIX_HEALTHENABLED", True
    yield "FELIX_IPTABLESREFRESHINTERVAL", 60
    yield "FELIX_IPV6SUPPORT", False
    yield "IP", ""
    # Addresses come from machines' ranges, and flannel hides them from the world.
    yield "NO_DEFAULT_POOLS", True
    yield "USE_POD_CIDR", True
    yield "WAIT_FOR_DATASTORE", True
    if settings.typha_replicas:
        yield "FELIX_TYPHAK8SSERVICENAME", TYPHA
    for attribute, name in FELIX.items():
        value = getattr(settings, attribute)
        if value is not None:
            yield f"FELIX_{name}", value


def controllers(image: str) -> Iterator[k8s.Object]:
    """What cleans up after machines that are gone; one works at a time."""
    account = {"kind": "ServiceAccount", "name": _CONTROLLERS, "namespace": k8s.NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _CONTROLLERS}
    yield k8s.thing("v1", "ServiceAccount", _CONTROLLERS, namespaced=True)
    yield k8s.thing("rbac.authorization.k8s.io/v1", "ClusterRole", _CONTROLLERS, rules=list(policies.CONTROLLER_RULES))
    yield k8s.thing(
        "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", _CONTROLLERS, roleRef=role, subjects=[account]
    )
    container = {
        "name": _CONTROLLERS,
        "image": image,
        "env": _variables({"DATASTORE_TYPE": "kubernetes", "ENABLED_CONTROLLERS": "node,loadbalancer"}),
        "livenessProbe": {"exec": {"command": ["/usr/bin/check-status", "-l"]}, **_patient(10)},
        "readinessProbe": {"exec": {"command": ["/usr/bin/check-status", "-r"]}},
        "securityContext": {"runAsNonRoot": True, "allowPrivilegeEscalation": False},
    }
    pod = {"serviceAccountName": _CONTROLLERS, "containers": [container]}
    yield _deployment(_CONTROLLERS, 1, {"type": "Recreate"}, pod)


def typha(full: FullSpec, settings: Canal, image: str) -> Iterator[k8s.Object]:
    """What asks the API for all agents, so that they do not each."""
    port = {"name": TYPHA, "port": TYPHA_PORT, "protocol": "TCP", "targetPort": TYPHA_PORT}
    service = {"selector": {"k8s-app": TYPHA}, "ports": [port]}
    yield k8s.thing("v1", "Service", TYPHA, namespaced=True, spec=service)
    container = {
        "name": TYPHA,
        "image": image,
        "env": [*_variables(dict(_typha(settings))), *k8s.to_api(full)],
        "ports": [{"containerPort": TYPHA_PORT, "name": TYPHA, "protocol": "TCP"}],
        "livenessProbe": {"httpGet": _local("/liveness", _TYPHA_HEALTH), **_patient(30)},
        "readinessProbe": {"httpGet": _local("/readiness", _TYPHA_HEALTH), "timeoutSeconds": 10},
        "securityContext": {"runAsNonRoot": True, "allowPrivilegeEscalation": False},
    }
    pod = {
        "hostNetwork": True,
        "serviceAccountName": NAME,
        "terminationGracePeriodSeconds": _SHUTDOWN_SECONDS,
        "securityContext": {"fsGroup": 65534},
        "containers": [container],
    }
    surge = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 1}}
    yield _deployment(TYPHA, settings.typha_replicas or 0, surge, pod)


def _typha(settings: Canal) -> Iterator[tuple[str, Any]]:
    yield "TYPHA_CONNECTIONREBALANCINGMODE", "kubernetes"
    yield "TYPHA_DATASTORETYPE", "kubernetes"
    yield "TYPHA_HEALTHENABLED", True
    yield "TYPHA_LOGFILEPATH", "none"
    yield "TYPHA_LOGSEVERITYSCREEN", "info"
    yield "TYPHA_LOGSEVERITYSYS", "none"
    yield "TYPHA_SHUTDOWNTIMEOUTSECS", _SHUTDOWN_SECONDS
    yield "USE_POD_CIDR", True
    if settings.typha_prometheus_metrics_enabled:
        yield "TYPHA_PROMETHEUSMETRICSENABLED", True
        yield "TYPHA_PROMETHEUSMETRICSPORT", settings.typha_prometheus_metrics_port or TYPHA_METRICS


def _deployment(name: str, replicas: int, strategy: k8s.Object, pod: k8s.Object) -> k8s.Object:
    labels = {"k8s-app": name}
    spec = {
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "priorityClassName": "system-cluster-critical",
        "tolerations": list(k8s.EVERYWHERE),
        **pod,
    }
    content = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "strategy": strategy,
        "template": {"metadata": {"labels": labels}, "spec": spec},
    }
    return k8s.thing("apps/v1", "Deployment", name, namespaced=True, spec=content)


def _account() -> k8s.Object:
    return k8s.of_pod("CALICO_CNI_SERVICE_ACCOUNT", "spec.serviceAccountName")


def _patient(seconds: int) -> k8s.Object:
    return {"initialDelaySeconds": seconds, "periodSeconds": seconds, "failureThreshold": 6, "timeoutSeconds": 10}


def _local(path: str, port: int) -> k8s.Object:
    return {"path": path, "port": port, "host": "localhost"}


def _variables(values: Mapping[str, Any]) -> list[k8s.Object]:
    return [
        {"name": name, "value": str(value).lower() if isinstance(value, bool) else str(value)}
        for name, value in sorted(values.items())
    ]
