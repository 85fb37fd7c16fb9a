"""Real authorities and certificates for tests, made with cryptography and checked as a TLS peer checks them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Authority:
    """An authority with its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(_PEM).decode()

    @property
    def key_pem(self) -> str:
        none = serialization.NoEncryption()
        return self.key.private_bytes(_PEM, serialization.PrivateFormat.TraditionalOpenSSL, none).decode()

    @property
    def public_pem(self) -> str:
        return self.key.public_key().public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def authority(name: str) -> Authority:
    """A self-signed authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def key_in_state(item: Authority) -> dict[str, Any]:
    """The authority's key as `pulumi stack export --show-secrets` prints it."""
    secret = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "plaintext": json.dumps(item.key_pem),
    }
    outputs = {"publicKeyPem": item.public_pem, "privateKeyPem": secret}
    return {"type": "tls:index/privateKey:PrivateKey", "outputs": outputs}


def verify(certificate: x509.Certificate, issuer: Authority) -> None:
    """Raises when the certificate is not from the issuer."""
    certificate.verify_directly_issued_by(issuer.certificate)
