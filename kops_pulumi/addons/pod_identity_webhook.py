"""Pod identity webhook: gives pods the tokens and settings with which they take their service account's cloud role.

https://github.com/aws/amazon-eks-pod-identity-webhook (deploy/ and docs of the ConfigMap): there is no chart of the
project's own. Built-in add-ons do not need it, for they must not wait for it (`pods.py`). Roles of the manifest's
serviceAccountExternalPermissions are told to it in a ConfigMap, so that those accounts need no annotation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kops_pulumi.addons import objects, pods
from kops_pulumi.addons.base import BuiltIn, kube_system
from kops_pulumi.addons.objects import allow, mount, obj
from kops_pulumi.errors import Finding, Severity
from kops_pulumi.model import Late

if TYPE_CHECKING:
    from kops_pulumi.addons.objects import Object
    from kops_pulumi.model import Delivery
    from kops_pulumi.resolve.full import FullSpec

_NAME = "pod-identity-webhook"
_NAMESPACE = "kube-system"
_ACCOUNT = kube_system(_NAME)
_CERTIFICATE = f"{_NAME}-cert"
_AUDIENCE = "amazonaws.com"
_PLACE = "/etc/webhook/certs"


class PodIdentityWebhook(BuiltIn):
    """`spec.podIdentityWebhook`."""

    name = _NAME
    clouds = frozenset({"aws"})
    section = ("pod_identity_webhook", "podIdentityWebhook")
    needs_cert_manager = True
    summary = "Cloud roles of service accounts for pods of your own"

    def checks(self, full: FullSpec) -> Iterable[Finding]:
        """The tokens are for the cloud, unless the user has registered the issuer by other means."""
        discovery = full.cluster.spec.service_account_issuer_discovery
        if discovery is None or not discovery.enable_aws_oidc_provider:
            hint = "set spec.serviceAccountIssuerDiscovery with enableAWSOIDCProvider: true"
            text = "the cloud does not trust this cluster's tokens, so they open nothing"
            yield replace(self.finding(text, "enabled", hint=hint), severity=Severity.WARNING)

    def deliveries(self, full: FullSpec) -> Sequence[Delivery]:
        """The webhook, its certificate from cert-manager, and the roles that the manifest gives."""
        pin, settings = self.pin(full), self.settings(full)
        rules = (
            allow("get list watch", "serviceaccounts"),
            allow("get list watch", "configmaps"),
        )
        documents = [
            objects.account(_ACCOUNT),
            *objects.cluster_role(_NAME, *rules, who=_ACCOUNT),
            objects.config_map(_NAMESPACE, _NAME, config=_roles(full)),
            obj("cert-manager.io/v1", "Issuer", _NAME, _NAMESPACE, spec={"selfSigned": {}}),
            obj("cert-manager.io/v1", "Certificate", _NAME, _NAMESPACE, spec=_certificate()),
            objects.deployment(
                _NAMESPACE, _NAME, _pod(full, pods.mirrored(full, pin.image)), replicas=settings.replicas or 2
            ),
            objects.service(_NAMESPACE, _NAME, 443, 8443),
            _webhook(),
        ]
        return [self.manifest(full, pin, documents, after=("cert-manager",))]


def _roles(full: FullSpec) -> str:
    """Roles by `<namespace>/<account>`; a pattern names no account, so those need their annotation."""
    iam = full.cluster.spec.iam
    found = {
        f"{entry.namespace}/{entry.name}": {
            "Audience": _AUDIENCE,
            "RoleARN": str(Late(f"role.{entry.namespace}/{entry.name}")),
            "TokenExpiration": 0,
            "UseRegionalSTS": True,
        }
        for entry in (iam and iam.service_account_external_permissions) or ()
        if "*" not in f"{entry.namespace}{entry.name}"
    }
    return json.dumps(found, separators=(",", ":"), sort_keys=True)


def _certificate() -> Object:
    names = [f"{_NAME}.{_NAMESPACE}.svc", f"{_NAME}.{_NAMESPACE}.svc.cluster.local"]
    issuer = {"kind": "Issuer", "name": _NAME}
    return {"secretName": _CERTIFICATE, "dnsNames": names, "issuerRef": issuer, "commonName": names[0]}


def _pod(full: FullSpec, image: str) -> Object:
    return {
        "serviceAccountName": _ACCOUNT.name,
        "priorityClassName": pods.CLUSTER_CRITICAL,
        "nodeSelector": dict(pods.ON_CONTROL_PLANES),
        "tolerations": list(pods.CONTROL_PLANE_TAINTS),
        "containers": [
            {
                "name": "webhook",
                "image": image,
                "command": ["/webhook"],
                "args": [
                    "--in-cluster=false",
                    f"--namespace={_NAMESPACE}",
                    f"--service-name={_NAME}",
                    "--annotation-prefix=eks.amazonaws.com",
                    f"--token-audience={_AUDIENCE}",
                    f"--aws-default-region={full.region}",
                    "--sts-regional-endpoint=true",
                    "--watch-config-map=true",
                    "--port=8443",
                    "--logtostderr",
                ],
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
                "securityContext": pods.LOCKED,
                "volumeMounts": [mount("certificate", _PLACE, readOnly=True)],
            }
        ],
        "volumes": [{"name": "certificate", "secret": {"secretName": _CERTIFICATE, "defaultMode": 0o444}}],
    }


def _webhook() -> Object:
    """Pods start without it when it does not answer: only what needs a cloud role is worse off then."""
    found = obj(
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
        _NAME,
        webhooks=[
            {
                "name": f"{_NAME}.amazonaws.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Ignore",
                "timeoutSeconds": 5,
                "clientConfig": {"service": {"name": _NAME, "namespace": _NAMESPACE, "path": "/mutate"}},
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                        "scope": "Namespaced",
                    }
                ],
            }
        ],
    )
    annotations = {"cert-manager.io/inject-ca-from": f"{_NAMESPACE}/{_NAME}"}
    return {**found, "metadata": {**found["metadata"], "annotations": annotations}}


ADDON = PodIdentityWebhook()
