"""How the API server asks the AWS IAM Authenticator, which runs beside it on every control plane. Pure.

https://github.com/kubernetes-sigs/aws-iam-authenticator#5-set-up-the-api-server-to-talk-to-the-server
"""

from __future__ import annotations

from typing import Any

from kops_pulumi.bootstrap import paths

_ADDRESS = "https://127.0.0.1:21362/authenticate"


def configuration() -> dict[str, Any]:
    """The webhook's kubeconfig; the authenticator's serving certificate is signed by the cluster's authority."""
    name = "aws-iam-authenticator"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": _ADDRESS, "certificate-authority": paths.CLUSTER_CA}}],
        "users": [{"name": "kube-apiserver"}],
        "contexts": [{"name": "webhook", "context": {"cluster": name, "user": "kube-apiserver"}}],
        "current-context": "webhook",
    }
