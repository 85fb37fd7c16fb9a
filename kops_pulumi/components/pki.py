"""What is made once and kept: authorities, key pairs and random keys, as resources in encrypted state (decision 11).

The providers are pulumi-tls and pulumi-random, on every cloud. Every generation of a keyset has resources of its own,
named after it, so that a rotation touches no other key. What is trusted refuses to be deleted (`handles.protect`), for
a lost key cannot be made again, and nothing is renewed behind the operator's back: rotation is a command.

https://www.pulumi.com/registry/packages/tls/api-docs/privatekey/, ../selfsignedcert/ and
https://www.pulumi.com/registry/packages/random/api-docs/randombytes/.
"""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_random as random
import pulumi_tls as tls

from kops_pulumi.components.handles import Handles, PkiHandles
from kops_pulumi.model import Certificate, CertificateKind, ClusterPlan, Generation, Trust
from kops_pulumi.plan.names import logical

VALIDITY_HOURS = 10 * 365 * 24
"""Ten years, as kubeadm's and kops's authorities."""
SECRET_KEY_BYTES = 32
"""What secretbox needs (https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/#providers)."""
PRIVATE = ("privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8")
"""Outputs of a private key that nobody may see."""
_USES = ("cert_signing", "crl_signing", "digital_signature", "key_encipherment")
_CURVE = "P256"
_RSA_BITS = 2048
"""Tokens of service accounts are signed with RSA (RS256), which every consumer of an OIDC issuer takes."""


class Pki(pulumi.ComponentResource):
    """The keysets of the plan; private keys are secret wherever they go."""

    handles: PkiHandles

    def __init__(
        self, name: str, plan: ClusterPlan, handles: Handles, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kops:index:Pki", name, None, opts)
        self._name, self._protect = name, handles.protect
        self._trusted: dict[str, pulumi.Output[str]] = {}
        self._private: dict[str, pulumi.Output[str]] = {}
        self._signers: dict[str, pulumi.Output[str]] = {}
        self._random: dict[str, dict[str, pulumi.Output[str]]] = {}
        for keyset in plan.certificates:
            match keyset.kind:
                case CertificateKind.AUTHORITY:
                    self._authority(keyset)
                case CertificateKind.KEY_PAIR:
                    self._key_pair(keyset)
                case CertificateKind.SECRET_KEY:
                    self._secret_key(keyset)
        self.handles = PkiHandles(self._trusted, self._private, self._signers, self._random)
        self.register_outputs({"certificates": dict(self._trusted)})

    def _authority(self, keyset: Certificate) -> None:
        keys = {item.id: self._key(keyset, item, algorithm="ECDSA") for item in keyset.generations}
        certificates = {item.id: self._certificate(keyset, item, keys[item.id]).cert_pem for item in keyset.generations}
        self._trusted[keyset.key] = joined(certificates[item.id] for item in keyset.trusted)
        self._signers[keyset.key] = certificates[keyset.primary.id]
        self._private[keyset.key] = pulumi.Output.secret(keys[keyset.primary.id].private_key_pem)

    def _key_pair(self, keyset: Certificate) -> None:
        keys = {item.id: self._key(keyset, item, algorithm="RSA") for item in keyset.generations}
        self._trusted[keyset.key] = joined(keys[item.id].public_key_pem for item in keyset.trusted)
        self._private[keyset.key] = pulumi.Output.secret(keys[keyset.primary.id].private_key_pem)

    def _secret_key(self, keyset: Certificate) -> None:
        made = {
            item.id: random.RandomBytes(
                self._called(keyset, item),
                length=SECRET_KEY_BYTES,
                opts=pulumi.ResourceOptions.merge(
                    self._child(item), pulumi.ResourceOptions(additional_secret_outputs=["base64", "hex"])
                ),
            )
            for item in keyset.generations
        }
        self._random[keyset.key] = {item.id: pulumi.Output.secret(made[item.id].base64) for item in keyset.trusted}

    def _key(self, keyset: Certificate, item: Generation, *, algorithm: str) -> tls.PrivateKey:
        secret = pulumi.ResourceOptions(additional_secret_outputs=list(PRIVATE))
        return tls.PrivateKey(
            self._called(keyset, item),
            algorithm=algorithm,
            ecdsa_curve=_CURVE if algorithm == "ECDSA" else None,
            rsa_bits=_RSA_BITS if algorithm == "RSA" else None,
            opts=pulumi.ResourceOptions.merge(self._child(item), secret),
        )

    def _certificate(self, keyset: Certificate, item: Generation, key: tls.PrivateKey) -> tls.SelfSignedCert:
        return tls.SelfSignedCert(
            self._called(keyset, item),
            private_key_pem=key.private_key_pem,
            subject=tls.SelfSignedCertSubjectArgs(common_name=keyset.common_name),
            is_ca_certificate=True,
            set_subject_key_id=True,
            allowed_uses=list(_USES),
            validity_period_hours=VALIDITY_HOURS,
            early_renewal_hours=0,
            opts=self._child(item),
        )

    def _called(self, keyset: Certificate, item: Generation) -> str:
        return logical(self._name, keyset.key, item.id)

    def _child(self, item: Generation) -> pulumi.ResourceOptions:
        """A distrusted generation may go when its document drops it; the others must not."""
        return pulumi.ResourceOptions(parent=self, protect=self._protect and item.trust is not Trust.DISTRUSTED)


def joined(texts: Iterable[pulumi.Output[str]]) -> pulumi.Output[str]:
    """PEM blocks one after the other."""
    parts = list(texts)
    return parts[0] if len(parts) == 1 else pulumi.Output.concat(*parts)
