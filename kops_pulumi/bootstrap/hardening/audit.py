"""The audit policy: who did what, without the contents of secrets and without the chatter of the system itself.

Rules are tried in order, the first that fits counts: https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/.
"""

from __future__ import annotations

from typing import Any

_READS = ["get", "list", "watch"]
_SECRET = [
    {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
    {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
]
"""Their bodies are, or may hold, credentials."""
_RIGHTS = [
    {"group": "rbac.authorization.k8s.io"},
    {"group": "certificates.k8s.io"},
    {"group": "admissionregistration.k8s.io"},
    {"group": "", "resources": ["serviceaccounts", "pods/exec", "pods/attach", "pods/portforward", "pods/proxy"]},
]
"""Changes here decide who may do what: their bodies are worth keeping."""


def policy() -> dict[str, Any]:
    """The Policy document."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "omitManagedFields": True,
        "rules": [
            {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version", "/metrics"]},
            {"level": "None", "verbs": _READS, "users": ["system:kube-proxy"]},
            {"level": "None", "resources": [{"group": "", "resources": ["events"]}, {"group": "events.k8s.io"}]},
            # Heartbeats: many a second, and the same for ever.
            {
                "level": "None",
                "userGroups": ["system:nodes", "system:masters", "system:serviceaccounts:kube-system"],
                "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}],
            },
            {
                "level": "None",
                "users": ["system:kube-controller-manager", "system:kube-scheduler"],
                "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}],
            },
            {"level": "Metadata", "resources": _SECRET},
            {"level": "Metadata", "verbs": _READS},
            {"level": "Request", "resources": _RIGHTS},
            {"level": "Metadata"},
        ],
    }
