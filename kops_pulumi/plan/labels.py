"""Which labels a node may give itself, and which a control plane must give it.

A kubelet may not claim what the cluster trusts: NodeRestriction and the kubelet itself refuse most labels in
Kubernetes's own namespaces (`kops.k8s.io/instancegroup`, `node-role.kubernetes.io/…`). For those the store has a file
for each group, and a control plane asks the cloud which group a machine is of (`kops-labels`). Pure.

https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
"""

from __future__ import annotations

from collections.abc import Mapping

_ALLOWED = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/arch",
        "kubernetes.io/os",
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)
_ALLOWED_NAMESPACES = ("kubelet.kubernetes.io", "node.kubernetes.io")
_RESERVED = ("kubernetes.io", "k8s.io")


def own(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that a kubelet may set on itself."""
    return {key: value for key, value in labels.items() if _may_set(key)}


def given(labels: Mapping[str, str]) -> dict[str, str]:
    """The others: a control plane sets them."""
    return {key: value for key, value in labels.items() if not _may_set(key)}


def _may_set(label: str) -> bool:
    namespace, slash, _ = label.partition("/")
    reserved = bool(slash) and _within(namespace, _RESERVED)
    return not reserved or label in _ALLOWED or _within(namespace, _ALLOWED_NAMESPACES)


def _within(namespace: str, names: tuple[str, ...]) -> bool:
    return any(namespace == name or namespace.endswith(f".{name}") for name in names)
