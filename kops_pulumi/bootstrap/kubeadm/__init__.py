"""What kubeadm is told on each machine, and the files that the flags of its pods name.

    flags, components   from fields of the manifest to command lines: tables
    api_server, controllers, proxy   the components
    volumes             what their pods see of the machine
    patches             what kubeadm's documents have no place for
    documents           ClusterConfiguration, InitConfiguration, JoinConfiguration

One renderer of the bundle, and findings about settings that a Kubernetes version does not know. Why phases with an
external etcd: docs/adr/0014. Pure; the scripts of `files/` run kubeadm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kops_pulumi.bootstrap import paths
from kops_pulumi.bootstrap.hardening import admission, audit, authentication
from kops_pulumi.bootstrap.kubeadm import controllers, dns, documents, proxy, webhook
from kops_pulumi.bootstrap.kubeadm.components import API_SERVER, CONTROLLER_MANAGER, SCHEDULER
from kops_pulumi.bootstrap.kubeadm.flags import value_of
from kops_pulumi.bootstrap.kubeadm.patches import patches
from kops_pulumi.bootstrap.node import BundleFile, ControlPlane, NodeConfig
from kops_pulumi.errors import Finding, Severity
from kops_pulumi.manifest import dump, dump_all
from kops_pulumi.model import Role

__all__ = ["files", "findings", "init_documents", "join_documents"]

_HOME = f"{paths.CURRENT}/kubeadm"
_PRIVATE = 0o600
"""Nothing here is secret, but CIS 1.1 wants what lies in /etc/kubernetes closed."""


def files(node: NodeConfig) -> Mapping[str, BundleFile]:
    """kubeadm's documents and patches, and the files that flags name, by path; empty for bastions."""
    if node.role is Role.BASTION:
        return {}
    plane = node.control_plane
    texts = {f"{_HOME}/patches/{name}": text for name, text in patches(node).items()}
    if node.role is not Role.CONTROL_PLANE:  # a machine with an API server only is a node like any worker
        texts[f"{_HOME}/join.yaml"] = dump_all(join_documents(node))
    if plane is not None:
        texts[f"{_HOME}/init.yaml"] = _with_list_mark(dump_all(init_documents(node)))
        texts |= {path: dump(document) for path, document in _named(node, plane).items()}
        names = dns.config_map(plane, node.network) if node.role is Role.CONTROL_PLANE else None
        texts |= {f"{_HOME}/coredns.yaml": dump(names)} if names else {}
    return {path: BundleFile.text(texts[path], _PRIVATE) for path in sorted(texts)}


def init_documents(node: NodeConfig) -> list[dict[str, Any]]:
    """The documents of a machine with an API server, in the order of their file."""
    plane = node.control_plane
    if plane is None:
        raise ValueError(f"machines of group {node.group} run no API server")
    found = [documents.init_configuration(node, plane), documents.cluster_configuration(node, plane)]
    return [*found, proxy.configuration(plane, node.network)] if documents.proxied(node, plane) else found


def join_documents(node: NodeConfig) -> list[dict[str, Any]]:
    """The documents of a worker."""
    return [documents.join_configuration(node)]


def findings(node: NodeConfig) -> Iterator[Finding]:
    """Settings without effect in this Kubernetes version, and files that would have to be seen."""
    plane = node.control_plane
    if plane is None:
        return
    minor = documents.minor_of(node)
    yield from API_SERVER.findings(plane.api_server, minor)
    yield from CONTROLLER_MANAGER.findings(plane.controller_manager, minor)
    yield from SCHEDULER.findings(plane.scheduler, minor)
    yield from _remarks(node, plane)
    yield from proxy.findings(plane)
    yield from authentication.findings(node)


def _remarks(node: NodeConfig, plane: ControlPlane) -> Iterator[Finding]:
    """What is taken to mean something else than its user may think."""
    settings = plane.api_server
    if settings.get("securePort") not in (None, node.api.port):
        message = f"the API is served on {node.api.port}, which firewalls and load balancers expect"
        yield Finding(("spec", "kubeAPIServer", "securePort"), message, "remove it", Severity.WARNING)
    if settings.get("admissionControlConfigFile"):
        path, message = ("spec", "kubeAPIServer", "admissionControlConfigFile"), "this replaces our configuration"
        hint = "let it say what PodSecurity enforces, and the limits of EventRateLimit"
        yield Finding(path, message, hint, Severity.WARNING)
    if "kopeio" in plane.authentication:
        message = "there is no kopeio authenticator any more: it is not installed"
        yield Finding(
            ("spec", "authentication", "kopeio"), message, "use OIDC, or authentication.aws", Severity.WARNING
        )


def _named(node: NodeConfig, plane: ControlPlane) -> dict[str, dict[str, Any]]:
    """Our own files that flags name, by path; a file of the manifest in their place leaves ours out."""
    given = documents.cluster_configuration(node, plane)["apiServer"]["extraArgs"]
    candidates = {
        "audit-policy-file": (paths.AUDIT_POLICY, audit.policy()),
        "admission-control-config-file": (paths.ADMISSION, admission.configuration()),
        "authentication-config": (paths.AUTHENTICATION, authentication.configuration(node, documents.minor_of(node))),
        "authentication-token-webhook-config-file": (paths.TOKEN_WEBHOOK, webhook.configuration()),
    }
    found = {path: data for flag, (path, data) in candidates.items() if data and value_of(given, flag) == path}
    return found | {paths.SCHEDULER: controllers.scheduler_configuration(plane)}


def _with_list_mark(text: str) -> str:
    """The mark of further names stands for list items, so it is none itself."""
    return text.replace(f'- "{documents.LATE_SANS}"', documents.LATE_SANS).replace(
        f"- '{documents.LATE_SANS}'", documents.LATE_SANS
    )
