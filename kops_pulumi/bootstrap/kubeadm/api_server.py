"""The API server's command line and the files it sees: settings of the manifest over what every cluster gets.

kubeadm makes the flags for certificates, etcd, Services and the front proxy itself; here stands what the manifest says
and what hardens. A flag of the manifest replaces ours. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kops_pulumi.bootstrap import paths
from kops_pulumi.bootstrap.hardening import authentication
from kops_pulumi.bootstrap.kubeadm.components import API_SERVER
from kops_pulumi.bootstrap.kubeadm.flags import Arg, args, over
from kops_pulumi.bootstrap.kubeadm.volumes import Volume
from kops_pulumi.bootstrap.node import ControlPlane, EtcdNode, NodeConfig
from kops_pulumi.model import Role

_SINGLE_RESOURCES = {"events": "/events", "leases": "coordination.k8s.io/leases"}
"""Etcd clusters that hold one resource each."""
_FRONT_PROXY = "front-proxy-client"
"""Common name of the certificate that kubeadm makes for the front proxy."""
_SERVICE_ACCOUNT_KEY = f"{paths.PKI}/sa.pub"
_AWS_AUDIENCE = "amazonaws.com"
"""What AWS's identity service asks tokens of service accounts for, by kops's choice."""
_DEFAULT_AUDIENCE = "kubernetes.svc.default"
_SHOWN = {
    "audit-policy-file": paths.AUDIT_POLICY,
    "admission-control-config-file": paths.ADMISSION,
    "encryption-provider-config": paths.ENCRYPTION,
    "authentication-config": paths.AUTHENTICATION,
    "authentication-token-webhook-config-file": paths.TOKEN_WEBHOOK,
}
"""Files of our own by the flag that names them; their directories are shown to the pod, so that a new file is seen."""


def extra_args(node: NodeConfig, plane: ControlPlane, minor: int) -> list[Arg]:
    """Everything on the command line beyond kubeadm's own, sorted by name."""
    settings = plane.api_server
    return over(_ours(node, plane, minor), API_SERVER.args(settings, minor), _joined(node, plane))


def volumes(node: NodeConfig, given: Sequence[Arg]) -> list[Volume]:
    """What the pod sees of the machine beside kubeadm's own mounts and the files that flags name."""
    named = {arg["name"]: arg["value"] for arg in given}
    ours = {path.rpartition("/")[0] for name, path in _SHOWN.items() if named.get(name) == path}
    found = [Volume(path) for path in sorted(ours)]
    log = named.get("audit-log-path", "-")
    if log.startswith("/"):
        found.append(Volume(log.rpartition("/")[0], read_only=False, kind="DirectoryOrCreate"))
    if any(file.path.startswith(f"{paths.API_SERVER_FILES}/") for file in node.files):
        found.append(Volume(paths.API_SERVER_FILES))
    if node.role is Role.API_SERVER:  # it asks etcd members on other machines, by names of the hosts file
        found.append(Volume(paths.HOSTS, kind="File"))
    return found


def etcd_endpoints(node: NodeConfig, plane: ControlPlane) -> list[str]:
    """Where the main etcd cluster is: on this machine, or every member's host from machines without one."""
    theirs = plane.api_server.get("etcdServers")
    if theirs:
        return [str(url) for url in theirs]
    return [url for etcd in node.etcd if etcd.name == "main" for url in _urls(etcd)]


def _urls(etcd: EtcdNode) -> list[str]:
    hosts = ["127.0.0.1"] if etcd.here is not None else [member.host for member in etcd.members]
    return [f"https://{host}:{etcd.client_port}" for host in hosts]


def _ours(node: NodeConfig, plane: ControlPlane, minor: int) -> list[Arg]:
    """What no field of the manifest names, and files of our own."""
    names = {
        "audit-policy-file": True,
        "admission-control-config-file": True,
        "encryption-provider-config": plane.encrypt_secrets,
        "authentication-token-webhook-config-file": "aws" in plane.authentication,
    }
    flags = {
        "kubelet-certificate-authority": paths.CLUSTER_CA,  # kubelets' serving certificates are the cluster's own
        "service-account-extend-token-expiration": "false",  # CIS 1.2.30: a stolen token lives an hour, not a year
        **{name: _SHOWN[name] for name, wanted in names.items() if wanted},
        **({"encryption-provider-config-automatic-reload": "true"} if plane.encrypt_secrets else {}),
    }
    return [arg for name, value in flags.items() for arg in args(name, [value])] + _anonymous(node, plane, minor)


def _anonymous(node: NodeConfig, plane: ControlPlane, minor: int) -> list[Arg]:
    """A document that confines it, else the flag (which may not stand beside such a document)."""
    if authentication.configuration(node, minor) is not None:
        return args("authentication-config", [paths.AUTHENTICATION])
    theirs = plane.api_server.get("authenticationConfigFile")
    unseen = args("authentication-config", [theirs]) if theirs else []
    return [*args("anonymous-auth", [bool(plane.api_server.get("anonymousAuth"))]), *unseen]


def _joined(node: NodeConfig, plane: ControlPlane) -> list[Arg]:
    """Flags that the manifest and we have a share in."""
    settings = plane.api_server
    plugins = _once(settings.get("enableAdmissionPlugins"), settings.get("appendAdmissionPlugins"))
    refused = set(settings.get("disableAdmissionPlugins") or ())
    issuer = plane.issuer or settings.get("serviceAccountIssuer")
    keys = settings.get("serviceAccountKeyFile")
    names = settings.get("requestheaderAllowedNames")
    return [
        *args("enable-admission-plugins", [sorted(set(plugins) - refused)] if plugins else []),
        *args("service-account-issuer", _once([issuer], settings.get("additionalServiceAccountIssuers"))),
        *args("service-account-jwks-uri", _once([settings.get("serviceAccountJWKSURI") or _jwks(issuer)])),
        *args("service-account-key-file", _once(keys, [_SERVICE_ACCOUNT_KEY]) if keys else []),
        *args("requestheader-allowed-names", [_once(names, [_FRONT_PROXY])] if names else []),
        *args("api-audiences", [_audiences(plane)]),
        *args("etcd-servers-overrides", _overrides(node, settings)),
    ]


def _jwks(issuer: Any) -> str | None:
    return f"{issuer}/openid/v1/jwks" if issuer else None


def _audiences(plane: ControlPlane) -> list[str]:
    discovery = plane.issuer_discovery
    aws = [_AWS_AUDIENCE] if discovery.get("enableAWSOIDCProvider") else []
    return _once(plane.api_server.get("apiAudiences") or [_DEFAULT_AUDIENCE], aws, discovery.get("additionalAudiences"))


def _overrides(node: NodeConfig, settings: Mapping[str, Any]) -> list[str]:
    """One comma list; the servers of a resource are divided by semicolons."""
    theirs = [str(text) for text in settings.get("etcdServersOverrides") or ()]
    taken = {text.partition("#")[0] for text in theirs}
    ours = [
        f"{_SINGLE_RESOURCES[etcd.name]}#{';'.join(_urls(etcd))}"
        for etcd in node.etcd
        if etcd.name in _SINGLE_RESOURCES and _SINGLE_RESOURCES[etcd.name] not in taken
    ]
    return [",".join([*theirs, *ours])] if theirs or ours else []


def _once(*lists: Iterable[Any] | None) -> list[str]:
    """Everything that is there, in order and once."""
    return list(dict.fromkeys(str(item) for items in lists for item in items or () if item))
