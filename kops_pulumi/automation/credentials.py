"""Credentials for people: a client certificate that lives for hours, signed here with the authority of a stack's state.

The new key and certificate exist in memory and in the file that the caller writes; they are in no state. The key of the
authority is read for the moment of signing. This module must not write files, print, or keep anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kops_pulumi.errors import NotFoundError

if TYPE_CHECKING:
    from cryptography import x509

ORGANIZATION = "system:masters"
"""The group that may do everything, whatever the cluster's roles say, so that a broken RBAC can be mended.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles"""
DEFAULT_LIFE = timedelta(hours=18)
LONGEST_LIFE = timedelta(hours=24)
"""A certificate cannot be called back: it is good for as long as it says."""
_SKEW = timedelta(minutes=5)
"""Other machines' clocks may be behind."""
_KEY_TYPE = "tls:index/privateKey:PrivateKey"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority that can sign; PEM."""

    certificate: str
    private_key: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client certificate and its key; PEM."""

    user: str
    certificate: str
    private_key: str
    until: datetime


def authority(bundle: str, resources: Iterable[Mapping[str, Any]]) -> Authority:
    """The authority whose certificate comes first in a bundle, with its key from a state whose secrets are shown.

    Raises NotFoundError when the state does not have the key.
    """
    from cryptography import x509

    first = x509.load_pem_x509_certificates(bundle.encode())[0]
    public = _public_pem(first)
    for resource in resources:
        outputs = resource.get("outputs") or {}
        if resource.get("type") == _KEY_TYPE and str(outputs.get("publicKeyPem", "")).strip() == public:
            return Authority(_certificate_pem(first), shown(outputs["privateKeyPem"]))
    raise NotFoundError(
        "the stack has no key for the cluster's authority", hint="run `kops-pulumi update cluster --yes` first"
    )


def issue(signer: Authority, *, life: timedelta, now: datetime, user: str | None = None) -> Credentials:
    """A fresh key and a client certificate for it; its name is unique, so that audit logs tell holders apart."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    name = f"{user or 'admin'}-{secrets.token_hex(4)}"
    issuer = x509.load_pem_x509_certificate(signer.certificate.encode())
    signing = serialization.load_pem_private_key(signer.private_key.encode(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
        x509.NameAttribute(NameOID.COMMON_NAME, name),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(min(now + life, issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)  # type: ignore[arg-type]
        .sign(signing, hashes.SHA256())  # type: ignore[arg-type]
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Credentials(name, _certificate_pem(certificate), private.decode(), certificate.not_valid_after_utc)


def shown(value: Any) -> str:
    """A secret value of a state that was exported with secrets shown: its plain text is JSON."""
    if isinstance(value, Mapping) and "plaintext" in value:
        import json

        return str(json.loads(value["plaintext"]))
    return str(value)


def now() -> datetime:
    """The present time, to the second, as certificates have it."""
    return datetime.now(UTC).replace(microsecond=0)


def _signing_only() -> x509.KeyUsage:
    from cryptography import x509

    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign")
    flags = dict.fromkeys((*others, "crl_sign", "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=True, **flags)


def _certificate_pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _public_pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode().strip()
