"""Kubernetes objects as plain data: the few shapes that our own manifests are made of.

For add-ons whose projects publish no chart. This module must not know an add-on or a cloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from kops_pulumi.plugins import ServiceAccount

Object: TypeAlias = dict[str, Any]

_DATA = Path(__file__).parent / "data"
_RBAC = "rbac.authorization.k8s.io"
_NAME = "app.kubernetes.io/name"


def obj(api: str, kind: str, name: str, namespace: str | None = None, **body: Any) -> Object:
    """An object of any kind."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **body}


def config_map(namespace: str, name: str, **data: str) -> Object:
    """A ConfigMap; keys that are no Python names go in by `**{"cloud.conf": …}`."""
    return obj("v1", "ConfigMap", name, namespace, data=data)


def secret(namespace: str, name: str, **texts: str) -> Object:
    """A Secret of plain texts."""
    return obj("v1", "Secret", name, namespace, type="Opaque", stringData=texts)


def account(who: ServiceAccount, labels: Mapping[str, str] | None = None) -> Object:
    """A service account."""
    found = obj("v1", "ServiceAccount", who.name, who.namespace)
    return {**found, "metadata": {**found["metadata"], "labels": dict(labels)}} if labels else found


def allow(verbs: str, resources: str, group: str = "", *, names: Sequence[str] = ()) -> Object:
    """One rule of a role; verbs and resources are words with spaces between them."""
    rule: Object = {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
    return {**rule, "resourceNames": list(names)} if names else rule


def cluster_role(name: str, *rules: Object, who: ServiceAccount | None = None) -> list[Object]:
    """A cluster-wide role, and its binding to an account of the same or another name."""
    role = obj(f"{_RBAC}/v1", "ClusterRole", name, rules=list(rules))
    return [role, cluster_binding(name, name, who)] if who else [role]


def cluster_binding(name: str, role: str, who: ServiceAccount) -> Object:
    """Gives an account a cluster-wide role."""
    return obj(f"{_RBAC}/v1", "ClusterRoleBinding", name, roleRef=_ref("ClusterRole", role), subjects=[_subject(who)])


def role(namespace: str, name: str, *rules: Object, who: ServiceAccount) -> list[Object]:
    """A role in one namespace, and its binding."""
    return [
        obj(f"{_RBAC}/v1", "Role", name, namespace, rules=list(rules)),
        binding(namespace, name, name, who),
    ]


def binding(namespace: str, name: str, of: str, who: ServiceAccount) -> Object:
    """Gives an account a role of one namespace."""
    body = {"roleRef": _ref("Role", of), "subjects": [_subject(who)]}
    return obj(f"{_RBAC}/v1", "RoleBinding", name, namespace, **body)


def leases(namespace: str, name: str, who: ServiceAccount) -> list[Object]:
    """What electing a leader needs."""
    return role(
        namespace, name, allow("create delete get list patch update watch", "leases", "coordination.k8s.io"), who=who
    )


def deployment(
    namespace: str,
    name: str,
    pod: Mapping[str, Any],
    *,
    replicas: int = 1,
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """A Deployment of pods with one label, `app.kubernetes.io/name`."""
    spec = {"replicas": replicas, **_workload(name, pod, annotations)}
    return _labelled(obj("apps/v1", "Deployment", name, namespace, spec=spec), name)


def daemon_set(
    namespace: str,
    name: str,
    pod: Mapping[str, Any],
    *,
    annotations: Mapping[str, str] | None = None,
    unavailable: int | str = 1,
) -> Object:
    """A DaemonSet of pods with one label, replaced `unavailable` at a time."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable}}
    spec = {"updateStrategy": strategy, **_workload(name, pod, annotations)}
    return _labelled(obj("apps/v1", "DaemonSet", name, namespace, spec=spec), name)


def service(namespace: str, name: str, port: int, target: int | str, *, of: str | None = None, **more: Any) -> Object:
    """A Service in front of the pods of a Deployment (of the same name, unless `of` says)."""
    ports = [{"name": "main", "port": port, "targetPort": target, "protocol": "TCP"}]
    return obj("v1", "Service", name, namespace, spec={"selector": {_NAME: of or name}, "ports": ports, **more})


def host_path(name: str, path: str, kind: str = "Directory") -> Object:
    """A volume of the machine's own file system."""
    return {"name": name, "hostPath": {"path": path, "type": kind}}


def mount(name: str, path: str, **more: Any) -> Object:
    """A volume's place in a container."""
    return {"name": name, "mountPath": path, **more}


def env(**values: str) -> list[Object]:
    """Environment variables, sorted."""
    return [{"name": name, "value": value} for name, value in sorted(values.items())]


def field_env(name: str, path: str) -> Object:
    """An environment variable from a field of the pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def read(name: str) -> list[Object]:
    """The objects of a file of ours below `data/`."""
    return list(yaml.safe_load_all((_DATA / name).read_text(encoding="utf-8")))


def _workload(name: str, pod: Mapping[str, Any], annotations: Mapping[str, str] | None) -> Object:
    metadata: Object = {"labels": {_NAME: name}}
    if annotations:
        metadata["annotations"] = dict(sorted(annotations.items()))
    return {
        "selector": {"matchLabels": {_NAME: name}},
        "template": {"metadata": metadata, "spec": dict(pod)},
    }


def _labelled(workload: Object, name: str) -> Object:
    return {**workload, "metadata": {**workload["metadata"], "labels": {_NAME: name}}}


def _ref(kind: str, name: str) -> Object:
    return {"apiGroup": _RBAC, "kind": kind, "name": name}


def _subject(who: ServiceAccount) -> Object:
    return {"kind": "ServiceAccount", "name": who.name, "namespace": who.namespace}
