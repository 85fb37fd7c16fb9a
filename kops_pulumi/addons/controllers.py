"""What the four cloud controllers share: one pod on each control plane, on the machine's network, and its rights.

Clouds' files say the flags and where the configuration comes from. Each controller is the same program with another
cloud built in (https://kubernetes.io/docs/tasks/administer-cluster/running-cloud-controller/). Charts exist for three
of the four, of unequal age and with a different shape each; one manifest serves all. Not to know a cloud.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, chosen
from kops_pulumi.addons.objects import Object, allow
from kops_pulumi.model import Permission, Stage
from kops_pulumi.plugins import ServiceAccount

if TYPE_CHECKING:
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

CONFIG = "cloud-config"
"""Name of the ConfigMap or Secret with the controller's configuration file, `cloud.conf`."""
_PLACE = "/etc/kubernetes/cloud-config"
_PORT = 10258
_RULES: tuple[Object, ...] = (
    allow("create get list patch update watch", "events"),
    allow("create patch update", "events", "events.k8s.io"),
    allow("*", "nodes"),
    allow("patch update", "nodes/status"),
    allow("get list patch update watch", "services"),
    allow("patch update", "services/status"),
    allow("create get list patch update watch", "serviceaccounts"),
    allow("create", "serviceaccounts/token"),
    allow("get list update watch", "persistentvolumes"),
    allow("create get list update watch", "endpoints"),
    allow("get list watch", "endpointslices", "discovery.k8s.io"),
    allow("get list watch", "configmaps"),
    allow("create get list patch update watch", "leases", "coordination.k8s.io"),
    allow("create", "tokenreviews", "authentication.k8s.io"),
    allow("create", "subjectaccessreviews", "authorization.k8s.io"),
)
"""What the controllers for nodes, routes and Services do through the API, and electing a leader."""


class CloudController(BuiltIn):
    """Always there on its cloud."""

    stage = Stage.CLOUD_CONTROLLER
    account: ServiceAccount
    provider: str
    """The cloud's name for the controller itself."""
    command: tuple[str, ...] = ()
    """The program, where the image does not say."""
    summary = "Addresses and zones of nodes, load balancers of Services, routes"

    def permissions(self, full: FullSpec) -> Iterable[Permission]:
        """Routes to nodes' pods, where pods' own ranges travel over the network."""
        return (Permission("routes.manage"),) if self.routes(full) else ()

    def arguments(self, full: FullSpec) -> Mapping[str, str]:
        """Flags that only this cloud's controller needs."""
        del full
        return {}

    def configuration(self, full: FullSpec) -> Iterable[Object]:
        """The ConfigMap or Secret `cloud-config` with one key, `cloud.conf`; none when flags say everything."""
        del full
        return ()

    def routes(self, full: FullSpec) -> bool:
        """Whether pods' ranges are routes of the cloud: kubenet."""
        networking = full.cluster.spec.networking
        return networking is not None and networking.kubenet is not None

    def deliveries(self, full: FullSpec) -> list[Delivery]:
        """Its rights, its configuration and its pods."""
        pin = self.pin(full)
        settings = full.cluster.spec.cloud_controller_manager
        image, images = chosen(pin, settings.image if settings else None)
        config = list(self.configuration(full))
        documents = [
            objects.account(self.account),
            *objects.cluster_role(f"system:{self.name}", *_RULES, who=self.account),
            objects.binding(
                "kube-system",
                f"{self.name}:authentication-reader",
                "extension-apiserver-authentication-reader",
                self.account,
            ),
            *config,
            objects.daemon_set(
                "kube-system", self.name, self._pod(full, image, settings, config), annotations=_digest(config)
            ),
        ]
        return [self.manifest(full, pin, documents, images=images)]

    def _pod(self, full: FullSpec, image: str, settings: Any, config: list[Object]) -> Object:
        who = pods.identity(full, self.account)
        flags = {**self._flags(full, settings), **self.arguments(full)}
        if config:
            flags["cloud-config"] = f"{_PLACE}/cloud.conf"
        container: Object = {
            "name": self.name,
            "image": pods.mirrored(full, image),
            **({"command": list(self.command)} if self.command else {}),
            "args": [f"--{key}={value}" for key, value in sorted(flags.items())],
            "resources": pods.resources(settings, cpu_request="200m"),
            "livenessProbe": {
                "httpGet": {"path": "/healthz", "port": _PORT, "scheme": "HTTPS", "host": "127.0.0.1"},
                "initialDelaySeconds": 30,
                "timeoutSeconds": 15,
            },
            "securityContext": pods.LOCKED,
            "env": who.env_list,
            "volumeMounts": [*([objects.mount("config", _PLACE, readOnly=True)] if config else []), *who.mounts],
        }
        return {
            "serviceAccountName": self.account.name,
            "hostNetwork": True,
            "dnsPolicy": "Default",
            "priorityClassName": pods.CLUSTER_CRITICAL,
            "nodeSelector": dict(pods.ON_CONTROL_PLANES),
            "tolerations": list(pods.EARLY_TAINTS),
            "containers": [container],
            "volumes": [*(_volume(item) for item in config), *who.volumes],
        }

    def _flags(self, full: FullSpec, settings: Any) -> dict[str, str]:
        spec, routes = full.cluster.spec, self.routes(full)
        found = {
            "cloud-provider": self.provider,
            "cluster-name": (settings and settings.cluster_name) or full.cluster.metadata.name or "",
            "leader-elect": "true",
            "v": str(settings.log_level if settings and settings.log_level is not None else 2),
            "allocate-node-cidrs": _flag(settings and settings.allocate_node_cidrs, routes),
            "configure-cloud-routes": _flag(settings and settings.configure_cloud_routes, routes),
            "use-service-account-credentials": _flag(settings and settings.use_service_account_credentials, False),
        }
        if routes or (settings and settings.allocate_node_cidrs):
            found["cluster-cidr"] = (settings and settings.cluster_cidr) or spec.pod_cidr or ""
        optional = {
            "controllers": ",".join((settings and settings.controllers) or ()),
            "cidr-allocator-type": settings and settings.cidr_allocator_type,
            "concurrent-node-syncs": settings and settings.concurrent_node_syncs,
            "node-status-update-frequency": settings and settings.node_status_update_frequency,
        }
        return found | {key: str(value) for key, value in optional.items() if value}


def cloud_config(text: str, *, hidden: bool) -> Object:
    """The object that the controller mounts; hidden when there are credentials in it."""
    make = objects.secret if hidden else objects.config_map
    return make("kube-system", CONFIG, **{"cloud.conf": text})


def _digest(config: list[Object]) -> dict[str, str]:
    """So that another configuration means other pods; what is in a Secret is not known yet."""
    text = "".join(item["data"]["cloud.conf"] for item in config if item["kind"] == "ConfigMap")
    return {"kops.k8s.io/config-sha256": hashlib.sha256(text.encode()).hexdigest()} if text else {}


def _volume(config: Object) -> Object:
    name = config["metadata"]["name"]
    if config["kind"] == "Secret":
        return {"name": "config", "secret": {"secretName": name, "defaultMode": 0o444}}
    return {"name": "config", "configMap": {"name": name}}


def _flag(value: bool | None, default: bool) -> str:
    return str(default or bool(value) if value is None or default else value).lower()
