"""What the tls and random packages would answer to a recorded program: well-formed things that nobody can use."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from kops_pulumi.testing.answers import Answers, Table, fingerprint


def public_key(seed: str) -> str:
    """A well-formed RSA key that belongs to nobody: programs take public keys apart."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    digits = "".join(fingerprint(seed, str(part)) for part in range(8))
    modulus = int(digits, 16) | 1 | 1 << 2047
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return rsa.RSAPublicNumbers(65537, modulus).public_key().public_bytes(serialization.Encoding.PEM, form).decode()


_COMPUTED: Mapping[str, Callable[[str, str], Mapping[str, Any]]] = {
    "tls:index/privateKey:PrivateKey": lambda id_, seed: {
        "privateKeyPem": f"-----BEGIN PRIVATE KEY-----\n{id_}\n",
        "publicKeyPem": public_key(seed),
    },
    "random:index/randomBytes:RandomBytes": lambda _, seed: {
        "base64": base64.b64encode(bytes.fromhex(seed)).decode(),
        "hex": seed,
    },
    "random:index/randomPassword:RandomPassword": lambda _, seed: {"result": seed[:22]},
    "tls:index/certRequest:CertRequest": lambda id_, _: {
        "certRequestPem": f"-----BEGIN CERTIFICATE REQUEST-----\n{id_}\n"
    },
    "tls:index/locallySignedCert:LocallySignedCert": lambda id_, _: {
        "certPem": f"-----BEGIN CERTIFICATE-----\n{id_}\n"
    },
    "tls:index/selfSignedCert:SelfSignedCert": lambda id_, _: {"certPem": f"-----BEGIN CERTIFICATE-----\n{id_}\n"},
}
"""Computed outputs by type, from the id and the fingerprint."""


def _resource(_: Answers, type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    id_ = str(inputs.get("name") or name)
    computed = _COMPUTED.get(type_)
    return id_, computed(id_, fingerprint(type_, name)) if computed else {}


TABLE = Table(_resource)
