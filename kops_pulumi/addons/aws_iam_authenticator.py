"""AWS IAM authenticator: people log in to the API with their AWS identity; checking it needs no permission.

https://github.com/kubernetes-sigs/aws-iam-authenticator/tree/master/deploy. API servers ask the one beside them
(`bootstrap/kubeadm/webhook.py`); its certificate is made on the control plane from the cluster's authority, so that
nobody else can answer for it. Who is whom is said in a ConfigMap of the user's, in the one that EKS uses, or, with
`backendMode: CRD`, by objects that `identityMappings` makes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, chosen, kube_system
from kops_pulumi.addons.objects import allow, host_path, mount, obj

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_NAME = "aws-iam-authenticator"
_ACCOUNT = kube_system(_NAME)
_GROUP = "iamauthenticator.k8s.aws"
_STATE = "/var/aws-iam-authenticator"
"""Where it looks for its certificate: `bootstrap/files/steps/certificates.sh` puts it there."""
_CONFIG = "/etc/aws-iam-authenticator"
_DEFAULT_MODE = "MountedFile"
_CRD = "CRD"
_RULES = (
    allow("get list watch", "iamidentitymappings", _GROUP),
    allow("patch update", "iamidentitymappings/status", _GROUP),
    allow("create patch update", "events"),
    allow("get list watch", "configmaps"),
)


class AwsIamAuthenticator(BuiltIn):
    """`spec.authentication.aws`."""

    name = _NAME
    clouds = frozenset({"aws"})
    switch = "spec.authentication.aws"
    summary = "Logging in to the API with an AWS identity"

    def settings(self, full: FullSpec) -> Any:
        """Its part of the manifest."""
        authentication = full.cluster.spec.authentication
        return authentication.aws if authentication else None

    def wanted(self, full: FullSpec) -> bool:
        """When the manifest has the section."""
        return self.settings(full) is not None

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """One beside every API server, and the mappings."""
        pin, settings = self.pin(full), self.settings(full)
        image, images = chosen(pin, settings.image)
        modes = settings.backend_mode or _DEFAULT_MODE
        documents = [
            *(objects.read("iam-identity-mappings.yaml") if _CRD in modes.split(",") else []),
            objects.account(_ACCOUNT),
            *objects.cluster_role(_NAME, *_RULES, who=_ACCOUNT),
            objects.config_map("kube-system", f"{_NAME}-config", **{"config.yaml": _config(full, settings)}),
            objects.daemon_set("kube-system", _NAME, _pod(full, settings, image, modes)),
            *_mappings(settings, modes),
        ]
        return [self.manifest(full, pin, documents, images=images)]


def _config(full: FullSpec, settings: Any) -> str:
    """YAML that is JSON too."""
    return json.dumps({"clusterID": settings.cluster_id or full.cluster.metadata.name}, sort_keys=True)


def _pod(full: FullSpec, settings: Any, image: str, modes: str) -> Object:
    return {
        "serviceAccountName": _ACCOUNT.name,
        "hostNetwork": True,
        "dnsPolicy": "Default",
        "priorityClassName": pods.NODE_CRITICAL,
        "nodeSelector": dict(pods.ON_CONTROL_PLANES),
        "tolerations": list(pods.EARLY_TAINTS),
        "containers": [
            {
                "name": _NAME,
                "image": pods.mirrored(full, image),
                "args": [
                    "server",
                    f"--backend-mode={modes}",
                    f"--config={_CONFIG}/config.yaml",
                    "--address=127.0.0.1",
                    "--kubeconfig-pregenerated=true",
                    f"--state-dir={_STATE}",
                ],
                "livenessProbe": {
                    "httpGet": {"host": "127.0.0.1", "path": "/healthz", "port": 21362, "scheme": "HTTPS"},
                    "initialDelaySeconds": 30,
                },
                "resources": pods.resources(settings, cpu_request="10m", memory_request="20Mi"),
                # Its key is root's.
                "securityContext": {**pods.LOCKED, "runAsNonRoot": False, "runAsUser": 0, "runAsGroup": 0},
                "volumeMounts": [
                    mount("config", _CONFIG, readOnly=True),
                    mount("state", _STATE, readOnly=True),
                ],
            }
        ],
        "volumes": [
            {"name": "config", "configMap": {"name": f"{_NAME}-config"}},
            host_path("state", _STATE),
        ],
    }


def _mappings(settings: Any, modes: str) -> list[Object]:
    if _CRD not in modes.split(","):
        return []
    return [
        obj(
            f"{_GROUP}/v1alpha1",
            "IAMIdentityMapping",
            (mapping.arn or "").rpartition("/")[2].lower() or f"mapping-{index}",
            spec={"arn": mapping.arn, "username": mapping.username, "groups": list(mapping.groups or ())},
        )
        for index, mapping in enumerate(settings.identity_mappings or ())
    ]


ADDON = AwsIamAuthenticator()
