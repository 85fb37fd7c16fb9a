"""What is made once and kept: certificate authorities and key pairs, as resources in encrypted state (decision 11).

The provider is pulumi-tls, on every cloud. Leaf certificates are not made here: nodes make theirs from the
authorities that reach control planes by the secret channel. Authorities refuse to be deleted (`handles.protect`), for
a lost key cannot be made again, and are never renewed behind the operator's back: rotation is a command.

https://www.pulumi.com/registry/packages/tls/api-docs/privatekey/ and ../selfsignedcert/.
"""

from __future__ import annotations

import pulumi
import pulumi_tls as tls

from kops_pulumi.components.handles import Handles, PkiHandles
from kops_pulumi.model import Certificate, CertificateKind, ClusterPlan
from kops_pulumi.plan.names import logical

VALIDITY_HOURS = 10 * 365 * 24
"""Ten years, as kubeadm's and kops's authorities."""
_USES = ("cert_signing", "crl_signing", "digital_signature", "key_encipherment")
_CURVE = "P256"
_RSA_BITS = 2048
"""Tokens of service accounts are signed with RSA (RS256), which every consumer of an OIDC issuer takes."""


class Pki(pulumi.ComponentResource):
    """The authorities and key pairs of the plan; private keys are secret wherever they go."""

    handles: PkiHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:index:Pki", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self, protect=handles.protect)
        keys = {certificate.key: self._key(certificate) for certificate in plan.certificates}
        authorities = [item for item in plan.certificates if item.kind is CertificateKind.AUTHORITY]
        certificates = {item.key: self._authority(item, keys[item.key]).cert_pem for item in authorities}
        public = {key: made.public_key_pem for key, made in keys.items() if key not in certificates}
        self.handles = PkiHandles(
            certificates={**certificates, **public},
            private_keys={key: pulumi.Output.secret(made.private_key_pem) for key, made in keys.items()},
        )
        self.register_outputs({"certificates": certificates})

    def _key(self, certificate: Certificate) -> tls.PrivateKey:
        authority = certificate.kind is CertificateKind.AUTHORITY
        opts = pulumi.ResourceOptions(
            additional_secret_outputs=["privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8"]
        )
        return tls.PrivateKey(
            logical(self._name, certificate.key),
            algorithm="ECDSA" if authority else "RSA",
            ecdsa_curve=_CURVE if authority else None,
            rsa_bits=None if authority else _RSA_BITS,
            opts=pulumi.ResourceOptions.merge(self._child, opts),
        )

    def _authority(self, certificate: Certificate, key: tls.PrivateKey) -> tls.SelfSignedCert:
        return tls.SelfSignedCert(
            logical(self._name, certificate.key),
            private_key_pem=key.private_key_pem,
            subject=tls.SelfSignedCertSubjectArgs(common_name=certificate.common_name),
            is_ca_certificate=True,
            set_subject_key_id=True,
            allowed_uses=list(_USES),
            validity_period_hours=VALIDITY_HOURS,
            early_renewal_hours=0,
            opts=self._child,
        )
